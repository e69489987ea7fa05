extension Verdict {
    /// The same verdict where it already asks for as much; an allowed grant becomes a proposal.
    ///
    /// For settings beside the allowlist that ask for more than it does: never for less.
    package func requiring(_ level: ApprovalLevel, justification: String? = nil) -> Verdict {
        switch self {
        case .allowed(let grant):
            .needsApproval(Proposal(level: level, justification: justification, grant: grant))
        case .needsApproval(let proposal) where proposal.level.rank < level.rank:
            .needsApproval(
                Proposal(level: level, justification: proposal.justification ?? justification, grant: proposal.grant))
        case .needsApproval, .denied: self
        }
    }
}

extension ApprovalLevel {
    fileprivate var rank: Int {
        switch self {
        case .user: 0
        case .operator: 1
        case .totp: 2
        }
    }
}
