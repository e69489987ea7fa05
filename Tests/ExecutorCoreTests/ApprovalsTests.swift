import ExecutorAPI
import ExecutorPolicy
import Foundation
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import ExecutorCore

/// A clock that moves when a test says so.
final class TestClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
    var now: @Sendable () -> ContinuousClock.Instant { { [self] in time.withLock { $0 } } }
}

/// Approvals with a clock, and the proposals of three rules.
struct ApprovalsFixture {
    let clock = TestClock()
    let approvals: Approvals
    let agent = PeerIdentity(processID: 1, userID: 990, groupID: 990, role: .agent)

    init() { approvals = Approvals(now: clock.now) }

    static func proposal(_ line: String, level: ApprovalLevel = .user, digest: String = "d1") throws -> Proposal {
        let allowlist = #"""
            {"a": [{"command": "/bin/true", "id": "true", "effect": "change", "approval": "\#(level.rawValue)"},
                   {"command": "/bin/echo {word}", "id": "echo", "effect": "change", "approval": "\#(level.rawValue)"},
                   {"command": "cat /tmp/*", "id": "cat", "approval": "\#(level.rawValue)"}]}
            """#
        let policy = try Policy(
            allowlist: Array(allowlist.utf8), allowlistName: "allowlist.json",
            settings: PolicySettings(parsing: Array(#"{"readable_roots": ["/tmp"]}"#.utf8), name: "executor.json"),
            digest: digest)
        guard case .needsApproval(let proposal) = policy.judge(line: line) else { throw POSIXError(.EINVAL) }
        return proposal
    }

    func subject(
        _ line: String = "/bin/true", call: String? = nil, digest: String = "d1", caller: PeerIdentity? = nil
    ) throws -> ApprovalSubject {
        ApprovalSubject(try Self.proposal(line, digest: digest), call: call ?? line, caller ?? agent)
    }

    /// Asks, and gives the question's id and the state that goes with it.
    @discardableResult
    func ask(
        _ line: String = "/bin/true", level: ApprovalLevel = .user, session: Int? = 1, digest: String = "d1",
        caller: PeerIdentity? = nil
    ) throws -> (id: String, state: String) {
        let proposal = try Self.proposal(line, level: level, digest: digest)
        let subject = ApprovalSubject(proposal, call: line, caller ?? agent)
        let asked = approvals.ask(proposal, subject, caller: "uid 990", session: session)
        guard case .question(let question, let state) = asked else { throw POSIXError(.EBUSY) }
        return (question.id, state ?? "")
    }

    func redeem(
        _ state: String, _ reply: ApprovalReply? = .yes, _ subject: ApprovalSubject? = nil, session: Int = 1,
        code verdict: CodeVerifier.Verdict = .accepted
    ) throws -> Approvals.Redemption {
        approvals.redeem(state: state, reply: reply, try subject ?? self.subject(), session: session) { _ in verdict }
    }

    /// An operator's answer without a code.
    func decide(_ id: String, _ approved: Bool, by userID: UInt32 = 5) -> Approvals.Decision {
        approvals.decide(id, approved: approved, code: nil, by: userID) { _ in .accepted }
    }
}

extension Approvals.Redemption {
    var isApproved: Bool { if case .approved = self { true } else { false } }
}

@Suite("Questions that wait for a yes")
struct ApprovalsTests {
    let fixture = ApprovalsFixture()

    @Test("a state for another call, caller, connection or policy is refused, and uses nothing up")
    func otherSubjects() throws {
        let state = try fixture.ask().state
        let stranger = PeerIdentity(processID: 1, userID: 991, groupID: 990, role: .agent)
        let person = PeerIdentity(processID: 1, userID: 990, groupID: 990, role: .operator)
        for subject in [
            try fixture.subject("/bin/echo x"), try fixture.subject(call: "/bin/true, for longer"),
            try fixture.subject(caller: stranger), try fixture.subject(caller: person),
            try fixture.subject(digest: "d2"),
        ] {
            #expect(try !fixture.redeem(state, .yes, subject).isApproved, "\(subject)")
        }
        #expect(try !fixture.redeem(state, session: 2).isApproved)
        #expect(try fixture.redeem(state).isApproved)
    }

    @Test("a forged or cut state is refused, and uses nobody's question up")
    func forged() throws {
        let (id, state) = try fixture.ask()
        let digit = state.hasSuffix("0") ? "1" : "0"
        for forged in ["", ".", id, id + ".", String(state.dropLast()), state.dropLast() + digit, state + "0"] {
            #expect(try !fixture.redeem(String(forged)).isApproved, "\(forged)")
        }
        #expect(try fixture.redeem(state).isApproved)
    }

    @Test("a no, and no answer at all, close the question", arguments: [.no, nil] as [ApprovalReply?])
    func no(_ reply: ApprovalReply?) throws {
        let state = try fixture.ask().state
        #expect(try !fixture.redeem(state, reply).isApproved)
        #expect(try !fixture.redeem(state).isApproved)
    }

    @Test("a yes is good once, however many come at the same time")
    func once() async throws {
        let fixture = fixture
        let (state, subject) = (try fixture.ask().state, try fixture.subject())
        let yeses = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<32 { group.addTask { (try? fixture.redeem(state, .yes, subject).isApproved) ?? false } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(yeses == 1)
    }

    @Test("an operator's yes is good for one call of exactly that kind, however many come at the same time")
    func operatorOnce() async throws {
        let fixture = fixture
        let (id, subject) = (try fixture.ask(level: .operator, session: nil).id, try fixture.subject())
        #expect(fixture.approvals.takeOperatorApproval(subject)?.id == nil)
        guard case .decided(let question) = fixture.decide(id, true, by: 5) else {
            throw POSIXError(.EIO)
        }
        #expect(question.command == "/bin/true" && question.level == "operator")
        #expect(fixture.approvals.takeOperatorApproval(try fixture.subject(call: "other"))?.id == nil)
        let taken = await withTaskGroup(of: UInt32?.self) { group in
            for _ in 0..<32 { group.addTask { fixture.approvals.takeOperatorApproval(subject)?.userID } }
            return await group.reduce(into: [UInt32]()) { if let user = $1 { $0.append(user) } }
        }
        #expect(taken == [5])
    }

    @Test("the first answer of an operator stands; what was denied or never asked cannot be approved")
    func firstAnswer() throws {
        let id = try fixture.ask(level: .operator, session: nil).id
        #expect(fixture.decide("none", true, by: 5) == .none)
        #expect(fixture.decide(id, false, by: 5) != .none)
        #expect(fixture.decide(id, true, by: 5) == .none)
        let second = try fixture.ask(level: .operator, session: nil).id
        #expect(fixture.decide(second, true, by: 5) != .none)
        #expect(fixture.decide(second, false, by: 6) == .none)
        #expect(fixture.approvals.list().isEmpty)
    }

    @Test("after its time neither a question nor an operator's yes is good")
    func expiry() throws {
        let state = try fixture.ask().state
        let id = try fixture.ask("/bin/echo x", level: .operator, session: nil).id
        _ = fixture.decide(id, true, by: 5)
        fixture.clock.advance(ExecutorLimits.approvalLifetime - .milliseconds(1))
        #expect(fixture.approvals.list().count == 1)
        fixture.clock.advance(.milliseconds(1))
        #expect(fixture.approvals.list().isEmpty)
        #expect(try !fixture.redeem(state).isApproved)
        #expect(fixture.approvals.takeOperatorApproval(try fixture.subject("/bin/echo x"))?.id == nil)
    }

    @Test("the end of the connection that was asked closes its questions, and no others")
    func disconnect() throws {
        let (gone, stays) = (try fixture.ask(session: 1).state, try fixture.ask(session: 2).state)
        let waits = try fixture.ask("/bin/echo x", level: .operator, session: nil).id
        fixture.approvals.forget(session: 1)
        #expect(try !fixture.redeem(gone).isApproved)
        #expect(try fixture.redeem(stays, session: 2).isApproved)
        #expect(fixture.approvals.list().map(\.id) == [waits])
    }

    @Test("other rules close what was asked and approved under the old ones, though the old ones come back")
    func policy() throws {
        let state = try fixture.ask().state
        let id = try fixture.ask(level: .operator, session: nil).id
        _ = fixture.decide(id, true, by: 5)
        fixture.approvals.forget(policyOtherThan: "d1")
        #expect(fixture.approvals.list().count == 1)
        fixture.approvals.forget(policyOtherThan: "d2")
        #expect(try !fixture.redeem(state).isApproved)
        #expect(fixture.approvals.takeOperatorApproval(try fixture.subject())?.id == nil)
    }

    @Test("another process' approvals, as after a restart, are worth nothing")
    func restart() throws {
        let state = try fixture.ask().state
        let restarted = ApprovalsFixture()
        try restarted.ask()
        #expect(try !restarted.redeem(state).isApproved)
    }

    @Test("the same question to an operator again is the one that waits; one put to a connection is not")
    func sameQuestion() throws {
        let first = try fixture.ask(level: .operator, session: nil).id
        #expect(try fixture.ask(level: .operator, session: nil).id == first)
        #expect(try fixture.ask("/bin/echo x", level: .operator, session: nil).id != first)
        #expect(try fixture.ask(session: 1).id != (try fixture.ask(session: 1).id))
        _ = fixture.decide(first, true, by: 5)
        #expect(try fixture.ask(level: .operator, session: nil).id != first)
    }

    @Test("one caller's questions leave room for another's; all together are limited too")
    func limits() throws {
        var callers = 0
        while callers * ExecutorLimits.pendingApprovalsOfCaller < ExecutorLimits.pendingApprovals {
            let caller = PeerIdentity(processID: 1, userID: UInt32(callers), groupID: 1, role: .agent)
            for _ in 0..<ExecutorLimits.pendingApprovalsOfCaller { try fixture.ask(caller: caller) }
            #expect(throws: POSIXError.self) { try fixture.ask(caller: caller) }
            callers += 1
        }
        #expect(callers > 1)
        #expect(throws: POSIXError.self) { try fixture.ask() }
        fixture.clock.advance(ExecutorLimits.approvalLifetime)
        try fixture.ask()
    }
}

@Suite("What a yes is bound to")
struct ApprovalSubjectTests {
    @Test("a file that was replaced is another file, though it has the same bytes; one that grew is not")
    func files() throws {
        try withTemporaryDirectory { directory in
            let (path, other) = (directory + "/f", directory + "/g")
            for name in [path, other] { try Data("x".utf8).write(to: URL(filePath: name)) }
            let fixture = ApprovalsFixture()
            let before = try fixture.subject("cat \(path)")
            try Data("xy".utf8).withUnsafeBytes { bytes in
                let descriptor = open(path, O_WRONLY | O_APPEND)
                defer { close(descriptor) }
                guard write(descriptor, bytes.baseAddress, bytes.count) == 2 else { throw POSIXError(.EIO) }
            }
            #expect(try fixture.subject("cat \(path)") == before)
            rename(other, path)
            #expect(try fixture.subject("cat \(path)") != before)
            unlink(path)
            #expect(try fixture.subject("cat \(path)").files.last == "\(path) missing")
        }
    }
}

@Suite("Questions that wait for a one-time code")
struct CodeQuestionTests {
    let fixture = ApprovalsFixture()

    private let code = ApprovalReply(json: ["action": "accept", "content": ["code": "123456"]])

    @Test("a yes does not answer a question for a code, and a code none for a yes; both close it")
    func otherKind() throws {
        let totp = try fixture.ask(level: .totp).state
        #expect(try !fixture.redeem(totp, .yes).isApproved)
        #expect(try !fixture.redeem(totp, code).isApproved)
        let user = try fixture.ask(level: .user).state
        #expect(try !fixture.redeem(user, code).isApproved)
        #expect(try !fixture.redeem(user, .yes).isApproved)
    }

    @Test("after a wrong code the same question stands, until no more may be tried")
    func again() throws {
        let state = try fixture.ask(level: .totp).state
        guard case .again(let question, state) = try fixture.redeem(state, code, code: .wrong(left: 1)) else {
            throw POSIXError(.EIO)
        }
        #expect(question.triesLeft == 1 && fixture.approvals.list() == [question])
        #expect(try !fixture.redeem(state, code, code: .wrong(left: 0)).isApproved)
        #expect(try !fixture.redeem(state, code).isApproved)
        let second = try fixture.ask(level: .totp).state
        _ = try fixture.redeem(second, code, code: .wrong(left: 1))
        #expect(try fixture.redeem(second, code).isApproved)
        #expect(try !fixture.redeem(second, code).isApproved)
    }

    @Test("where no code is checked the question is closed, with the reason")
    func unavailable() throws {
        let refusal = Refusal(.limit, message: "m", alternative: "a")
        let state = try fixture.ask(level: .totp).state
        #expect(try fixture.redeem(state, code, code: .unavailable(refusal)) == .refused(refusal))
        #expect(fixture.approvals.list().isEmpty)
    }

    @Test("a state that does not fit has no code checked: a stranger cannot use up the tries")
    func strangers() throws {
        try fixture.ask(level: .totp)
        var checked = 0
        let redemption = fixture.approvals.redeem(
            state: "none.0", reply: code, try fixture.subject(), session: 1
        ) { _ in
            checked += 1
            return .accepted
        }
        #expect(!redemption.isApproved && checked == 0)
    }

    @Test("an operator needs the code too")
    func operators() throws {
        let (id, code) = (try fixture.ask(level: .totp, session: nil).id, try #require(OneTimeCode("123456")))
        func decide(_ code: OneTimeCode?, _ verdict: CodeVerifier.Verdict) -> Approvals.Decision {
            fixture.approvals.decide(id, approved: true, code: code, by: 5) { _ in verdict }
        }
        let question = try #require(fixture.approvals.list().first)
        #expect(decide(nil, .accepted) == .needsCode(question))
        #expect(decide(code, .wrong(left: 2)) == .wrongCode(question, left: 2))
        let refusal = Refusal(.limit, message: "m", alternative: "a")
        #expect(decide(code, .unavailable(refusal)) == .refused(question, refusal))
        #expect(fixture.approvals.takeOperatorApproval(try fixture.subject())?.id == nil)
        #expect(decide(code, .accepted) == .decided(question))
        let taken = fixture.approvals.takeOperatorApproval(try fixture.subject())
        #expect(taken?.id == id && taken?.level == .totp && taken?.userID == 5)
    }
}
