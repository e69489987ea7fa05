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
}
