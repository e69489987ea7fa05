import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import Synchronization

/// Calls that wait for somebody's yes, and yeses that wait for their call.
///
/// Nothing of it outlives the process: a restart means no. The seal on a `requestState` binds the
/// caller, the canonical call, the policy and the expiry; the state is good for one use.
final class Approvals: Sendable {
    /// The call that a yes is for; a change of any part of it means no.
    struct Subject: Sendable, Hashable {
        var userID: UInt32
        var role: Role
        var tool: String
        var command: String
        var policyDigest: String
    }

    enum Redemption: Sendable {
        case approved(id: String)
        case invalid(String)
    }

    private struct Pending {
        var question: ApprovalQuestion
        var subject: Subject
        var level: ApprovalLevel
        var expires: ContinuousClock.Instant
        /// Said yes to by an operator; the next such call takes it.
        var approvedBy: UInt32?
    }

    private let pending = Mutex<[String: Pending]>([:])
    private let key: [UInt8]

    init() { key = Crypto.randomBytes(32) }

    /// Writes down a question. `nil` when ``ExecutorLimits/pendingApprovals`` are waiting already.
    func ask(_ proposal: Proposal, _ subject: Subject, caller: String) -> (question: ApprovalQuestion, state: String)? {
        let id = Hex.encode(Crypto.randomBytes(6))
        let expires = ContinuousClock.now + ExecutorLimits.approvalLifetime
        let question = ApprovalQuestion(
            id: id, command: subject.command, rule: proposal.rule.text, level: proposal.level.rawValue,
            justification: proposal.justification, caller: caller,
            expires: Timestamp.now().adding(ExecutorLimits.approvalLifetime).text)
        let isRoom = pending.withLock { pending in
            Self.expire(&pending)
            guard pending.count < ExecutorLimits.pendingApprovals else { return false }
            pending[id] = Pending(question: question, subject: subject, level: proposal.level, expires: expires)
            return true
        }
        return isRoom ? (question, seal(question, subject)) : nil
    }

    /// Takes the answer to a `user` question that came back with its state.
    func redeem(state: String, answer: Bool?, _ subject: Subject) -> Redemption {
        let id = String(state.prefix { $0 != "." })
        let found = pending.withLock { pending -> Pending? in
            Self.expire(&pending)
            return pending.removeValue(forKey: id)
        }
        guard let found else { return .invalid("The approval has expired, was used, or was never asked for.") }
        guard Crypto.equal(Array(seal(found.question, subject).utf8), Array(state.utf8)), found.subject == subject
        else { return .invalid("The approval is for another call, caller or policy.") }
        guard found.level == .user else { return .invalid("This call needs the yes of an operator.") }
        guard answer == true else { return .invalid("The person said no.") }
        return .approved(id: id)
    }

    /// The id of an operator's yes to exactly this call, which is used up by it.
    func takeOperatorApproval(_ subject: Subject) -> (id: String, userID: UInt32)? {
        pending.withLock { pending in
            Self.expire(&pending)
            for (id, entry) in pending where entry.subject == subject {
                guard let operatorID = entry.approvedBy else { continue }
                pending[id] = nil
                return (id, operatorID)
            }
            return nil
        }
    }

    func list() -> [ApprovalQuestion] {
        pending.withLock { pending in
            Self.expire(&pending)
            return pending.values.filter { $0.approvedBy == nil }.map(\.question).sorted { $0.expires < $1.expires }
        }
    }

    /// An operator's answer. `nil` when no such question is waiting.
    func decide(_ id: String, approved: Bool, by userID: UInt32) -> ApprovalQuestion? {
        pending.withLock { pending in
            Self.expire(&pending)
            guard let entry = pending[id], entry.approvedBy == nil else { return nil }
            if approved { pending[id]?.approvedBy = userID } else { pending[id] = nil }
            return entry.question
        }
    }

    private func seal(_ question: ApprovalQuestion, _ subject: Subject) -> String {
        let fields = [
            question.id, question.expires, String(subject.userID), subject.role.rawValue, subject.tool,
            subject.command, subject.policyDigest,
        ]
        // Each field with its length before it, so that no two lists of fields read alike.
        let message = fields.map { "\($0.utf8.count):\($0)" }.joined()
        return question.id + "." + Hex.encode(Crypto.hmacSHA256(key: key, message: Array(message.utf8)))
    }

    private static func expire(_ pending: inout [String: Pending]) {
        let now = ContinuousClock.now
        pending = pending.filter { $0.value.expires > now }
    }
}
