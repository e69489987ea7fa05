import ExecutorAPI
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

/// One half upgraded and the other not: each pair works, or says which half is the older.
@Suite("Halves of two versions", .serialized, .timeLimit(.minutes(2)))
struct OtherVersionTests {
    private static func ask(
        _ text: String, _ executor: ScriptedExecutor
    ) async throws -> (status: Int32, output: String, error: String) {
        try await Program.run(
            "devops-agent", ["chat", "--once", text, "--state-dir", executor.directory + "/agent"],
            environment: ["EXECUTOR_SOCKET": executor.socket])
    }

    private static func doctor(_ executor: ScriptedExecutor) async throws -> String {
        try ExecutorFixture.write("", to: executor.directory + "/agent.env")
        return try await Program.run(
            "devops-agent", ["doctor", "--env-file", executor.directory + "/agent.env"],
            environment: ["EXECUTOR_SOCKET": executor.socket]
        ).output
    }

    // MARK: Another executor

    @Test("an executor that has none of the agent's revisions: the answer says so, and doctor what to install")
    func otherRevision() async throws {
        try await withScriptedExecutor { method, params in
            guard method != "initialize" else {
                return .success(["protocolVersion": "2024-11-05", "capabilities": [:], "serverInfo": [:]])
            }
            return .failure(RPCError(code: -32022, message: "This executor speaks 2024-11-05."))
        } _: { executor in
            let (status, output, _) = try await Self.ask("сколько места на диске?", executor)
            #expect(status == 1)
            for words in [programVersion, "This executor speaks 2024-11-05.", "devops-agent doctor"] {
                #expect(output.contains(words), "\(output)")
            }
            let doctor = try await Self.doctor(executor)
            #expect(doctor.contains("❌ executor: ") && doctor.contains("This executor speaks 2024-11-05."), "\(doctor)")
            #expect(doctor.contains("→ Install one version of both"), "\(doctor)")
        }
    }

    @Test("an older executor without newer methods, tools and members: what it has works, what it lacks is said")
    func olderExecutor() async throws {
        try await withScriptedExecutor { method, params in
            switch (method, params["name"]?.stringValue) {
            case ("executor/status", _): .success(["version": "0.0.9", "policy": ["rules": 3]])
            case ("tools/list", _):
                .success(["tools": [["name": "system_health", "inputSchema": ["type": "object"]]]])
            case ("tools/call", "system_health"):
                .success([
                    "content": [],
                    "structuredContent": ["success": true, "output": "Disk / 42 % used", "metadata": [:]],
                ])
            case ("tools/call", let name):
                .failure(.invalidParams("There is no tool \"\(name ?? "")\" here; see tools/list."))
            default: .failure(.methodNotFound("This executor has no \"\(method)\"; see server/discover."))
            }
        } _: { executor in
            let health = try await Self.ask("/health", executor)
            #expect(health.status == 0 && health.output.contains("42 %"), "\(health.output)")
            let (_, output, _) = try await Self.ask("что в логах nginx?", executor)
            #expect(output.contains("there is no tool of this name"), "\(output)")
            #expect(!output.contains("недоступен"), "the executor answers: \(output)")
            let doctor = try await Self.doctor(executor)
            #expect(
                doctor.contains("⚠️ executor: The executor is version 0.0.9, older than the agent's \(programVersion)."),
                "\(doctor)")
            #expect(doctor.contains("→ Install devops-agent \(programVersion), and: systemctl restart devops-executor"))
            for check in ["sandbox", "audit log", "journal", "docker"] {
                #expect(doctor.contains("– \(check): The executor does not say"), "\(check): \(doctor)")
            }
        }
    }

    @Test("a newer executor with members, states and tools the agent has never heard of: they are passed over")
    func newerExecutor() async throws {
        try await withScriptedExecutor { method, params in
            switch method {
            case "executor/status": .success(["version": "9.10.0", "resultType": "complete", "telepathy": true])
            case "tools/list":
                .success([
                    "resultType": "complete", "nextPage": [1, 2],
                    "tools": [
                        ["name": "system_health", "inputSchema": ["type": "object"], "icons": [["src": "x"]]],
                        ["name": "read_minds", "inputSchema": ["type": "object"], "annotations": ["hint": "new"]],
                    ],
                ])
            case "tools/call":
                .success([
                    "resultType": "complete", "content": [],
                    "structuredContent": [
                        "success": true, "output": "Disk / 42 % used", "metadata": ["new": [1]], "warnings": ["new"],
                    ],
                ])
            default: .success(["resultType": "complete"])
            }
        } _: { executor in
            let health = try await Self.ask("/health", executor)
            #expect(health.status == 0 && health.output.contains("42 %"), "\(health.output)")
            let doctor = try await Self.doctor(executor)
            #expect(
                doctor.contains(
                    "⚠️ executor: The executor is version 9.10.0, newer than the agent's \(programVersion)."),
                "\(doctor)")
            #expect(doctor.contains("→ Install devops-agent 9.10.0, and: systemctl restart devops-agent"))
        }
    }

    // MARK: Another agent

    @Test(
        "an agent of an older revision begins with its handshake, and uses what it had",
        arguments: ["2024-11-05", "2025-06-18", "2025-11-25"])
    func olderAgent(_ revision: String) async throws {
        try await withExecutor(records: false) { executor in
            let agent = try RawConnection(executor.agentSocket)
            let began = try await Self.exchange(
                agent, "initialize",
                [
                    "protocolVersion": .string(revision), "capabilities": [:],
                    "clientInfo": ["name": "old", "version": "0"],
                ])
            #expect(began["result"]?["protocolVersion"] == .string(revision))
            #expect(began["result"]?["serverInfo"]?["version"] == .string(programVersion))
            agent.send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            #expect(try await Self.exchange(agent, "tools/list", [:])["result"]?["tools"]?.arrayValue?.count == 10)
            let ran = try await Self.exchange(agent, "tools/call", Self.run("uptime"))
            #expect(ran["result"]?["structuredContent"]?["success"] == true, "\(ran.text)")
            #expect(ran["result"]?["resultType"] == nil, "a word of a later revision: \(ran.text)")
            let noted = try await Self.exchange(agent, "executor/note", ["event": "stranger", "detail": [:]])
            #expect(noted["error"] == nil, "\(noted.text)")
            let asked = try await Self.exchange(agent, "tools/call", Self.run("/usr/bin/id -u"))
            let refusal = asked["result"]?["structuredContent"]?["refusal"]
            #expect(refusal != nil, "an agent that answers no questions is refused: \(asked.text)")
        }
    }

    @Test("an agent of a revision that is not out yet is told which ones there are")
    func newerAgent() async throws {
        try await withExecutor(records: false) { executor in
            let agent = try RawConnection(executor.agentSocket)
            let answer = try await Self.exchange(
                agent, "tools/list", ["_meta": ["io.modelcontextprotocol/protocolVersion": "2031-01-01"]])
            #expect(answer["error"]?["message"] == "This executor speaks 2026-07-28 and 2025-11-25.")
            #expect(answer["error"]?["data"]?["supported"] == ["2026-07-28", "2025-11-25"])
            // The connection goes on, so the agent may choose one of them.
            let again = try await Self.exchange(
                agent, "tools/list", ["_meta": ["io.modelcontextprotocol/protocolVersion": "2026-07-28"]])
            #expect(again["result"]?["tools"] != nil)
        }
    }

    private static func run(_ command: String) -> JSONValue {
        ["name": "run_command", "arguments": ["command": .string(command)]]
    }

    private static func exchange(
        _ connection: RawConnection, _ method: String, _ params: JSONValue
    ) async throws -> JSONValue {
        let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": params]
        connection.send(message.text)
        return try #require(await connection.receive())
    }
}
