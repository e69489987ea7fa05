import ExecutorRunner
import Testing

@testable import ExecutorTools

/// What curl prints with the format of a probe.
@Suite("verify_fix: what curl says")
struct ProbeAnswerTests {
    private func answer(_ output: String, exit: Int32 = 0) -> ProbeAnswer {
        ProbeAnswer(
            RunResult(
                termination: .exited(exit), ending: .itself, output: output, outputBytes: output.utf8.count,
                isOutputCut: false, maskedSecrets: 0, duration: .zero, cpuTime: .zero, peakMemoryBytes: 0, processID: 2)
        )
    }

    @Test(
        "no answer is no success, and why there was none is said",
        arguments: [
            ("000 0.000 \n\n", 7, "connection refused"), ("000 10.0 \n\n", 28, "timeout"),
            ("000 0.05 \nSSL certificate problem: certificate has expired\n", 60, "certificate has expired"),
            ("000 0.05 \n", 60, "its certificate is not valid"), ("", 99, "curl ended with 99"),
        ] as [(String, Int32, String)])
    func none(_ output: String, _ exit: Int32, _ words: String) {
        let answer = answer(output, exit: exit)
        #expect(!answer.isGood && answer.status == nil && answer.words.contains(words), "\(answer.words)")
    }

    @Test("a redirect is good and says where it leads; an error of the server is not")
    func answers() {
        let redirect = answer("301 0.012 https://x.example/\n\n")
        #expect(redirect.isGood && redirect.words == "301 Moved Permanently in 12 ms, leads to https://x.example/")
        #expect(!answer("502 0.1 \n\n").isGood)
    }

    @Test("the end of the server's own certificate is read, not of those behind it")
    func certificate() {
        let chain =
            "Subject:CN = localhost\nExpire date:Nov 30 10:00:09 2026 GMT\nCert:-----\nExpire date:Jan  1 00:00:00 2040 GMT"
        let answer = answer("200 0.008 \n\n\(chain)\n")
        #expect(answer.isGood && answer.certificateEnd == 1_796_032_809)
        #expect(self.answer("200 0.1 \n\nExpire date:Jan  1 00:00:00 2000 GMT").certificateDays.map { $0 < 0 } == true)
        #expect(self.answer("200 0.1 \n\nExpire date:never").certificateEnd == nil)
    }
}
