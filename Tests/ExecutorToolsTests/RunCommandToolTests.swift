import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import ExecutorTools
import Glibc
import StrictJSON
import Synchronization
import Testing
import Wire

@Suite("run_command")
struct RunCommandToolTests {
    private static let rules = """
        {"system": ["df -h", "systemctl status *", "systemctl stop *"],
         "own": [{"command": "/bin/sleep {count}", "effect": "read"}, {"command": "/bin/false", "effect": "read"},
                 {"command": "/bin/echo {word}", "effect": "read"},
                 {"command": "/bin/true", "effect": "change", "approval": "operator"}]}
        """

    private func tool(_ runner: Runner, approval: ApprovalLevel? = nil) -> RunCommandTool {
        var entry = ToolSettings.ToolEntry()
        entry.approval = approval
        return RunCommandTool(runner: runner, settings: entry, units: .recorded)
    }

    @Test(
        "what the policy or the schema does not allow is refused",
        arguments: [
            (["command": "rm -rf /"], Refusal.Code.blocked),
            (["command": "df -h; id"], .malformed),
            (["command": "id"], .notAllowed),
            ([:], .invalidArguments),
            (["command": "df -h", "timeout": 0], .invalidArguments),
            (["command": "df -h", "timeout": 301], .invalidArguments),
            (["command": "df -h", "shell": true], .invalidArguments),
            (["command": "df\n-h"], .invalidArguments),
        ] as [([String: JSONValue], Refusal.Code)])
    func refusals(_ arguments: [String: JSONValue], _ code: Refusal.Code) throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        let result = fixture.call(tool(fixture.runner), arguments)
        #expect(!result.success)
        #expect(result.refusal?.code == code)
        #expect(result.refusal?.alternative.isEmpty == false)
    }

    @Test("df answers with this machine's figures, as text and as rows")
    func dfRuns() throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        let result = fixture.call(tool(fixture.runner), ["command": "df -h"])
        #expect(result.success, "\(result.error ?? "")")
        #expect(result.output.contains("%"))
        #expect(result.metadata["exit"] == 0)
        #expect(result.metadata["effect"] == "read")
        #expect(result.metadata["cut"] == false)
        #expect(result.metadata["duration_ms"]?.intValue != nil)
        let rows = try #require(result.metadata["rows"]?.arrayValue)
        #expect(rows.contains { $0["mounted_on"] == "/" && $0["use_percent"]?.intValue != nil })
    }

    @Test("a command that takes too long is ended, and the error says timeout and how long")
    func timeout() throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        let start = ContinuousClock.now
        let result = fixture.call(tool(fixture.runner), ["command": "/bin/sleep 20", "timeout": 1])
        #expect(!result.success)
        #expect(result.error?.contains("timeout after 1 s") == true)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test("a command that fails says its exit code")
    func failure() throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        let result = fixture.call(tool(fixture.runner), ["command": "/bin/false"])
        #expect(!result.success)
        #expect(result.error == "false ended with exit code 1.")
        #expect(result.metadata["exit"] == 1)
    }

    @Test("output comes as progress")
    func progress() throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        let seen = ProgressLog()
        let result = fixture.call(tool(fixture.runner), ["command": "/bin/echo hello"]) { seen.append($0) }
        #expect(result.output.contains("hello"))
        #expect(seen.text.contains("hello"))
    }

    @Test("a cancelled command says so")
    func cancelled() throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        let cancellation = Cancellation()
        cancellation.cancel(.cancelled)
        let result = fixture.call(tool(fixture.runner), ["command": "/bin/sleep 20"], cancellation: cancellation)
        #expect(!result.success)
    }

    @Test("changing a unit is done by the service code and no child; so is its status without systemd")
    func unitsAreNotRun() throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        let tool = tool(fixture.runner)
        #expect(fixture.call(tool, ["command": "systemctl stop apache2"]).output.hasPrefix("asked to stop apache2"))
        #expect(fixture.call(tool, ["command": "systemctl status nginx"]).output.hasPrefix("looked at nginx"))
    }

    @Test("tools.json may ask for an approval the allowlist does not ask for, and takes none away")
    func approvals() throws {
        let fixture = try RunCommandFixture(rules: Self.rules)
        func level(_ line: String, _ approval: ApprovalLevel?) -> ApprovalLevel? {
            let prepared = tool(fixture.runner, approval: approval).prepare(
                ["command": .string(line)], policy: fixture.policy)
            if case .needsApproval(let proposal, _) = prepared { return proposal.level }
            return nil
        }
        #expect(level("df -h", nil) == nil)
        #expect(level("df -h", .user) == .user)
        #expect(level("/bin/true", nil) == .operator)
        #expect(level("/bin/true", .user) == .operator)
        #expect(level("/bin/true", .totp) == .totp)
    }
}

/// What was passed on as progress.
final class ProgressLog: Sendable {
    private let parts = Mutex<[String]>([])

    func append(_ part: String) { parts.withLock { $0.append(part) } }
    var text: String { parts.withLock { $0.joined() } }
}
