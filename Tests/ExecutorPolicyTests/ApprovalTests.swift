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

@Suite("A tool's command")
struct ToolCommandTests {
    @Test(
        "a log that its rule names whole is opened by the executor, through no link, and handed over open",
        arguments: [("/var/log/app.log", "/var/log", "app.log"), ("/app.log", "/", "app.log")])
    func wholePath(_ path: String, _ root: String, _ name: String) throws {
        let policy = try Fixture.policy(#"{"a": ["tail -n {count} \#(path)"]}"#)
        let grant = try #require(policy.judge(.logFile(path: path, lines: 5)).grant)
        #expect(
            grant.arguments.last == .file(GrantedFile(root: root, relative: name, delivery: .standardInput)))
        #expect(grant.command == "tail -n 5 \(path)")
        let line = try #require(policy.judge(line: "tail -n 5 \(path)").grant)
        #expect(line.arguments.last == .text(path))
    }

    @Test(
        "what is packed is unpacked by the program its name says, and nothing else is",
        arguments: [
            ("/var/log/a.gz", "gzip"), ("/var/log/a.bz2", "bzip2"), ("/var/log/a.xz", "xz"), ("/var/log/a.zst", "zstd"),
            ("/var/log/a", nil), ("/var/log/gz", nil), ("/var/log/a.GZ", nil), ("", nil),
        ] as [(String, String?)])
    func unpacker(_ path: String, _ program: String?) throws {
        let unpacker = Unpacker(path: path)
        #expect(unpacker?.rawValue == program)
        guard let unpacker else { return }
        let policy = try Fixture.policy(#"{"a": ["tail -n {count} /var/log/*"]}"#)
        let grant = policy.judge(.packedLogFile(path: path, lines: 5, by: unpacker)).grant
        #expect(grant?.executable == "/usr/bin/\(program ?? "")" && grant?.command == "\(program ?? "") -dc \(path)")
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
          {"command": "docker stop {container}", "id": "options", "approval": "user",
           "options": ["--time {count} | --time={count}", "--force", "--signal={word}"]},
          {"command": "systemctl kill {unit}", "id": "flags", "approval": "user", "options": ["--now", "-n {count}"]},
          {"command": "uptime", "id": "code", "approval": "totp"}, {"command": "df -h", "id": "plain"}]}
        """#

    @Test(
        "it is the unit or container where only numbers are free beside it, and else the command itself",
        arguments: [
            ("systemctl restart nginx", "nginx.service"), ("systemctl restart nginx.service", "nginx.service"),
            ("docker restart web", "web"), ("journalctl -u nginx -n 5", "nginx.service"),
            ("/bin/echo nginx x", "/bin/echo nginx x"), ("/bin/echo a b c", "/bin/echo a b c"), ("uptime", "uptime"),
            // Options stand where the caller likes, and a yes for one container is none for another.
            ("docker stop web", "web"), ("docker stop --time 5 web", "web"), ("docker stop web --time=5", "web"),
            ("docker stop --force web", "docker stop --force web"),
            ("docker stop web --force", "docker stop web --force"),
            ("docker stop --time 5 --signal=KILL web", "docker stop --time 5 --signal=KILL web"),
            ("systemctl kill nginx", "nginx.service"), ("systemctl -n 5 kill nginx", "nginx.service"),
            ("systemctl --now kill nginx", "systemctl --now kill nginx"),
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
            ("free", "df -h"), ("free", ""), ("code", "uptime"), ("options", "docker restart web"),
            ("flags", "systemctl restart nginx"), ("unit", "systemctl restart sshd"),
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
            ("plain", "df -h", "df -h"), ("options", "web", "web"),
            ("options", "docker stop --time 5 web", "web"), ("unit", "systemctl restart nginx", "nginx.service"),
            ("options", "docker stop 'web' --force", "docker stop web --force"),
            ("flags", "systemctl --now kill nginx", "systemctl --now kill nginx"),
        ]
        for (rule, text, target) in texts { #expect(try policy.target(text, ofRule: rule) == target) }
    }
}
