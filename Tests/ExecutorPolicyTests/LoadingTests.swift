import ExecutorAPI
import ExecutorPolicy
import Testing

@Suite("Reading the allowlist")
struct LoadingTests {
    @Test(
        "a file that cannot be trusted is refused, naming the entry and the remedy",
        arguments: [
            ("{", "allowlist.json:", "not valid JSON"),
            ("[]", "allowlist.json:", "no object"),
            (#"{"a": "uptime"}"#, "entry a", "no list"),
            (#"{"a": [1]}"#, "a[0]", "no string"),
            (#"{"a": ["uptime", "frobnicate *"]}"#, "a[1]", "write its kind"),
            (#"{"a": ["frobnicate"]}"#, "a[0]", "changes anything"),
            (#"{"a": [{"command": "frobnicate", "effect": "read"}]}"#, "a[0]", "pin it in executor.json"),
            (#"{"a": [{"command": "uptime {thing}"}]}"#, "a[0]", "unknown kind"),
            (#"{"a": [{"command": "uptime", "colour": "red"}]}"#, "a[0]", "no member \"colour\""),
            (#"{"a": [{"command": "uptime", "effect": "maybe"}]}"#, "a[0]", "\"read\" or \"change\""),
            (#"{"a": [{"command": "uptime", "timeout": "2h"}]}"#, "a[0]", "1s to 1h"),
            (#"{"a": [{"command": "uptime", "limits": {"memory_mb": 0}}]}"#, "a[0]", "limits"),
            (#"{"a": [{"command": "uptime", "sandbox": {"all": true}}]}"#, "a[0]", "sandbox"),
            (#"{"a": [{"command": "uptime", "cwd": "x"}]}"#, "a[0]", "absolute"),
            (#"{"a": [{"command": "uptime", "units": "x"}]}"#, "a[0]", "list of strings"),
            (#"{"a": [{"command": "uptime", "units": ["nginx.service"]}]}"#, "a[0]", "no {unit}"),
            (#"{"a": [{"command": "systemctl stop *", "units": ["nginx"]}]}"#, "a[0]", "whole name"),
            (#"{"a": [{"command": "uptime", "run_as": "-x"}]}"#, "a[0]", "no user name"),
            (#"{"a": [{"command": "uptime", "run_as": ""}]}"#, "a[0]", "1 to 512"),
            (#"{"a": [{"justification": "x"}]}"#, "a[0]", "no \"command\""),
            (#"{"a": ["uptime | sh"]}"#, "a[0]", "character that no request may have"),
            (#"{"a": ["cat *.log"]}"#, "a[0]", "does not end the word"),
            (#"{"a": ["cat ../*"]}"#, "a[0]", "no directory"),
            (#"{"a": [""]}"#, "a[0]", "empty"), (#"{"a": ["uptime \u00e9"]}"#, "a[0]", "printable"),
            (#"{"a": ["\#(String(repeating: "a ", count: 65))"]}"#, "a[0]", "too long"),
            (#"{"a": [{"command": "uptime", "limits": 1}]}"#, "a[0]", "no object"),
            (#"{"a": [{"command": "uptime", "limits": {"cpu": 1}}]}"#, "a[0]", "no limit"),
            (#"{"a": [{"command": "uptime", "timeout": 5}]}"#, "a[0]", "1s to 1h"),
            (#"{"a": [{"command": "uptime", "sandbox": true}]}"#, "a[0]", "two flags"),
            (#"{"a": [{"command": "uptime", "id": 5}]}"#, "a[0]", "no text"),
            (#"{"a": [{"command": "ls {path"}]}"#, "a[0]", "unknown kind"),
            (#"{"a": [{"command": "cat logs/{path}"}]}"#, "a[0]", "no directory"),
            (#"{"a": ["* status"]}"#, "a[0]", "program is a pattern"),
            (#"{"a": ["uptime", "uptime"]}"#, "a[1]", "another rule's"),
            (#"{"a": ["uptime"], "a": []}"#, "allowlist.json:", "twice"),
            (
                #"{"a": [{"command": "systemctl status {unit}", "match": ["systemctl status a b"]}]}"#, "a[0]",
                "does not match"
            ),
            (
                #"{"a": [{"command": "systemctl status {unit}", "not_match": ["systemctl status a"]}]}"#, "a[0]",
                "narrow"
            ),
        ])
    func refuses(_ text: String, _ place: String, _ words: String) {
        let error = #expect(throws: PolicyError.self) { try Fixture.policy(text) }
        #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test(
        "a setting that is wrong is refused by name",
        arguments: [
            ("[]", "no object"), (#"{"x": 1}"#, "no such setting"), (#"{"blocked": [" "]}"#, "empty"),
            (#"{"url_ports": ["0"]}"#, "no port"), (#"{"url_ports": ["9-8"]}"#, "no port"),
            (#"{"url_ports": ["8000-"]}"#, "no port"), (#"{"url_ports": ["-80"]}"#, "no port"),
            (#"{"url_ports": ["+80"]}"#, "no port"), (#"{"url_ports": ["1-2-3"]}"#, "no port"),
            (#"{"sandbox": "off"}"#, "no mode"), (#"{"sandbox": true}"#, "no mode"),
            (#"{"programs": {"docker": "docker"}}"#, "absolute"), (#"{"readable_roots": ["etc"]}"#, "no directory"),
            (#"{"audit_files": 1}"#, "out of range"), (#"{"url_loopback": 1}"#, "no boolean"),
            (#"{"protected_units": ["/etc"]}"#, "no unit"), (#"{"protected_units": [1]}"#, "list of strings"),
        ])
    func refusesSettings(_ text: String, _ words: String) {
        let error = #expect(throws: PolicyError.self) { try Fixture.policy(#"{"a": ["uptime"]}"#, settings: text) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("an object entry grants what it says")
    func objectEntry() throws {
        let policy = try Fixture.policy(
            #"""
            {"web": [{"command": "systemctl restart {unit}", "id": "restart-web", "effect": "change",
              "approval": "user", "units": ["nginx.service", "php*-fpm.service"], "run_as": "root", "timeout": "90s",
              "limits": {"memory_mb": 64, "processes": 4, "output_kb": 8, "open_files": 16},
              "sandbox": {"read_only": true, "no_second_exec": true}, "cwd": "/srv/web",
              "justification": "web tier only", "match": ["systemctl restart nginx"],
              "not_match": ["systemctl restart sshd"]}]}
            """#)
        guard case .needsApproval(let proposal) = policy.judge(line: "systemctl restart php8.2-fpm") else {
            Issue.record("no approval is asked for")
            return
        }
        #expect(proposal.level == .user && proposal.justification == "web tier only")
        let grant = policy.approve(proposal)
        #expect(grant.rule.text == "restart-web" && grant.timeout == .seconds(90) && grant.runAs == .user("root"))
        #expect(
            grant.limits == ResourceLimits(memoryBytes: 64 << 20, processes: 4, outputBytes: 8 << 10, openFiles: 16))
        #expect(grant.sandbox == Sandbox(readOnlyFileSystem: true, noSecondExec: true))
        #expect(grant.workingDirectory == "/srv/web" && grant.effect == .change)
        #expect(policy.judge(line: "systemctl restart mysql").refusal?.code == .notAllowed)
    }

    @Test(
        "a protected name protects every unit of that name",
        arguments: [
            ("postgres", "postgres.socket"), ("postgres", "postgres"), ("php8.2-fpm", "php8.2-fpm.service"),
            ("pg*", "pgbouncer"), ("a.timer", "a.timer"), ("*.timer", "b.timer"),
        ])
    func protectedNames(_ pattern: String, _ unit: String) throws {
        let policy = try Fixture.policy(
            #"{"a": ["systemctl stop *"]}"#, settings: #"{"protected_units": ["\#(pattern)"]}"#)
        #expect(policy.protects(unit: unit) != nil)
        #expect(policy.protects(unit: "nginx") == nil)
    }

    @Test("of several rules that match, the one that asks for the most decides")
    func strictest() throws {
        let policy = try Fixture.policy(
            #"{"a": ["uptime", {"command": "uptime", "id": "ask", "approval": "operator"}, {"command": "uptime", "id": "b"}]}"#
        )
        guard case .needsApproval(let proposal) = policy.judge(line: "uptime") else {
            Issue.record("the laxer rule decided")
            return
        }
        #expect(proposal.rule.text == "ask" && proposal.level == .operator)
    }

    @Test(
        "a protected unit is protected by what the program does, whatever its rule says",
        arguments: [
            (#"{"command": "systemctl restart {unit}", "effect": "read"}"#, "systemctl restart sshd"),
            (#"{"command": "systemctl --no-block stop {unit}"}"#, "systemctl --no-block stop devops-executor"),
            (#"{"command": "/usr/bin/systemctl mask {unit}"}"#, "/usr/bin/systemctl mask dbus"),
            (#"{"command": "systemctl restart {unit} {unit}"}"#, "systemctl restart nginx sshd"),
            (#"{"command": "systemctl restart sshd"}"#, "systemctl restart sshd"),
            (#"{"command": "systemctl reboot"}"#, "systemctl reboot"),
            (#"{"command": "systemctl isolate {word}"}"#, "systemctl isolate rescue.target"),
            (#"{"command": "/usr/sbin/service {unit} restart", "effect": "change"}"#, "/usr/sbin/service ssh restart"),
            (#"{"command": "/usr/sbin/service restart:{unit}", "effect": "change"}"#, "/usr/sbin/service restart:ssh"),
            (#"{"command": "/usr/sbin/service --unit={unit}", "effect": "change"}"#, "/usr/sbin/service --unit=ssh"),
            (#"{"command": "/usr/sbin/service ss{unit}", "effect": "change"}"#, "/usr/sbin/service ssh"),
        ])
    func protectedByEffect(_ entry: String, _ line: String) throws {
        #expect(try Fixture.policy(#"{"a": [\#(entry)]}"#).judge(line: line).refusal?.code == .protected)
    }

    @Test("a rule for some units finds them also behind other words of the same argument", arguments: [1, 2])
    func unitsWithPrefix(_ count: Int) throws {
        let units = [#""nginx.service""#, #""php*.service""#].prefix(count).joined(separator: ",")
        let policy = try Fixture.policy(
            #"{"a": [{"command": "/bin/x --unit={unit} {count}", "effect": "change", "units": [\#(units)]}]}"#)
        for unit in ["nginx", "nginx.service"] {
            #expect(policy.judge(line: "/bin/x --unit=\(unit) 5").grant?.target == "nginx.service")
        }
        for unit in ["apache2", "nginx.socket", "--unit=nginx"] {
            #expect(policy.judge(line: "/bin/x --unit=\(unit) 5").refusal?.code == .notAllowed)
        }
        #expect(policy.judge(line: "/bin/x nginx 5").refusal?.code == .notAllowed)
    }

    @Test("a file with more rules than may be is refused, and the largest that may be is not")
    func ruleLimit() throws {
        func text(_ count: Int) -> String {
            let rules = (0..<count).map { #""docker logs c\#($0)""# }
            return #"{"a": [\#(rules.joined(separator: ","))]}"#
        }
        #expect(try Fixture.policy(text(20_000)).ruleCount == 20_000)
        #expect(throws: PolicyError.self) { try Fixture.policy(text(20_001)) }
    }

    @Test("a refusal shows some of what is allowed, and says how much more there is")
    func alternatives() throws {
        let rules = (0..<9).map { #""docker logs c\#($0)""# }.joined(separator: ",")
        let refusal = try Fixture.policy(#"{"a": [\#(rules)]}"#).judge(line: "docker rm x").refusal
        #expect(refusal?.alternative.contains("docker logs c5 · and 3 more") == true)
        #expect(refusal?.message.contains("docker rm x") == true)
    }

    @Test("a policy that was refused denies everything, and says why")
    func denyAll() {
        let policy = Policy.denyAll(because: "the file is empty.")
        #expect(policy.judge(line: "uptime").refusal?.code == .policyInvalid)
        #expect(policy.judge(.unitStatus("nginx")).refusal?.message.contains("the file is empty") == true)
    }

    @Test("the administrator's settings widen and narrow what the rules say")
    func settings() throws {
        let policy = try Fixture.policy(
            #"{"a": ["curl -s *", "systemctl stop *", "docker ps", "ls *", "uptime"]}"#,
            settings: #"""
                {"url_ports": ["81", "90-91"], "url_private_ranges": true, "url_loopback": false,
                 "protected_units": ["postgres*"], "blocked": ["up time", "uptime"], "secret_names": ["pin"],
                 "programs": {"docker": "/usr/local/bin/docker"}, "readable_roots": ["/data"],
                 "audit_file_bytes": 100000, "audit_files": 3}
                """#)
        #expect(policy.judge(line: "curl -s http://10.0.0.1:81/").grant != nil)
        #expect(policy.judge(line: "curl -s http://10.0.0.1:80/").refusal?.rule == "url/ports")
        #expect(policy.judge(line: "curl -s http://127.0.0.1:81/").refusal?.rule == "url/addresses")
        #expect(policy.judge(line: "systemctl stop postgresql").refusal?.rule == "protected/postgres*")
        #expect(policy.judge(line: "docker ps").grant?.executable == "/usr/local/bin/docker")
        #expect(policy.judge(line: "ls /data/x").grant != nil)
        #expect(policy.judge(line: "ls /etc").refusal?.code == .notAllowed)
        #expect(policy.judge(line: "uptime").refusal?.rule == "blocked/uptime")
    }
}
