import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

/// Every test with an executor has what it sent checked (see `withExecutor`); these see to it that the check bites,
/// and that every kind of answer is among what is checked.
@Suite("What the executor sends, against the official schemas", .timeLimit(.minutes(2)))
struct SchemaTests {
    @Test("the validator is installed; scripts/requirements.sh --test does it")
    func isInstalled() {
        for python in Python.allCases { #expect(python.isInstalled, "\(python.interpreter)") }
    }

    private func recording(_ client: String, _ server: String) -> String {
        [("client", client), ("server", server)].map { from, line in
            let entry: JSONValue = ["connection": 1, "from": .string(from), "line": .string(line)]
            return entry.text + "\n"
        }.joined()
    }

    @Test(
        "a message that is wrong is found to be",
        arguments: [
            ("tools/call", #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}"#, "content"),
            ("tools/call", #"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#, "resultType"),
            ("tools/call", #"{"jsonrpc":"2.0","id":2,"result":{"content":[],"resultType":"complete"}}"#, "nothing"),
            (
                "tools/call", #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"x"}],"resultType":"complete"}}"#,
                "CallToolResult"
            ),
            ("tools/call", #"{"id":1,"result":{"content":[],"resultType":"complete"}}"#, "jsonrpc"),
            ("ping", #"{"jsonrpc":"2.0","id":1,"result":{}}"#, "resultType"),
            ("ping", #"{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"y"}}"#, "code"),
            ("ping", #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"y"}}"#, "data"),
            ("ping", #"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#, "ServerNotification"),
            ("initialize", #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}"#, "capabilities"),
            (
                "tools/list",
                #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","ttlMs":1,"cacheScope":"private","tools":[{"name":"x","inputSchema":{"type":"object","required":7}}]}}"#,
                "schema of x"
            ), ("ping", "no json", "no JSON"),
        ])
    func findsFaults(_ method: String, _ answer: String, _ words: String) async throws {
        let question = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#
        let report = try await MessageSchemas.validate(recording(question, answer))
        #expect(report.faults.contains { $0.contains(words) }, "\(report.faults)")
    }

    @Test("answers of every kind, in both revisions, are what the schemas say")
    func everyKind() async throws {
        try await withExecutor { executor in
            try await askEverything(executor)
            let checked = try #require(try await executor.schemaReport().first).checked
            let modern = [
                "CallToolResult", "DiscoverResult", "InputRequiredResult", "JSONRPCErrorResponse", "ListToolsResult",
                "Result", "ServerNotification", "UnsupportedProtocolVersionError",
            ]
            let handshake = ["CallToolResult", "EmptyResult", "InitializeResult", "ListToolsResult"]
            for name in modern { #expect(checked["2026-07-28 \(name)"] != nil, "\(name)") }
            for name in handshake { #expect(checked["2025-11-25 \(name)"] != nil, "\(name)") }
        }
    }

    private func askEverything(_ executor: ExecutorFixture) async throws {
        let client = try executor.client(answersQuestions: true)
        _ = try await client.tools()
        for method in [ExecutorMethod.discover, .ping, .status] { _ = try await client.request(method) }
        _ = try await client.explain(["uptime", "id", "/usr/bin/id -u"])
        try await client.note("hello", detail: [:])
        for command in ["/usr/bin/seq 3", "/bin/false", "rm -rf /", "/usr/bin/id -u", "/usr/bin/id -g"] {
            _ = try await client.callTool("run_command", ["command": .string(command)], onOutput: { _ in })
        }
        for tool in ToolName.allCases {
            _ = try await client.callTool(tool.rawValue, ["service": "nginx", "port": 1, "container": "none"])
        }
        let connection = try RawConnection(executor.agentSocket)
        for line in [
            #"{"jsonrpc":"2.0","id":1,"method":"none"}"#, #"{"jsonrpc":"2.0","id":"a","method":"tools/call"}"#,
            #"{"jsonrpc":"2.0","id":2,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1"}}}"#,
            #"{"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#,
            #"{"jsonrpc":"2.0","id":4,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":5,"method":"tools/list"}"#,
            #"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"run_command","arguments":{"command":"/bin/true"}}}"#,
        ] {
            connection.send(line)
            _ = await connection.receive()
        }
    }
}
