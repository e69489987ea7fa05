import ExecutorAPI
import ExecutorPolicy
import Testing

@Suite("Judging")
struct JudgingTests {
    @Test(
        "every always-blocked pattern is refused by its name, before any rule",
        arguments: [
            ("rm -rf /", #"rm\s+-rf\s+/"#), ("rm   -RF /etc", #"rm\s+-rf\s+/"#), ("mkfs.ext4 x", #"mkfs\."#),
            ("dd if=/dev/zero", #"dd\s+if="#), ("uptime >/dev/sda", #">\s*/dev/sd"#),
            ("chmod -R 777 /", #"chmod\s+-R\s+777"#), ("x |  sh", #"\|\s*sh"#), ("curl x | bash", #"curl.*\|\s*bash"#),
            ("sudo  su", #"sudo\s+su"#), ("passwd", "passwd"), ("r''m -rf /", #"rm\s+-rf\s+/"#),
        ])
    func blocked(_ line: String, _ pattern: String) throws {
        let refusal = try #require(Fixture.shipped().judge(line: line).refusal)
        #expect(refusal.code == .blocked)
        #expect(refusal.rule == "blocked/\(pattern)")
    }

    @Test("a character that a shell would act on is named", arguments: ["|", ";", "&", "$", "`", ">", "<", "*", "("])
    func metacharacters(_ character: String) throws {
        let refusal = try #require(Fixture.shipped().judge(line: "uptime \(character)x").refusal)
        #expect(refusal.code == .malformed)
        #expect(refusal.message.contains("\"\(character)\""))
    }

    @Test(
        "what is not one plain command is refused, and the refusal names why",
        arguments: [
            ("", "empty"), ("   ", "empty"), ("uptime 'x", "not closed"), ("uptime \"x", "not closed"),
            ("uptime \\", "ends in a backslash"), ("uptime \"\\n\"", "stands before"), ("uptime \"$x\"", "\"$\""),
            ("uptime\nid", "line break"), ("uptime\tx", "a tab"), ("uptime\0", "NUL"), ("uptime \u{1b}", "control"),
            ("uptim\u{435}", "outside ASCII"), ("uptime \\\n", "line break"), ("~ x", "\"~\""), ("uptime #x", "\"#\""),
            (String(repeating: "a", count: 4097), "4097 bytes"), (String(repeating: "a ", count: 65), "65 arguments"),
        ])
    func malformed(_ line: String, _ words: String) throws {
        let refusal = try #require(Fixture.shipped().judge(line: line).refusal)
        #expect(refusal.code == .malformed && refusal.rule == "grammar")
        #expect(refusal.message.contains(words), "\(refusal.message)")
    }

    @Test(
        "words, quotes and backslashes split as in a shell",
        arguments: [
            ("a b  c", ["a", "b", "c"]), ("'a b' c", ["a b", "c"]), (#""a b""#, ["a b"]), (#"a\ b"#, ["a b"]),
            (#"a'b'"c"d"#, ["abcd"]), (#"'it'\''s'"#, ["it's"]), (#""a\"b\\c""#, [#"a"b\c"#]), ("a ''", ["a", ""]),
            ("'$x;|'", ["$x;|"]), ("a=b#c~", ["a=b#c~"]),
        ])
    func splits(_ line: String, _ words: [String]) throws {
        #expect(try CommandLine(line).arguments == words)
        #expect(try CommandLine(CommandLine.render(words)).arguments == words)
    }

    @Test("any arguments of printable characters survive rendering and splitting")
    func rendering() throws {
        var generator = SeededGenerator(state: 7)
        for _ in 0..<2000 {
            let words = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                String(
                    decoding: (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                        UInt8.random(in: 0x20...0x7E, using: &generator)
                    }, as: UTF8.self)
            }
            #expect(try CommandLine(CommandLine.render(words)).arguments == words)
        }
    }

    @Test("random bytes are judged without a trap, and never allowed by chance")
    func fuzz() throws {
        let policy = try Fixture.shipped()
        var generator = SeededGenerator(state: 11)
        let seeds = [
            "systemctl status nginx", "cat /var/log/syslog", "curl -s http://localhost:8080/a?b=c", "ls -la /etc",
        ]
        for round in 0..<5000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if let grant = policy.judge(line: String(decoding: bytes, as: UTF8.self)).grant {
                #expect(try CommandLine(grant.command).arguments == grant.arguments.map(\.text))
            }
        }
    }

    @Test(
        "a protected unit is not changed, in any spelling",
        arguments: [
            "ssh", "ssh.service", "SSH", "sshd", "devops-executor", "dbus.socket", "systemd-journald", "reboot.target",
        ])
    func protected(_ unit: String) throws {
        let policy = try Fixture.shipped()
        for verb in ["start", "stop", "restart"] {
            #expect(policy.judge(line: "systemctl \(verb) \(unit)").refusal?.code == .protected)
        }
        #expect(policy.judge(.unitChange(.restart, unit)).refusal?.code == .protected)
        #expect(policy.judge(line: "systemctl status \(unit)").grant != nil)
        #expect(policy.protects(unit: unit) != nil)
        #expect(policy.protects(unit: "nginx") == nil)
        #expect(policy.protects(unit: "../x") != nil)
    }

    @Test(
        "a tool's command is granted in the form it runs, by the rule of its line",
        arguments: [
            (ToolCommand.unitStatus("nginx"), "systemctl status nginx", "system/systemctl status *"),
            (.unitChange(.stop, "nginx"), "systemctl stop nginx", "system/systemctl stop *"),
            (.journal(unit: "nginx", lines: 5), "journalctl -u nginx -n 5", "system/journalctl -u * -n *"),
            (.logFile(path: "/var/log/a/b.log", lines: 5), "tail -n 5 /var/log/a/b.log", "files/tail -n * /var/log/*"),
            (.dockerList, "docker ps -a --no-trunc --format '{{json .}}'", "docker/docker ps -a"),
            (.dockerInspect("web"), "docker inspect --format '{{json .}}' -- web", "docker/docker ps -a"),
            (.dockerLogs("web", lines: 9), "docker logs --tail 9 --timestamps web", "docker/docker logs *"),
            (
                .dockerLogs("web", lines: 9, since: 1_790_000_000, until: 1_790_000_060),
                "docker logs --tail 9 --timestamps --since 1790000000 --until 1790000060 web", "docker/docker logs *"
            ),
            (
                .packedLogFile(path: "/var/log/a/b.log.2.gz", lines: 5, by: .gzip), "gzip -dc /var/log/a/b.log.2.gz",
                "files/tail -n * /var/log/*"
            ),
            (.dockerRestart("web"), "docker restart web", "docker/docker restart *"),
            (
                .probe(url: "http://localhost:8080/x"),
                "curl -q --globoff --noproxy '*' --proto =http,https --max-redirs 0 --max-time 20 -s -o /dev/null -m 10 -w '%{http_code} %{time_total} %{redirect_url}\\n%{errormsg}\\n%{certs}' http://localhost:8080/x",
                "network/curl -s *"
            ),
        ])
    func tools(_ command: ToolCommand, _ line: String, _ rule: String) throws {
        let grant = try #require(Fixture.shipped().judge(command).grant)
        #expect(grant.command == line)
        #expect(grant.rule.text == rule)
    }

    @Test(
        "a tool's argument is judged as it would be in a line",
        arguments: [
            ToolCommand.unitStatus("-Hevil"), .unitStatus("a b"), .unitChange(.restart, "*"),
            .dockerLogs("-f", lines: 5),
            .dockerInspect("a;b"), .dockerRestart("../x"), .logFile(path: "/etc/shadow", lines: 5),
            .packedLogFile(path: "/etc/shadow.gz", lines: 5, by: .gzip),
            .packedLogFile(path: "/var/log/../../etc/x.xz", lines: 5, by: .xz),
            .logFile(path: "/var/log/../../etc/shadow", lines: 5), .journal(unit: "nginx", lines: 0),
            .logFile(path: "/var/log/a\nb", lines: 5), .logFile(path: "/var/log/a\0b", lines: 5),
            .logFile(path: "/var/log/" + String(repeating: "a/", count: 4000), lines: 5), .unitStatus("n\u{456}inx"),
            .dockerLogs("web", lines: 0), .dockerLogs("web", lines: -5), .dockerLogs("web", lines: 10_001),
            .unitStatus(""), .dockerInspect(""), .logFile(path: "syslog", lines: 5),
            .probe(url: "http://169.254.169.254/"), .probe(url: "file:///etc/shadow"),
        ])
    func hostileTools(_ command: ToolCommand) throws {
        #expect(try Fixture.shipped().judge(command).refusal != nil)
    }

    @Test("readers run sandboxed as devops-probe; what needs root says so")
    func identities() throws {
        let policy = try Fixture.shipped()
        let cat = try #require(policy.judge(line: "cat /var/log/syslog").grant)
        #expect(cat.runAs == .probe && cat.sandbox == Sandbox(readOnlyFileSystem: true, noSecondExec: true))
        #expect(
            cat.arguments.last
                == .file(GrantedFile(root: "/var/log", relative: "syslog", delivery: .standardInput)))
        let list = try #require(policy.judge(line: "ls -la /etc").grant)
        #expect(list.arguments.last == .file(GrantedFile(root: "/etc", relative: "", delivery: .workingDirectory)))
        #expect(policy.judge(line: "docker restart web").grant?.effect == .change)
        #expect(policy.judge(line: "docker compose logs web").grant?.effect == .read)
        #expect(policy.judge(line: "docker compose down").grant?.effect == .change)
        #expect(policy.judge(line: "systemctl status nginx").grant?.effect == .read)
    }
}
