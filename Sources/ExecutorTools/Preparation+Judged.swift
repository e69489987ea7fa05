package import ExecutorAPI
package import ExecutorPolicy

extension Preparation {
    /// What a verdict makes of a call.
    ///
    /// - Parameters:
    ///   - command: How a refused command is recorded.
    ///   - approval: What `tools.json` asks for beside the allowlist.
    ///   - ready: The call itself, once there is a grant.
    package static func judged(
        _ verdict: Verdict, command: String, approval: ApprovalLevel?,
        ready: @escaping @Sendable (Grant) -> ReadyCall
    ) -> Preparation {
        let asked = approval.map { verdict.requiring($0, justification: "tools.json asks for it") } ?? verdict
        switch asked {
        case .allowed(let grant): return .ready(ready(grant))
        case .needsApproval(let proposal): return .needsApproval(proposal, then: ready)
        case .denied(let refusal): return .refused(refusal, command: command)
        }
    }

    /// Reads a call's arguments; those the tool does not take are a refusal.
    package static func reading(
        _ name: ToolName, _ body: () throws(Refusal) -> Preparation
    ) -> Preparation {
        do throws(Refusal) { return try body() } catch { return .refused(error, command: name.rawValue) }
    }

    /// A call that only reads the kernel's own figures: its rule is the tool itself.
    package static func kernelRead(
        _ name: ToolName, command: String, perform: @escaping @Sendable (ToolContext) -> ToolReport
    ) -> Preparation {
        .ready(
            ReadyCall(rule: RuleID("tool/\(name.rawValue)"), command: command, effect: .read, perform: perform))
    }
}

extension ReadyCall {
    /// A call that is the running of one grant.
    package init(_ grant: Grant, perform: @escaping @Sendable (ToolContext) -> ToolReport) {
        self.init(rule: grant.rule, command: grant.command, effect: grant.effect, perform: perform)
    }
}
