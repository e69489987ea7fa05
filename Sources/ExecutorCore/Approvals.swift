import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import Synchronization

/// Calls that wait for somebody's yes, and yeses that wait for their call.
///
/// Nothing of it outlives the process: a restart means no. So do the end of the connection a question was asked on,
/// a policy read again with other bytes, and time. A yes is good for one call.
final class Approvals: Sendable {
    enum Redemption: Sendable, Hashable {
        case approved(id: String)
        case invalid(String)
        /// A wrong code, and another may be tried with the same state.
        case again(ApprovalQuestion, state: String)
        /// No code is taken now.
        case refused(Refusal)
    }

    typealias CodeCheck = (OneTimeCode) -> CodeVerifier.Verdict

    enum Asked: Sendable {
        /// `state` is for the caller to send back; without one the question waits for an operator.
        case question(ApprovalQuestion, state: String?)
        /// So many questions wait already.
        case tooMany(Int)
    }

    /// An operator's answer to a question.
    enum Decision: Sendable, Hashable {
        case decided(ApprovalQuestion)
        /// No such question is waiting.
        case none
        /// It takes a one-time code, and none came.
        case needsCode(ApprovalQuestion)
        case wrongCode(ApprovalQuestion, left: Int)
        case refused(ApprovalQuestion, Refusal)
    }

    fileprivate struct Pending {
        var question: ApprovalQuestion
        var subject: ApprovalSubject
        var level: ApprovalLevel
        /// The connection that was asked; `nil` where an operator is.
        var session: Int?
        var expires: ContinuousClock.Instant
        /// Said yes to by an operator; the next such call takes it.
        var approvedBy: UInt32?
    }

    private let pending = Mutex<[String: Pending]>([:])
    private let key = Crypto.randomBytes(32)
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// Writes down a question.
    ///
    /// - Parameter session: The connection that can be asked itself; `nil` for a question to an operator. The same
    ///   question to an operator again is the one that waits already.
    func ask(_ proposal: Proposal, _ subject: ApprovalSubject, caller: String, session: Int?) -> Asked {
        let id = Hex.encode(Crypto.randomBytes(6))
        let question = ApprovalQuestion(
            id: id, command: subject.command, call: subject.call, rule: proposal.rule.text,
            level: proposal.level.rawValue, justification: proposal.justification, caller: caller,
            expires: Timestamp.now().adding(ExecutorLimits.approvalLifetime).text)
        let entry = Pending(
            question: question, subject: subject, level: proposal.level, session: session,
            expires: now() + ExecutorLimits.approvalLifetime)
        return pending.withLock { pending in
            expire(&pending)
            if session == nil, let same = pending.values.first(where: { $0.isSameOperatorQuestion(as: entry) }) {
                return .question(same.question, state: nil)
            }
            let own = pending.values.count { $0.subject.isOfSameCaller(as: subject) }
            guard own < ExecutorLimits.pendingApprovalsOfCaller else { return .tooMany(own) }
            guard pending.count < ExecutorLimits.pendingApprovals else { return .tooMany(pending.count) }
            pending[id] = entry
            return .question(question, state: session == nil ? nil : seal(entry))
        }
    }

    /// Takes the answer to a question that came back with its state.
    ///
    /// A state that is not exactly the one handed out uses nothing up; an answer with the right one does.
    func redeem(
        state: String, reply: ApprovalReply?, _ subject: ApprovalSubject, session: Int, checkCode: CodeCheck
    ) -> Redemption {
        let id = String(state.prefix { $0 != "." })
        return pending.withLock { pending in
            expire(&pending)
            guard let found = pending[id] else {
                return .invalid("The approval has expired, was used, or was never asked for.")
            }
            guard found.subject == subject, found.session == session,
                Crypto.equal(Array(seal(found).utf8), Array(state.utf8))
            else { return .invalid("The approval is for another call, caller, connection, file or policy.") }
            let redemption = answer(found, reply, checkCode)
            if case .again(let question, _) = redemption {
                pending[id]?.question = question
            } else {
                pending[id] = nil
            }
            return redemption
        }
    }

    private func answer(_ entry: Pending, _ reply: ApprovalReply?, _ checkCode: CodeCheck) -> Redemption {
        switch (entry.level, reply) {
        case (.user, .yes?): .approved(id: entry.question.id)
        case (.totp, .code(let code)?): answer(entry, checkCode(code))
        case (_, .no?), (_, nil): .invalid("The person said no.")
        case (_, .yes?), (_, .code?): .invalid("The answer is not of the kind this question asks for.")
        }
    }

    private func answer(_ entry: Pending, _ verdict: CodeVerifier.Verdict) -> Redemption {
        switch verdict {
        case .accepted: return .approved(id: entry.question.id)
        case .unavailable(let refusal): return .refused(refusal)
        case .wrong(left: 0): return .invalid("The code is wrong, and it was the last that may be tried for now.")
        case .wrong(let left):
            var question = entry.question
            question.triesLeft = left
            return .again(question, state: seal(entry))
        }
    }

    /// The id of an operator's yes to exactly this call, which is used up by it.
    func takeOperatorApproval(_ subject: ApprovalSubject) -> (id: String, level: ApprovalLevel, userID: UInt32)? {
        pending.withLock { pending in
            expire(&pending)
            for (id, entry) in pending where entry.subject == subject {
                guard let operatorID = entry.approvedBy else { continue }
                pending[id] = nil
                return (id, entry.level, operatorID)
            }
            return nil
        }
    }

    /// Those nobody has said yes to yet, the oldest first.
    func list() -> [ApprovalQuestion] {
        pending.withLock { pending in
            expire(&pending)
            return pending.values.filter { $0.approvedBy == nil }.map(\.question).sorted { $0.expires < $1.expires }
        }
    }

    /// An operator's answer: the first one stands.
    func decide(
        _ id: String, approved: Bool, code: OneTimeCode?, by userID: UInt32, checkCode: CodeCheck
    ) -> Decision {
        pending.withLock { pending in
            expire(&pending)
            guard let entry = pending[id], entry.approvedBy == nil else { return .none }
            guard approved else {
                pending[id] = nil
                return .decided(entry.question)
            }
            if entry.level == .totp {
                guard let code else { return .needsCode(entry.question) }
                switch checkCode(code) {
                case .accepted: break
                case .wrong(let left): return .wrongCode(entry.question, left: left)
                case .unavailable(let refusal): return .refused(entry.question, refusal)
                }
            }
            pending[id]?.approvedBy = userID
            return .decided(entry.question)
        }
    }

    /// A connection has ended: nobody is left who could answer what it was asked.
    func forget(session: Int) {
        pending.withLock { pending in pending = pending.filter { $0.value.session != session } }
    }

    /// Other rules are in force: what was asked, or said yes to, under the old ones is over.
    func forget(policyOtherThan digest: String) {
        pending.withLock { pending in pending = pending.filter { $0.value.subject.policyDigest == digest } }
    }

    private func expire(_ pending: inout [String: Pending]) {
        let now = now()
        pending = pending.filter { $0.value.expires > now }
    }

    /// What only this process can write, over all that a yes is bound to.
    private func seal(_ entry: Pending) -> String {
        let fields = [entry.question.id, entry.question.expires, String(entry.session ?? 0)] + entry.subject.fields
        // Each field with its length before it, so that no two lists of fields read alike.
        let message = fields.map { "\($0.utf8.count):\($0)" }.joined()
        return entry.question.id + "." + Hex.encode(Crypto.hmacSHA256(key: key, message: Array(message.utf8)))
    }
}

extension Approvals.Pending {
    fileprivate func isSameOperatorQuestion(as other: Self) -> Bool {
        session == nil && approvedBy == nil && subject == other.subject && level == other.level
    }
}
