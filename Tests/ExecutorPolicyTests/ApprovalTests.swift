import ExecutorAPI
import ExecutorPolicy
import Testing

@Suite("Asking for a yes")
struct ApprovalTests {
    private func verdict(_ approval: ApprovalLevel?) throws -> Verdict {
        let member = approval.map { #", "approval": "\#($0.rawValue)", "justification": "by the rule""# } ?? ""
        return try Fixture.policy(#"{"a": [{"command": "uptime"\#(member)}]}"#).judge(line: "uptime")
    }

    @Test("settings beside the rules may ask for more than a rule, never for less")
    func requiring() throws {
        let levels: [ApprovalLevel] = [.user, .operator, .totp]
        for (own, asked) in levels.indices.flatMap({ own in levels.indices.map { (own, $0) } }) {
            guard case .needsApproval(let proposal) = try verdict(levels[own]).requiring(levels[asked]) else {
                Issue.record("\(levels[own]) was taken away")
                continue
            }
            #expect(proposal.level == levels[max(own, asked)])
            #expect(proposal.justification == "by the rule")
        }
    }

    @Test("an allowed command becomes a proposal of the same command; a refused one stays refused")
    func proposes() throws {
        let allowed = try verdict(nil)
        guard case .needsApproval(let proposal) = allowed.requiring(.operator, justification: "by the tool") else {
            Issue.record("nobody is asked")
            return
        }
        let grant = try #require(allowed.grant)
        #expect(proposal.rule == grant.rule && proposal.command == grant.command && proposal.effect == grant.effect)
        #expect(proposal.policyDigest == "test" && proposal.justification == "by the tool")
        #expect(Policy.denyAll(because: "x").approve(proposal) == grant)
        let denied = Policy.denyAll(because: "x").judge(line: "uptime")
        #expect(denied.requiring(.user) == denied)
    }
}
