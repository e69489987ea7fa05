import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

/// A service that the executor's own settings define: a script that starts a real process and keeps its pid file.
private final class UndoFixture: Sendable {
    let executor: ExecutorFixture

    static func with(
        startRule: String = "", tools: String = "", _ body: (UndoFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { place in
            let script = place + "/standin"
            try await ExecutorFixture.writeProgram(Self.script(place), to: script)
            let allowlist = """
                {"test": ["systemctl status *", "systemctl restart *", "systemctl stop *",
                  {"command": "systemctl start *"\(startRule)},
                  {"command": "\(script) start", "effect": "change", "run_as": "root"},
                  {"command": "\(script) stop", "effect": "change", "run_as": "root"},
                  {"command": "/bin/true", "effect": "change"}]}
                """
            let services = """
                {"services": {"standin": {"start": "\(script) start", "stop": "\(script) stop", "pid_file": "\(place)/pid"}}
                \(tools)}
                """
            try await withExecutor(allowlist: allowlist, tools: services) { executor in
                try await body(UndoFixture(executor))
                // Whatever became of it, its process ends here.
                _ = try? await Program.run(script, ["stop"])
            }
        }
    }

    private init(_ executor: ExecutorFixture) { self.executor = executor }

    private static func script(_ place: String) -> String {
        """
        #!/bin/sh
        cd \(place) || exit 9
        case $1 in
        start) setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >pid ;;
        stop) kill "$(cat pid)"; rm -f pid ;;
        esac
        """
    }

    func run(_ command: String, operation: String? = nil) async throws -> ToolResult {
        let client = try executor.client()
        defer { client.close() }
        return try await client.run(command, operation: operation)
    }

    func undo(_ id: String, operation: String? = nil) async throws -> ToolResult {
        let client = try executor.client()
        defer { client.close() }
        guard case .result(let result) = try await client.undo(id, operation: operation) else { throw POSIXError(.EIO) }
        return result
    }

    func isActive() async throws -> Bool {
        let client = try executor.client()
        defer { client.close() }
        guard case .result(let result) = try await client.callTool("check_service", ["service": "standin"]) else {
            throw POSIXError(.EIO)
        }
        return result.metadata["service_active"] == true
    }
}

@Suite("Undo", .timeLimit(.minutes(3)))
struct UndoTests {
    @Test("an id that is none is a broken request", arguments: [nil, "", "a b", 7] as [JSONValue?])
    func noID(_ id: JSONValue?) async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            let error = await #expect(throws: RPCError.self) {
                try await client.request(.undo, id.map { ["operation": $0] } ?? [:])
            }
            #expect(error?.message.contains("\"operation\"") == true)
        }
    }

    @Test(
        "what did not run, what changed nothing and what had no state are refused, each with its reason, and recorded")
    func nothingToUndo() async throws {
        try await UndoFixture.with { fixture in
            #expect(try await fixture.undo("never-heard-of").refusal?.code == .invalidArguments)
            _ = try await fixture.run("systemctl status standin", operation: "read")
            #expect(try await fixture.undo("read").refusal?.message.contains("no change of one unit") == true)
            _ = try await fixture.run("/bin/true", operation: "true")
            #expect(try await fixture.undo("true").refusal?.code == .cannotUndo)
            _ = try await fixture.run("systemctl start standin")
            let restarted = try await fixture.run("systemctl restart standin", operation: "restarted")
            #expect(restarted.success && restarted.metadata["undo"] == nil)
            let refused = try await fixture.undo("restarted").refusal
            #expect(refused?.code == .cannotUndo && refused?.message.contains("nothing to put back") == true)
            let recorded = try await fixture.executor.audit("refusal")
            #expect(recorded.filter { $0["tool"] == "executor/undo" }.count == 4)
        }
    }

    @Test("what the rules let nobody run, no undo runs")
    func notAllowed() async throws {
        try await UndoFixture.with(startRule: #", "units": ["other.service"]"#) { fixture in
            let client = try fixture.executor.client()
            guard case .result(let started) = try await client.callTool("restart_service", ["service": "standin"])
            else {
                throw POSIXError(.EIO)
            }
            #expect(started.success, "\(started.text)")
            #expect(try await fixture.run("systemctl stop standin", operation: "stop").success)
            #expect(try await fixture.undo("stop").refusal?.code == .notAllowed)
            #expect(try await !fixture.isActive())
        }
    }

    @Test("a stop is undone by a start, over a restart of the executor, and once under one id")
    func undone() async throws {
        try await UndoFixture.with { fixture in
            #expect(try await fixture.run("systemctl start standin").success)
            let stopped = try await fixture.run("systemctl stop standin", operation: "stop-1")
            #expect(stopped.success && stopped.metadata["undo"] == "stop-1", "\(stopped.text)")
            #expect(try await !fixture.isActive())
            let second = try await fixture.executor.restarted()
            let undone = try await fixture.undo("stop-1", operation: "undo-1")
            #expect(undone.success && undone.metadata["undone"] == true, "\(undone.text)")
            #expect(undone.output.contains("is as before `systemctl stop standin`: active"), "\(undone.text)")
            #expect(try await fixture.isActive())
            let intents = try await fixture.executor.audit("intent").filter { $0["tool"] == "executor/undo" }
            #expect(intents.map { $0["argv"]?.arrayValue } == [["systemctl start standin"]])
            #expect(try await fixture.undo("stop-1", operation: "undo-1") == undone)
            let again = try await fixture.undo("stop-1")
            #expect(again.success && again.output.contains("It was so already; nothing was done."), "\(again.text)")
            // The undo is a change like any other: the id that its answer gives takes it back.
            let back = try await fixture.executor.ctl("undo", "undo-1")
            #expect(back.status == 0 && back.output.contains("inactive"), "\(back)")
            second.send(signal: SIGTERM)
            _ = await second.exitStatus()
        }
    }

    @Test("a rule that asks for a yes asks it for the undo too, with the command that will run")
    func asks() async throws {
        try await UndoFixture.with(startRule: #", "approval": "user""#) { fixture in
            let client = try fixture.executor.client(answersQuestions: true)
            let command: [String: JSONValue] = ["command": "systemctl start standin"]
            guard case .question(_, _, let state) = try await client.callTool("run_command", command),
                case .result(let started) = try await client.callTool(
                    "run_command", command, answer: ApprovalAnswer(.yes, state: state))
            else { throw POSIXError(.EIO) }
            #expect(started.success, "\(started.text)")
            let stopped = try await fixture.run("systemctl stop standin", operation: "stop")
            #expect(stopped.success)
            guard case .question(let question, _, let asked) = try await client.undo("stop") else {
                throw POSIXError(.EIO)
            }
            #expect(question.command == "systemctl start standin")
            guard case .result(let no) = try await client.undo("stop", answer: ApprovalAnswer(.no, state: asked)),
                case .question(_, _, let again) = try await client.undo("stop"),
                case .result(let yes) = try await client.undo("stop", answer: ApprovalAnswer(.yes, state: again))
            else { throw POSIXError(.EIO) }
            #expect(no.refusal?.code == .approvalInvalid)
            #expect(yes.success, "\(yes.text)")
            #expect(try await fixture.isActive())
        }
    }

    @Test("where run_command is switched off, so is the undo that would run its lines")
    func switchedOff() async throws {
        try await UndoFixture.with(tools: #", "tools": {"run_command": {"enabled": false}}"#) { fixture in
            let client = try fixture.executor.client()
            guard case .result(let started) = try await client.callTool("restart_service", ["service": "standin"])
            else {
                throw POSIXError(.EIO)
            }
            let id = try #require(started.metadata["undo"]?.stringValue, "\(started.text)")
            let undone = try await fixture.undo(id)
            #expect(undone.refusal?.message.contains("switched off") == true, "\(undone.text)")
        }
    }
}
