import ExecutorAPI
import ExecutorTools
import StrictJSON
import Testing

/// Real podman, through the client that docker's tools are told to use; `PODMAN_TEST_CLIENT` names it.
@Suite(
    "Docker's tools on podman", .enabled(if: Engine.podman != nil, "needs ENGINE=podman scripts/engine.sh"), .serialized
)
struct PodmanTests {
    private let engine: Engine

    init() throws { engine = try Engine(client: try #require(Engine.podman)) }

    @Test("a container that is not there is one sentence")
    func absent() {
        #expect(
            engine.call(.dockerLogs, ["container": "no-such"]).error
                == "There is no container 'no-such'; docker_ps lists those there are.")
    }

    @Test("containers are listed, and one that has ended says its code and last words")
    func list() throws {
        try engine.start("job", "--label com.docker.compose.project=shop", "sh -c 'echo no such table >&2; exit 3'")
        try engine.waitForEnd("job")
        let result = engine.call(.dockerPs)
        let json = result.metadata["containers"]?.arrayValue?.first { $0["name"] == "job" }
        #expect(
            json?["state"] == "exited" && json?["exit_code"] == 3 && json?["compose_project"] == "shop",
            "\(result.text)")
        let found = engine.finding("job", in: result)
        #expect(found?["code"] == "exited", "\(result.text)")
        #expect(
            found?["lines"]?.arrayValue?.first?.stringValue?.contains("stderr: no such table") == true, "\(result.text)"
        )
    }

    @Test("one whose health check fails says what the check printed")
    func unhealthy() throws {
        try engine.start(
            "sick", "--health-cmd 'echo refused on 5432; exit 1' --health-retries 1 --stop-timeout 0", "sleep 1000")
        // Without systemd nothing runs the check by itself.
        _ = engine.shell("healthcheck run sick >/dev/null 2>&1")
        let found = engine.finding("sick", in: engine.call(.dockerPs))
        #expect(found?["code"] == "unhealthy", "\(String(describing: found))")
        #expect(found?["text"]?.stringValue?.contains("refused on 5432") == true)
    }

    @Test("a restart waits until it runs and stays so, and one that ends again is a failure")
    func restart() throws {
        try engine.start("well", "--stop-timeout 0", "sleep 1000")
        let result = engine.call(.dockerRestart, ["container": "well"])
        #expect(result.success && result.metadata["after"]?["state"] == "running", "\(result.text)")
        try engine.start(
            "fragile", "--stop-timeout 0", "sh -c 'if test -e /seen; then exit 4; fi; touch /seen; sleep 1000'")
        let ended = engine.call(.dockerRestart, ["container": "fragile"])
        #expect(ended.error?.contains("ended again") == true && ended.output.contains("code 4"), "\(ended.text)")
    }
}
