import ExecutorAPI
import ExecutorPolicy
import StrictJSON
import Testing

@Suite("The default allowlist, over the corpus")
struct CorpusTests {
    @Test(
        "no hostile line is allowed, and each refusal says what would be accepted",
        arguments: [("hostile", 700, 60), ("attacks", 1400, 70), ("outside", 1000, 70)])
    func hostile(_ name: String, _ lines: Int, _ techniques: Int) throws {
        let policy = try Fixture.shipped()
        let corpus = try Fixture.corpus(name)
        #expect(corpus.count >= lines)
        #expect(Set(corpus.compactMap { $0["technique"]?.stringValue }).count >= techniques)
        for entry in corpus {
            let line = try #require(entry["line"]?.stringValue)
            let verdict = policy.judge(line: line)
            let refusal = verdict.refusal
            #expect(refusal != nil, "allowed: \(line.debugDescription), \(String(describing: verdict.grant?.command))")
            #expect(refusal?.message.isEmpty == false && refusal?.alternative.isEmpty == false)
        }
    }

    @Test("every ordinary line is allowed, by the rule it is meant for", arguments: ["ordinary", "operations"])
    func ordinary(_ name: String) throws {
        let policy = try Fixture.shipped()
        for entry in try Fixture.corpus(name) {
            let line = try #require(entry["line"]?.stringValue)
            let verdict = policy.judge(line: line)
            #expect(
                verdict.grant?.rule.text == entry["rule"]?.stringValue,
                "\(line): \(String(describing: verdict.refusal))")
        }
    }

    @Test("every shipped rule decides some line: none is dead, or hidden by another")
    func everyRuleIsReached() throws {
        let lines = try ["ordinary", "operations"].flatMap { try Fixture.corpus($0) }
        let deciding = Set(lines.compactMap { $0["rule"]?.stringValue })
        let rules = Set(try Fixture.shippedRules())
        #expect(rules == deciding, "\(rules.symmetricDifference(deciding).sorted())")
    }

    @Test("what is allowed splits again into exactly the arguments that run", arguments: ["ordinary", "operations"])
    func resplits(_ name: String) throws {
        let policy = try Fixture.shipped()
        for entry in try Fixture.corpus(name) {
            let line = try #require(entry["line"]?.stringValue)
            let grant = try #require(policy.judge(line: line).grant)
            let words = try CommandLine(grant.command).arguments
            #expect(words == grant.arguments.map(\.text))
        }
    }

    @Test("a refusal is the same for a file that exists and for one that does not")
    func noOracle() throws {
        let policy = try Fixture.shipped()
        let existing = try #require(policy.judge(line: "ls -la /etc/shadow").refusal)
        let missing = try #require(policy.judge(line: "ls -la /etc/none/shadow").refusal)
        #expect(existing == missing)
    }
}
