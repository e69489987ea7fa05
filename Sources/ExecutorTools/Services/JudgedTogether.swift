import ExecutorAPI
import ExecutorPolicy

/// Several things one call does, judged as one: all must be allowed, and the strictest question is asked.
struct JudgedTogether: Sendable {
    private let verdicts: [Verdict]
    private let policy: Policy

    /// - Parameter verdicts: The one the call is recorded under first.
    init(_ verdicts: [Verdict], policy: Policy) { (self.verdicts, self.policy) = (verdicts, policy) }

    /// The refusal, where there is one; else the strictest question; else the first grant.
    var verdict: Verdict {
        var strictest = verdicts[0]
        for verdict in verdicts {
            if case .denied = verdict { return verdict }
            if Self.rank(verdict) > Self.rank(strictest) { strictest = verdict }
        }
        return strictest
    }

    /// Whether any of them needs a yes.
    var asks: Bool { verdicts.contains { Self.rank($0) > 0 } }

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

    private static func rank(_ verdict: Verdict) -> Int {
        guard case .needsApproval(let proposal) = verdict else { return 0 }
        return switch proposal.level {
        case .user: 1
        case .operator: 2
        case .totp: 3
        }
    }
}
