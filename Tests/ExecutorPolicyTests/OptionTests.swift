import ExecutorAPI
import ExecutorPolicy
import Testing

@Suite("Rules with options")
struct OptionTests {
    private static let logs = #"""
        {"a": [{"command": "docker logs {container}", "id": "logs",
          "options": ["--tail {count} | --tail={count}", "--timestamps", "--since {duration}"]}]}
        """#
    private static let journal = #"""
        {"a": [{"command": "journalctl -u {unit}", "id": "journal", "units": ["nginx.service"],
          "one_of": ["-n {count}", "-b"], "options": ["--no-pager"]}]}
        """#

    @Test(
        "an option that is not written, stands twice, parts another from its value or comes before the verb is refused",
        arguments: [
            (logs, "docker logs --follow web"), (logs, "docker logs --tail 5 --tail 6 web"),
            (logs, "docker logs --tail 5 --tail=6 web"), (logs, "docker logs --timestamps --timestamps web"),
            (logs, "docker logs --tail --timestamps 5 web"), (logs, "docker --timestamps logs web"),
            (logs, "docker logs --tail web"), (logs, "docker logs --tail 5"), (logs, "docker logs --tail x web"),
            (logs, "docker logs --tail= web"), (logs, "docker logs --timestamp web"),
            (logs, "docker logs --timestamps=true web"), (logs, "docker logs web web"),
            (journal, "journalctl -u nginx"), (journal, "journalctl -u nginx --no-pager"),
            (journal, "journalctl -u -b nginx"), (journal, "journalctl -b -u -n 5 nginx"),
            (journal, "journalctl -u ssh -b"), (journal, "journalctl -b -n 5"),
        ])
    func refuses(_ rules: String, _ line: String) throws {
        #expect(try Fixture.policy(rules).judge(line: line).refusal?.code == .notAllowed, "\(line)")
    }

    @Test(
        "each option stands wherever people write it, and runs where it stood",
        arguments: [
            (logs, "docker logs web"), (logs, "docker logs --tail 5 web"), (logs, "docker logs web --tail=5"),
            (logs, "docker logs --since 1h web --timestamps"),
            (logs, "docker logs --timestamps --since 1h --tail 5 web"),
            (journal, "journalctl -u nginx -b"), (journal, "journalctl -b -u nginx --no-pager"),
            (journal, "journalctl --no-pager -n 5 -u nginx -b"),
        ])
    func allows(_ rules: String, _ line: String) throws {
        #expect(try Fixture.policy(rules).judge(line: line).grant?.command == line)
    }

    @Test("an option is no way around protection: its unit and its path are judged as any other")
    func protection() throws {
        let policy = try Fixture.policy(
            #"""
            {"a": [{"command": "systemctl restart", "id": "r", "options": ["--now {unit}"]},
             {"command": "ls -l", "id": "l", "options": ["--of {path}"]}]}
            """#)
        #expect(policy.judge(line: "systemctl restart --now sshd").refusal?.code == .protected)
        #expect(policy.judge(line: "systemctl restart --now nginx").grant?.effect == .change)
        #expect(policy.judge(line: "ls -l --of /etc/shadow").refusal?.code == .protected)
    }

    @Test(
        "an option that cannot be one refuses the file",
        arguments: [
            (#""options": [""]"#, "no option"), (#""options": ["{count}"]"#, "no option"), (#""options": [5]"#, "list"),
            (#""options": "-b""#, "list of strings"), (#""one_of": ["| {word}"]"#, "no option"),
            (#""options": ["--x {nothing}"]"#, "unknown kind"), (#""options": ["--x *y"]"#, "character"),
            (#""options": [\#((0..<17).map { "\"--o\($0)\"" }.joined(separator: ","))]"#, "more than 16"),
        ])
    func refusesFile(_ member: String, _ words: String) {
        let error = #expect(throws: PolicyError.self) {
            try Fixture.policy(#"{"a": [{"command": "uptime", \#(member)}]}"#)
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("rules with options are tried one by one, so a file has at most 200 of them")
    func limit() throws {
        func text(_ count: Int) -> String {
            let rules = (0..<count).map { #"{"command": "docker logs c\#($0)", "id": "\#($0)", "options": ["-t"]}"# }
            return #"{"a": [\#(rules.joined(separator: ","))]}"#
        }
        #expect(try Fixture.policy(text(200)).judge(line: "docker logs c199 -t").grant?.rule.text == "199")
        #expect(throws: PolicyError.self) { try Fixture.policy(text(201)) }
    }

    @Test(
        "names outside the zones are not looked up, where zones are given",
        arguments: [
            "dig evil.example", "ping -c 1 x.evil.example", "curl -s http://evil.example/", "dig notours.example.",
            "nslookup ours.example.evil.example",
        ])
    func zones(_ line: String) throws {
        let rules = #"{"a": ["dig *", "nslookup *", "ping -c 1 *", "curl -s *"]}"#
        let policy = try Fixture.policy(rules, settings: #"{"dns_zones": ["Ours.example"]}"#)
        #expect(policy.judge(line: line).refusal?.rule == "dns/zones")
        #expect(try Fixture.policy(rules).judge(line: line).grant != nil)
        for line in ["dig ours.example", "dig WWW.ours.example.", "ping -c 1 localhost", "curl -s http://127.0.0.1/"] {
            #expect(policy.judge(line: line).grant != nil, "\(line)")
        }
        #expect(throws: PolicyError.self) { try Fixture.policy(rules, settings: #"{"dns_zones": ["-x"]}"#) }
    }
}
