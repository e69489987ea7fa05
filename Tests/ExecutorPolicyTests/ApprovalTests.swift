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

@Suite("What a standing approval is for")
struct TargetTests {
    private static let allowlist = #"""
        {"a": [
          {"command": "systemctl restart {unit}", "id": "unit", "approval": "user", "units": ["nginx.service", "php*.service"]},
          {"command": "docker restart {container}", "id": "container", "approval": "operator"},
          {"command": "journalctl -u {unit} -n {count}", "id": "count", "approval": "user"},
          {"command": "/bin/echo {unit} {word}", "id": "free", "effect": "change", "approval": "user"},
          {"command": "/bin/echo {unit} {unit} {unit}", "id": "units", "effect": "change", "approval": "user"},
          {"command": "uptime", "id": "code", "approval": "totp"}, {"command": "df -h", "id": "plain"}]}
        """#

    @Test(
        "it is the unit or container where only numbers are free beside it, and else the command itself",
        arguments: [
            ("systemctl restart nginx", "nginx.service"), ("systemctl restart nginx.service", "nginx.service"),
            ("docker restart web", "web"), ("journalctl -u nginx -n 5", "nginx.service"),
            ("/bin/echo nginx x", "/bin/echo nginx x"), ("/bin/echo a b c", "/bin/echo a b c"), ("uptime", "uptime"),
        ])
    func targets(_ line: String, _ target: String) throws {
        guard case .needsApproval(let proposal) = try Fixture.policy(Self.allowlist).judge(line: line) else {
            Issue.record("nobody is asked")
            return
        }
        #expect(proposal.target == target)
    }

    @Test("a tool's command has the target of the line it stands for")
    func tools() throws {
        let policy = try Fixture.policy(Self.allowlist)
        for (command, target) in [
            (ToolCommand.unitChange(.restart, "nginx"), "nginx.service"), (.dockerRestart("web"), "web"),
        ] {
            guard case .needsApproval(let proposal) = policy.judge(command) else {
                Issue.record("nobody is asked")
                continue
            }
            #expect(proposal.target == target)
        }
    }

    @Test(
        "what is no target of the rule is refused, and so are unknown rules and those that ask for a code",
        arguments: [
            ("none", "nginx"), ("unit", "sshd"), ("unit", "*"), ("unit", "nginx.service x"), ("unit", ""),
            ("container", "-x"), ("container", "a b"), ("free", "nginx"), ("free", "/bin/echo nginx x; id"),
            ("free", "df -h"), ("free", ""), ("code", "uptime"),
        ])
    func refusals(_ rule: String, _ text: String) throws {
        let policy = try Fixture.policy(Self.allowlist)
        #expect(throws: Refusal.self) { try policy.target(text, ofRule: rule) }
        #expect(throws: Refusal.self) { try Policy.denyAll(because: "x").target(text, ofRule: rule) }
    }

    @Test("what an operator writes comes to the target a proposal has")
    func written() throws {
        let policy = try Fixture.policy(Self.allowlist)
        let texts = [
            ("unit", "nginx", "nginx.service"), ("unit", "php8-fpm.service", "php8-fpm.service"),
            ("container", "web", "web"), ("free", "/bin/echo  'nginx' x", "/bin/echo nginx x"),
            ("plain", "df -h", "df -h"),
        ]
        for (rule, text, target) in texts { #expect(try policy.target(text, ofRule: rule) == target) }
    }
}
