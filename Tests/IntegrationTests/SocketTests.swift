import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

@Suite("The executor's socket", .timeLimit(.minutes(2)))
struct SocketTests {
    @Test("a broken message gets an error that says what was wrong, and the next one is served")
    func brokenMessages() async throws {
        try await withExecutor { executor in
            let broken: [(line: String, code: Int)] = [
                ("not json", -32700), ("[]", -32600), ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600),
                (#"{"id":1,"method":"ping"}"#, -32600), (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
                (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
                (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
                (#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
                (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600),
                (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32700),
                (String(repeating: "[", count: 40) + String(repeating: "]", count: 40), -32700),
                (#"{"jsonrpc":"2.0","id":1,"method":"frobnicate"}"#, -32601),
                (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#, -32602),
                (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"none"}}"#, -32602),
                (#"{"jsonrpc":"2.0","id":1,"method":"executor/explain","params":{}}"#, -32602),
                (#"{"jsonrpc":"2.0","id":1,"method":"executor/note","params":{"event":"A b"}}"#, -32602),
                (#"{"jsonrpc":"2.0","id":1,"method":"executor/audit/query"}"#, -32001),
                (
                    #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1999-01-01"}}}"#,
                    -32022
                ),
            ]
            let connection = try RawConnection(executor.agentSocket)
            for (line, code) in broken {
                connection.send(line)
                let answer = try #require(await connection.receive(), "closed after \(line)")
                #expect(answer["error"]?["code"]?.intValue == code, "\(line): \(answer.text)")
                #expect(answer["error"]?["message"]?.stringValue?.isEmpty == false)
            }
            connection.send(#"{"jsonrpc":"2.0","id":"x","method":"ping"}"#)
            #expect(await connection.receive()?["id"] == "x")
        }
    }

    @Test("a line that is too long closes the connection, and others are served")
    func tooLong() async throws {
        try await withExecutor { executor in
            let long = try RawConnection(executor.agentSocket)
            long.send([UInt8](repeating: UInt8(ascii: "a"), count: (1 << 20) + 4096))
            #expect(await long.receive()?["error"] != nil)
            #expect(await long.receive() == nil)
            let cut = try RawConnection(executor.agentSocket)
            cut.send(Array(#"{"jsonrpc":"2.0","id":1,"me"#.utf8))
            cut.closeWriting()
            _ = await cut.receive()
            let next = try executor.client()
            #expect(try await next.status()["version"]?.stringValue == programVersion)
        }
    }

    @Test("a client that closes only its writing half still gets its answers")
    func halfClosed() async throws {
        try await withExecutor { executor in
            let connection = try RawConnection(executor.agentSocket)
            connection.send(
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run_command","arguments":{"command":"/bin/sleep 1"}}}"#
            )
            connection.closeWriting()
            #expect(await connection.receive()?["result"]?["isError"] == false)
        }
    }

    @Test("the tools are listed in a fixed order, with schemas and annotations; discovery names both revisions")
    func lists() async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            let tools = try await client.tools()
            #expect(tools.map(\.name) == ToolName.allCases.map(\.rawValue).sorted())
            for tool in tools {
                #expect(tool.inputSchema["type"] == "object" && tool.inputSchema["additionalProperties"] == false)
                #expect(!tool.description.isEmpty && tool.json["outputSchema"]?["type"] == "object")
            }
            #expect(tools.filter { !$0.readOnly }.map(\.name) == ["docker_restart", "restart_service", "run_command"])
            let found = try await client.request(.discover)
            #expect(found["supportedVersions"]?.arrayValue == ["2026-07-28", "2025-11-25"])
        }
    }

    @Test(
        "a handshake is answered in the client's revision where it is known, else in the newest that has one",
        arguments: [
            ("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("2024-11-05", "2024-11-05"),
            ("2025-03-26", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("1.0", "2025-11-25"),
        ])
    func handshakes(_ asked: String, _ answered: String) async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            let hello = try await client.request(.initialize, ["protocolVersion": .string(asked)])
            #expect(hello["protocolVersion"]?.stringValue == answered)
            let error = await #expect(throws: RPCError.self) { try await client.request(.initialize) }
            #expect(error?.code == -32602)
        }
    }

    @Test("an id may be used again as soon as its answer is here")
    func sameID() async throws {
        try await withExecutor { executor in
            let connection = try RawConnection(executor.agentSocket)
            for _ in 0..<500 {
                connection.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
                let answer = try #require(await connection.receive())
                #expect(answer["error"] == nil, "\(answer.text)")
            }
        }
    }

    @Test("who may say what follows from the socket it comes by")
    func roles() async throws {
        try await withExecutor { executor in
            let agent = try executor.client()
            for method in [
                ExecutorMethod.approvalsList, .approvalsApprove, .approvalsDeny, .approvalsGrant, .approvalsGrants,
                .approvalsRevoke, .auditQuery, .auditVerify, .totpEnroll,
            ] {
                await #expect(throws: RPCError.self) { try await agent.request(method, ["id": "x"]) }
            }
            let admin = try executor.operatorClient()
            await #expect(throws: RPCError.self) { try await admin.note("hello", detail: [:]) }
            try await agent.note("stranger_refused", detail: ["user_id": 7], actor: Actor(userID: "7"))
            let notes = try await executor.audit("note")
            #expect(notes.last?["tool"] == "stranger_refused" && notes.last?["actor"]?["user_id"] == "7")
            #expect(notes.last?["peer"]?["pid"]?.intValue == Int(getpid()))
        }
    }

    @Test("more connections than the limit are told so; when one leaves, another is served")
    func manyConnections() async throws {
        try await withExecutor { executor in
            var open: [RawConnection] = []
            for number in 0..<WireLimits.connections {
                let connection = try RawConnection(executor.agentSocket)
                connection.send(#"{"jsonrpc":"2.0","id":\#(number),"method":"ping"}"#)
                #expect(await connection.receive()?["result"] != nil)
                open.append(connection)
            }
            let refused = try RawConnection(executor.agentSocket)
            #expect(await refused.receive()?["error"]?["code"]?.intValue == -32000)
            // The operator is never shut out by the agent.
            #expect(try await executor.operatorClient().status()["pid"] != nil)
        }
    }
}
