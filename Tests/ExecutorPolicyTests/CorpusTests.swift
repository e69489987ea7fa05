import ExecutorAPI
import ExecutorPolicy
import StrictJSON
import Testing

@Suite("The default allowlist, over the corpus")
struct CorpusTests {
    @Test("no hostile line is allowed, and each refusal says what would be accepted")
    func hostile() throws {
        let policy = try Fixture.shipped()
        let corpus = try Fixture.corpus("hostile")
        #expect(corpus.count >= 300)
        #expect(Set(corpus.compactMap { $0["technique"]?.stringValue }).count >= 60)
        for entry in corpus {
            let line = try #require(entry["line"]?.stringValue)
            let verdict = policy.judge(line: line)
            let refusal = verdict.refusal
            #expect(refusal != nil, "allowed: \(line.debugDescription), \(String(describing: verdict.grant?.command))")
            #expect(refusal?.message.isEmpty == false && refusal?.alternative.isEmpty == false)
        }
    }

    @Test("every ordinary line is allowed, by the rule it is meant for")
    func ordinary() throws {
        let policy = try Fixture.shipped()
        for entry in try Fixture.corpus("ordinary") {
            let line = try #require(entry["line"]?.stringValue)
            let verdict = policy.judge(line: line)
            #expect(
                verdict.grant?.rule.text == entry["rule"]?.stringValue,
                "\(line): \(String(describing: verdict.refusal))")
        }
    }

    @Test("every shipped rule decides some line: none is dead, or hidden by another")
    func everyRuleIsReached() throws {
        let policy = try Fixture.shipped()
        let samples = ["nginx", "5", "10m", "http://localhost/", "/etc/nginx", "a.log", "example.com"]
        let kinds = ["{count}", "{duration}", "{host}"]
        for (category, entries) in try Fixture.shippedEntries() {
            for text in entries {
                let pieces = kinds.reduce(text) { $0.replacing($1, with: "*") }
                    .split(separator: "*", omittingEmptySubsequences: false).map(String.init)
                let lines = pieces.dropFirst().reduce([pieces[0]]) { lines, piece in
                    lines.flatMap { line in samples.map { line + $0 + piece } }
                }
                let reached = lines.contains { policy.judge(line: $0).grant?.rule.text == "\(category)/\(text)" }
                #expect(reached, "\(text)")
            }
        }
    }

    @Test("what is allowed splits again into exactly the arguments that run")
    func resplits() throws {
        let policy = try Fixture.shipped()
        for entry in try Fixture.corpus("ordinary") {
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
