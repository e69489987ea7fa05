package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON
package import Wire

/// One entry of `tools/list`.
package protocol Tool: Sendable {
    var definition: ToolDefinition { get }

    /// Checks the arguments and asks the policy; runs nothing.
    ///
    /// Arguments that the schema does not allow are a refusal (`invalid_arguments`) that names the
    /// argument and what would be accepted.
    func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation
}

/// What a call would do, judged.
package enum Preparation: Sendable {
    case refused(Refusal, command: String)
    case needsApproval(Proposal, then: @Sendable (Grant) -> ReadyCall)
    case ready(ReadyCall)
}

/// A call that may run: the grants it needs are inside ``perform``.
package struct ReadyCall: Sendable {
    /// The rule that allows it; `tool/NAME` for what only reads the kernel's own figures.
    package let rule: RuleID
    /// The canonical command, for the approval and the audit log.
    package let command: String
    package let effect: Effect
    /// Does it, on the calling thread, until it is done, timed out or cancelled.
    package let perform: @Sendable (ToolContext) -> ToolReport

    package init(
        rule: RuleID, command: String, effect: Effect, perform: @escaping @Sendable (ToolContext) -> ToolReport
    ) {
        (self.rule, self.command, self.effect, self.perform) = (rule, command, effect, perform)
    }
}

/// What surrounds one call.
package struct ToolContext: Sendable {
    package let cancellation: Cancellation
    /// Takes output as it comes; slow to return when the peer is slow to read.
    package let progress: (@Sendable (String) -> Void)?

    package init(cancellation: Cancellation, progress: (@Sendable (String) -> Void)? = nil) {
        (self.cancellation, self.progress) = (cancellation, progress)
    }
}

/// What a call came to: the answer, and for the audit log the child it ran and what it changed.
package struct ToolReport: Sendable {
    package var result: ToolResult
    package var run: RunResult?
    /// What a change changed, where that can be told.
    package var changed: ChangedState?

    package init(_ result: ToolResult, run: RunResult? = nil) {
        (self.result, self.run) = (result, run)
    }
}
