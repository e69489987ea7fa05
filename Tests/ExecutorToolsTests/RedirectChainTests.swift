import ExecutorRunner
import Testing

@testable import ExecutorTools

/// Redirections of a server that is a table.
@Suite("verify_fix: redirections")
struct RedirectChainTests {
    private func answer(_ redirect: String?) -> ProbeAnswer {
        let output = redirect.map { "302 0.01 \($0)\n\n" } ?? "200 0.01 \n\n"
        return ProbeAnswer(
            RunResult(
                termination: .exited(0), ending: .itself, output: output, outputBytes: output.utf8.count,
                isOutputCut: false, maskedSecrets: 0, duration: .zero, cpuTime: .zero, peakMemoryBytes: 0, processID: 2)
        )
    }

    /// What is said of `http://a/`, and which addresses were asked for besides.
    private func follow(_ table: [String: String], refused: String? = nil) -> (answer: ProbeAnswer, asked: [String]) {
        var asked: [String] = []
        let chain = RedirectChain { url in
            guard url != refused else { return nil }
            asked.append(url)
            return answer(table[url])
        }
        return (chain.judge(answer(table["http://a/"]), from: "http://a"), asked)
    }

    @Test(
        "a circle is no success, whatever its length",
        arguments: [
            ["http://a/": "http://a/"], ["http://a/": "http://a/x", "http://a/x": "http://a/"],
            ["http://a/": "http://a/x", "http://a/x": "http://a/y", "http://a/y": "http://a/x"],
        ])
    func circle(_ table: [String: String]) {
        let answer = follow(table).answer
        #expect(!answer.isGood && answer.status == 302 && answer.words.contains("redirects in a circle: http://a/ → "))
        #expect(answer.finding("http://a")?.code == .redirectLoop)
    }

    @Test("one that never comes to an end is a circle too")
    func endless() {
        let table = Dictionary(
            uniqueKeysWithValues: [("http://a/", "http://a/1")]
                + (1..<50).map { ("http://a/\($0)", "http://a/\($0 + 1)") })
        let (answer, asked) = follow(table)
        #expect(answer.finding("http://a")?.code == .redirectLoop && asked.count < 10)
    }

    @Test("another server is not asked, nor what the rules do not let be asked; where it ends, it is good")
    func ends() {
        #expect(follow(["http://a/": "https://a/"]).asked.isEmpty)
        #expect(follow(["http://a/": "http://b/x", "http://b/x": "http://a/"]).asked.isEmpty)
        #expect(follow(["http://a/": "http://a/x", "http://a/x": "http://a/"], refused: "http://a/x").answer.isGood)
        let (answer, asked) = follow(["http://a/": "http://a/login"])
        #expect(answer.isGood && answer.redirect == "http://a/login" && asked == ["http://a/login"])
    }
}
