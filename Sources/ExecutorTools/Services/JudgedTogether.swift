import ExecutorAPI
import ExecutorPolicy

/// Several things one call does, judged as one: all must be allowed, and at most one may ask.
///
/// A question shows one command, and a yes to it is none to another.
struct JudgedTogether: Sendable {
    private let verdicts: [Verdict]
    private let policy: Policy

    /// - Parameter verdicts: The one the call is recorded under first.
    init(_ verdicts: [Verdict], policy: Policy) { (self.verdicts, self.policy) = (verdicts, policy) }

    /// The refusal, where there is one; else the question; else the first grant.
    var verdict: Verdict {
        for verdict in verdicts { if case .denied = verdict { return verdict } }
        let proposals = self.proposals
        guard proposals.count > 1 else { return proposals.first.map(Verdict.needsApproval) ?? verdicts[0] }
        return .denied(
            Refusal(
                .approvalRequired, rule: proposals[0].rule.text,
                message: "\(proposals.count) of its steps need an approval each.",
                alternative: "Ask for one at a time, by calls of their own: "
                    + proposals.map(\.command).joined(separator: ", then ")))
    }

    /// Whether any of them needs a yes.
    var asks: Bool { !proposals.isEmpty }

    /// The grants, in order; for a caller that has seen the approval of ``verdict``, which covers the milder ones.
    var grants: [Grant] {
        verdicts.compactMap { verdict in
            switch verdict {
            case .allowed(let grant): grant
            case .needsApproval(let proposal): policy.approve(proposal)
            case .denied: nil
            }
        }
    }

    private var proposals: [Proposal] {
        verdicts.compactMap { if case .needsApproval(let proposal) = $0 { proposal } else { nil } }
    }
}
