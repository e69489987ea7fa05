import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import Synchronization

/// Yeses that hold for a while. In memory alone: a restart means no, and so do other rules.
final class StandingApprovals: Sendable {
    /// Who may use one that was given in the chat: whoever the same connection acts for, as it says.
    struct Holder: Sendable, Hashable {
        var session: Int
        var userID: String?
        var chatID: String?
    }

    fileprivate struct Entry {
        var approval: StandingApproval
        var policyDigest: String
        /// The highest level it answers.
        var level: ApprovalLevel
        /// `nil` for whoever has the role.
        var holder: Holder?
        var expires: ContinuousClock.Instant
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// - Parameters:
    ///   - level: The highest level it answers; a question of level `totp` it never does.
    ///   - holder: `nil` for whoever has the role.
    /// - Returns: `nil` when ``ExecutorLimits/standingApprovals`` hold already.
    func add(
        rule: String, target: String, role: Role, policyDigest: String, level: ApprovalLevel, holder: Holder?,
        by: String, for duration: Duration
    ) -> StandingApproval? {
        let approval = StandingApproval(
            id: Hex.encode(Crypto.randomBytes(6)), rule: rule, target: target, role: role.rawValue, by: by,
            expires: Timestamp.now().adding(duration).text)
        return entries.withLock { entries in
            expire(&entries)
            guard entries.count < ExecutorLimits.standingApprovals else { return nil }
            entries[approval.id] = Entry(
                approval: approval, policyDigest: policyDigest, level: level, holder: holder, expires: now() + duration)
            return approval
        }
    }

    /// The one that answers this proposal, counted as used.
    func use(_ proposal: Proposal, role: Role, holder: Holder) -> StandingApproval? {
        entries.withLock { entries in
            expire(&entries)
            guard let id = entries.first(where: { $0.value.answers(proposal, role, holder) })?.key else { return nil }
            entries[id]?.approval.uses += 1
            return entries[id]?.approval
        }
    }

    /// Those that hold, the first to end first.
    func list() -> [StandingApproval] {
        entries.withLock { entries in
            expire(&entries)
            return entries.values.map(\.approval).sorted { $0.expires < $1.expires }
        }
    }

    /// - Returns: `nil` when no such one holds.
    func revoke(_ id: String) -> StandingApproval? {
        entries.withLock { entries in
            expire(&entries)
            return entries.removeValue(forKey: id)?.approval
        }
    }

    func forget(session: Int) {
        entries.withLock { entries in entries = entries.filter { $0.value.holder?.session != session } }
    }

    func forget(policyOtherThan digest: String) {
        entries.withLock { entries in entries = entries.filter { $0.value.policyDigest == digest } }
    }

    private func expire(_ entries: inout [String: Entry]) {
        let now = now()
        entries = entries.filter { $0.value.expires > now }
    }
}

extension StandingApprovals.Entry {
    fileprivate func answers(
        _ proposal: Proposal, _ role: Role, _ asking: StandingApprovals.Holder
    ) -> Bool {
        let isEnough =
            switch proposal.level {
            case .user: true
            case .operator: level == .operator
            case .totp: false
            }
        return isEnough && approval.rule == proposal.rule.text && approval.target == proposal.target
            && policyDigest == proposal.policyDigest && approval.role == role.rawValue
            && (holder == nil || holder == asking)
    }
}
