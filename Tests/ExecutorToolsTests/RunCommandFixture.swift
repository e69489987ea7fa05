import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import ExecutorTools
import StrictJSON
import TestSupport
import Wire

/// A policy of the test's own, and the tests' one runner.
struct RunCommandFixture: ~Copyable {
    let directory: TemporaryDirectory
    let policy: Policy
    let runner: Runner

    /// One for the process, as in the daemon: what a child left behind falls to the process, and a second
    /// runner would take the first one's children for such.
    private static let sharedRunner = Runner(
        configuration: Runner.Configuration(sandboxMode: .lenient))

    /// - Parameters:
    ///   - rules: The allowlist, as JSON.
    ///   - settings: `executor.json`.
    init(rules: String, settings: String = "{}") throws {
        let directory = try TemporaryDirectory()
        let policy = try Policy(
            allowlist: Array(rules.utf8), allowlistName: "allowlist.json",
            settings: PolicySettings(parsing: Array(settings.utf8), name: "executor.json"), digest: "test")
        self.policy = policy
        runner = Self.sharedRunner
        self.directory = directory
    }

    /// Prepares and performs a call, as the executor does for one that needs nobody's yes.
    func call(
        _ tool: any Tool, _ arguments: [String: JSONValue], cancellation: Cancellation = Cancellation(),
        progress: (@Sendable (String) -> Void)? = nil
    ) -> ToolResult {
        switch tool.prepare(arguments, policy: policy) {
        case .refused(let refusal, _): .refused(refusal)
        case .needsApproval(let proposal, _): .failure("needs approval: \(proposal.level.rawValue)")
        case .ready(let call):
            call.perform(ToolContext(cancellation: cancellation, progress: progress)).result
        }
    }
}

extension UnitCommands {
    /// No service manager: what reaches it is told in the answer.
    static let recorded = UnitCommands(
        change: { verb, unit, policy, approval in
            .judged(policy.judge(.unitChange(verb, unit)), command: unit, approval: approval) { grant in
                ReadyCall(grant) { _ in ToolReport(.success("asked to \(verb.rawValue) \(unit)")) }
            }
        },
        status: { unit, _, _ in .success("looked at \(unit)") })
}
