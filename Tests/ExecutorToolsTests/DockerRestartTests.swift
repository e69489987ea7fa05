import ExecutorTools
import Testing

@Suite("Watching a container")
struct DockerRestartTests {
    @Test(
        "a restart is a success when it is healthy, or has run on for a while without a check",
        arguments: [
            ("running", true, "healthy", false, ContainerWatch.Outcome.well),
            ("running", true, "starting", true, nil),
            ("running", true, "unhealthy", false, .unhealthy),
            ("running", true, nil, false, nil),
            ("running", true, nil, true, .well),
            ("restarting", true, nil, true, .ended),
            ("exited", false, nil, false, nil),
            ("exited", false, nil, true, .ended),
        ] as [(String, Bool, String?, Bool, ContainerWatch.Outcome?)])
    func restartIsJudged(
        _ state: String, _ isRunning: Bool, _ health: String?, _ isSettled: Bool, _ outcome: ContainerWatch.Outcome?
    ) throws {
        let check = health.map { #","Health":{"Status":"\#($0)"}"# } ?? ""
        let detail = try #require(
            ContainerDetail(#"{"Name":"/x","State":{"Status":"\#(state)","Running":\#(isRunning)\#(check)}}"#))
        #expect(ContainerWatch.judge(detail, isSettled: isSettled) == outcome)
    }

    @Test("a log line keeps its time to the second and loses what could drive a terminal")
    func logLine() {
        #expect(
            ContainerLog.line("2026-11-24T10:00:00.123456789Z GET /\u{1B}[2J 200")
                == "2026-11-24T10:00:00Z GET /?[2J 200")
        #expect(ContainerLog.line("no time here.") == "no time here.")
    }

    @Test("lines of two streams stand in the order of their times")
    func linesAreOrdered() {
        let output = """
            2026-11-24T10:00:01.000000002Z oops
            2026-11-24T10:00:01.000000001Z started
            """
        #expect(ContainerLog.lines(output) == ["2026-11-24T10:00:01Z started", "2026-11-24T10:00:01Z oops"])
        #expect(ContainerLog.lines("b\na\n") == ["b", "a"])
    }
}
