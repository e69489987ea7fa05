import ExecutorAPI
import ExecutorPolicy
import Testing

@testable import ExecutorCore

@Suite("Approvals that hold for a while")
struct StandingApprovalsTests {
    private let clock = TestClock()
    private let standing: StandingApprovals
    private let holder = StandingApprovals.Holder(session: 1, userID: "7", chatID: "7")

    init() { standing = StandingApprovals(now: clock.now) }

    @discardableResult
    private func add(
        level: ApprovalLevel = .operator, holder: StandingApprovals.Holder? = nil, rule: String = "echo",
        target: String = "/bin/echo x", digest: String = "d1", for duration: Duration = .seconds(60)
    ) -> StandingApproval? {
        standing.add(
            rule: rule, target: target, role: .agent, policyDigest: digest, level: level, holder: holder, by: "uid 0",
            for: duration)
    }

    private func use(
        _ line: String = "/bin/echo x", level: ApprovalLevel = .user, digest: String = "d1", role: Role = .agent,
        holder: StandingApprovals.Holder? = nil
    ) throws -> Bool {
        let proposal = try ApprovalsFixture.proposal(line, level: level, digest: digest)
        return standing.use(proposal, role: role, holder: holder ?? self.holder) != nil
    }

    @Test("another rule, target, role, policy or a higher level is not covered")
    func others() throws {
        add()
        add(level: .user, rule: "true", target: "/bin/true")
        #expect(try !use("/bin/echo y"))
        #expect(try !use("cat /tmp/x"))
        #expect(try !use(role: .operator))
        #expect(try !use(digest: "d2"))
        #expect(try !use(level: .totp))
        #expect(try !use("/bin/true", level: .operator))
        #expect(standing.list().allSatisfy { $0.uses == 0 })
        #expect(try use() && use(level: .operator) && use("/bin/true"))
        #expect(standing.list().map(\.uses).sorted() == [1, 2])
    }

    @Test("one that was given in the chat is for that connection, person and chat alone, and ends with the connection")
    func chat() throws {
        add(level: .user, holder: holder)
        let others = [
            StandingApprovals.Holder(session: 2, userID: "7", chatID: "7"),
            StandingApprovals.Holder(session: 1, userID: "8", chatID: "7"),
            StandingApprovals.Holder(session: 1, userID: "7", chatID: "9"),
            StandingApprovals.Holder(session: 1, userID: nil, chatID: nil),
        ]
        for other in others { #expect(try !use(holder: other), "\(other)") }
        #expect(try use())
        standing.forget(session: 2)
        #expect(try use())
        standing.forget(session: 1)
        #expect(try !use())
    }

    @Test("it ends with its time, with a revocation, and with the rules it was given under")
    func ends() throws {
        add(for: .seconds(60))
        clock.advance(.seconds(59))
        #expect(try use())
        clock.advance(.seconds(1))
        #expect(try !use())
        #expect(standing.list().isEmpty)
        let revoked = try #require(add())
        #expect(standing.revoke("none") == nil && standing.revoke(revoked.id)?.id == revoked.id)
        #expect(try !use())
        #expect(standing.revoke(revoked.id) == nil)
        add()
        standing.forget(policyOtherThan: "d1")
        #expect(try use())
        standing.forget(policyOtherThan: "d2")
        #expect(try !use())
    }

    @Test("no more than the limit hold at once, and those that ended make room")
    func limit() {
        for _ in 0..<ExecutorLimits.standingApprovals { #expect(add() != nil) }
        #expect(add() == nil)
        clock.advance(.seconds(60))
        #expect(add() != nil)
    }
}
