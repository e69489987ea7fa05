import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing

/// The official Python SDK as a client, launching `executorctl mcp` as any MCP client would.
///
/// `scripts/requirements.sh --test` installs the SDKs.
@Suite("The official MCP clients", .timeLimit(.minutes(2)))
struct PythonClientTests {
    /// What a script printed, by its step.
    private func steps(
        _ python: Python, _ script: String, _ executor: ExecutorFixture
    ) async throws -> [String: JSONValue] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Clients/\(script)").path
        let run = try await python.run(path, [Program.path("executorctl"), executor.agentSocket])
        #expect(run.status == 0, "\(run.error)")
        let lines = try run.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        return Dictionary(lines.map { ($0["step"]?.stringValue ?? "", $0) }) { first, _ in first }
    }

    private func checkCalls(_ steps: [String: JSONValue], version: String) {
        #expect(steps["negotiated"]?["version"]?.stringValue == version)
        #expect(steps["negotiated"]?["server"] == "devops-executor")
        #expect(
            steps["tools"]?["names"]?.arrayValue?.compactMap(\.stringValue)
                == ToolName.allCases.map(\.rawValue).sorted())
        #expect(steps["call"]?["error"] == false && steps["call"]?["structured"]?["output"] == "1\n2\n3\n")
        #expect(steps["refusal"]?["error"] == true)
        #expect(steps["refusal"]?["structured"]?["refusal"]?["code"] == "blocked")
        #expect(steps["unknown_tool"]?["code"] == -32602)
        let pieces = steps["progress"]?["pieces"]?.arrayValue ?? []
        #expect(pieces.compactMap { $0.arrayValue?.last?.stringValue }.joined() == "1\n2\n3\n4\n5\n")
        #expect(steps["cancelled"] != nil)
        #expect(steps["after_cancel"]?["error"] == false, "\(steps["after_cancel"]?.text ?? "no step")")
    }

    /// The call that was cancelled left no child, and its end is on record.
    private func checkCancelled(_ executor: ExecutorFixture) async throws {
        #expect(try await executor.operatorClient().status()["load"]?["children"] == 0)
        let sleeps = try await executor.audit("outcome").filter { $0["argv"]?.arrayValue == ["/bin/sleep 59"] }
        #expect(sleeps.count == 1 && sleeps.first?["signal"]?.intValue == 15)
    }

    @Test("of revision 2026-07-28: discovers, lists, calls, hears progress, cancels, and is asked before a change")
    func discovering() async throws {
        try await withExecutor { executor in
            let steps = try await steps(.current, "discovering_client.py", executor)
            checkCalls(steps, version: "2026-07-28")
            try await checkCancelled(executor)
            #expect(steps["unasked"]?["structured"]?["refusal"]?["code"] == "approval_required")
            for action in ["accept", "decline", "cancel"] {
                let step = steps["approval_\(action)"]
                let questions = step?["questions"]?.arrayValue?.compactMap(\.stringValue) ?? []
                #expect(questions.count == 1 && questions[0].contains("/usr/bin/id -u"), "\(action)")
                #expect(step?["error"]?.boolValue == (action != "accept"), "\(action)")
            }
            #expect(steps["handshake"]?["version"] == "2025-11-25" && steps["handshake_call"]?["error"] == false)
        }
    }

    @Test("of revision 2025-11-25: shakes hands, calls, cancels; where a yes is needed it is told who can give it")
    func handshake() async throws {
        try await withExecutor { executor in
            let steps = try await steps(.handshake, "handshake_client.py", executor)
            checkCalls(steps, version: "2025-11-25")
            try await checkCancelled(executor)
            let refusal = steps["approval"]?["structured"]?["refusal"]
            #expect(steps["asked"] == nil && refusal?["code"] == "approval_required")
            #expect(refusal?["alternative"]?.stringValue?.contains("executorctl approvals approve") == true)
        }
    }
}
