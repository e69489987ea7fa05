package import ExecutorAPI

/// Who has to say yes before a command runs.
package enum ApprovalLevel: String, Sendable, Hashable {
    /// The person in the chat; the agent carries the answer.
    case user
    /// Somebody at the operator socket.
    case `operator`
    /// A time-based code, checked by the executor.
    case totp
}

/// A command that would be granted, had somebody said yes.
package struct Proposal: Sendable, Hashable {
    package let level: ApprovalLevel
    /// Why the rule asks, in the administrator's words.
    package let justification: String?
    /// Not to be had from outside: ``Policy/approve(_:)`` hands it out.
    let grant: Grant

    package var rule: RuleID { grant.rule }
    package var command: String { grant.command }
    package var effect: Effect { grant.effect }
    package var policyDigest: String { grant.policyDigest }
    /// The program that would run.
    package var program: String { grant.executable }
    /// The files and directories it would be given.
    package var files: [String] {
        grant.arguments.compactMap { if case .file(let file) = $0 { file.path } else { nil } }
    }

    init(level: ApprovalLevel, justification: String?, grant: Grant) {
        (self.level, self.justification, self.grant) = (level, justification, grant)
    }
}

/// What the policy says to a request.
package enum Verdict: Sendable, Hashable {
    case allowed(Grant)
    /// Becomes a `Grant` only in ``Policy/approve(_:)``.
    case needsApproval(Proposal)
    case denied(Refusal)
}
