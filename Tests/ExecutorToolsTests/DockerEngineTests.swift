import ExecutorAPI
import StrictJSON
import Testing

/// A real engine, which `scripts/engine.sh` starts; `DOCKER_TEST_CLIENT` names a client that talks to it.
@Suite("Docker's tools on a real engine", .enabled(if: Engine.client != nil, "needs scripts/engine.sh"), .serialized)
struct DockerEngineTests {
    private let engine: Engine

    init() throws { engine = try Engine(client: try #require(Engine.client)) }

    private func list() -> ToolResult { engine.call(.dockerPs) }

    @Test("a user who may not open the engine's socket is told so, in one sentence")
    func notPermitted() throws {
        let other = try Engine(
            client: try #require(Engine.client),
            rules: #"{"docker": [{"command": "docker ps -a", "run_as": "nobody"}]}"#)
        #expect(
            other.call(.dockerPs).error
                == "The user nobody may not talk to the Docker daemon: let the rule run as root, or put the user into the docker group."
        )
    }

    @Test(
        "a container that is not there is one sentence, of each tool", arguments: [ToolName.dockerLogs, .dockerRestart])
    func absent(_ tool: ToolName) {
        #expect(
            engine.call(tool, ["container": "no-such"]).error
                == "There is no container 'no-such'; docker_ps lists those there are.")
    }

    @Test("a running container has its state, image, ports, restarts and compose project")
    func running() throws {
        try engine.start(
            "well", "-p 18080:80 --label com.docker.compose.project=shop", "sleep 1000")
        let result = list()
        let json = result.metadata["containers"]?.arrayValue?.first { $0["name"] == "well" }
        #expect(json?["state"] == "running" && json?["image"] == "testbox" && json?["compose_project"] == "shop")
        #expect(json?["ports"]?.stringValue?.contains("0.0.0.0:18080->80/tcp") == true)
        #expect(json?["restarts"] == 0 && json?["oom_killed"] == false && engine.finding("well", in: result) == nil)
    }

    @Test("one that has ended says its code and what it printed last; one that ended as it should is no finding")
    func exited() throws {
        try engine.start("job", "", "sh -c 'echo reading; echo no such table >&2; exit 3'")
        try engine.start("done", "", "true")
        try engine.waitForEnd("job", "done")
        let result = list()
        let found = try #require(engine.finding("job", in: result))
        #expect(found["code"] == "exited" && found["text"] == "job has ended with code 3.")
        #expect(
            found["lines"]?.arrayValue?.contains { $0.stringValue?.hasSuffix("stderr: no such table") == true } == true)
        #expect(engine.finding("done", in: result) == nil)
        let json = result.metadata["containers"]?.arrayValue?.first { $0["name"] == "job" }
        #expect(json?["exit_code"] == 3)
    }

    @Test("one that was killed for want of memory says so, and at what limit", .enabled(if: Engine.limitsMemory))
    func outOfMemory() throws {
        try engine.start("greedy", "-m 16m --memory-swap 16m", "tail /dev/zero")
        try engine.waitForEnd("greedy")
        let found = try #require(engine.finding("greedy", in: list()))
        #expect(found["code"] == "oom_killed", "\(found)")
        #expect(found["text"]?.stringValue?.contains("at its limit of 16") == true, "\(found)")
    }

    @Test("one that ends and is started again and again is a restart loop, with its code and last words")
    func loop() throws {
        try engine.start("loop", "--restart always", "sh -c 'echo cannot open /etc/app.conf >&2; exit 7'")
        try engine.waitUntil("loop", "{{.RestartCount}} {{.State.Status}}") { text in
            (Int(text.prefix { $0 != " " }) ?? 0) >= 4 && text.hasSuffix("restarting")
        }
        let found = try #require(engine.finding("loop", in: list()))
        #expect(found["code"] == "restart_loop" && found["text"]?.stringValue?.contains("code 7") == true, "\(found)")
        #expect(
            found["lines"]?.arrayValue?.last?.stringValue?.contains("cannot open /etc/app.conf") == true, "\(found)")
    }

    @Test("one whose health check fails says what the check printed")
    func unhealthy() throws {
        try engine.start(
            "sick", "--health-cmd 'echo refused on 5432; exit 1' --health-interval 1s --health-retries 2", "sleep 1000")
        try engine.waitUntil("sick", "{{.State.Health.Status}}") { $0 == "unhealthy" }
        let result = list()
        let found = try #require(engine.finding("sick", in: result))
        #expect(found["code"] == "unhealthy")
        #expect(found["text"]?.stringValue?.contains("the last said: refused on 5432") == true, "\(found)")
    }

    @Test("one that cannot start says why: its port is taken, or its program is not there")
    func cannotStart() throws {
        try engine.start("first", "-p 18081:80", "sleep 1000")
        try engine.start("second", "-p 18081:80", "sleep 1000", mayFail: true)
        try engine.start("nothing", "", "no-such-program", mayFail: true)
        let result = list()
        #expect(engine.finding("second", in: result)?["code"] == "port_taken")
        #expect(engine.finding("second", in: result)?["text"]?.stringValue?.contains("port 18081 is taken") == true)
        #expect(engine.finding("nothing", in: result)?["code"] == "cannot_start")
        #expect(
            engine.call(.dockerRestart, ["container": "second"]).error
                == "Docker cannot start the container: port 18081 is taken; check_port 18081 says by what.")
    }

    @Test("a log has the lines of both streams in their order, each with its time and stream, secrets masked")
    func logs() throws {
        let lines = "echo one; sleep 0.05; echo two >&2; sleep 0.05; echo token=abcdef123456 ; sleep 0.05; echo four"
        try engine.start("talker", "", "sh -c '\(lines)'")
        try engine.waitForEnd("talker")
        let result = engine.call(.dockerLogs, ["container": "talker", "tail": 3])
        let shown = result.output.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).last ?? "" }
        #expect(
            shown == ["stderr: two", "stdout: token=[masked]", "stdout: four", "are older lines)"], "\(result.text)")
        #expect(result.output.first?.isNumber == true && result.metadata["stderr_lines"] == 1)
    }

    @Test("a log is narrowed by time and by a pattern, and read_logs reads it too")
    func narrowedLogs() throws {
        try engine.start("counter", "", "sh -c 'for i in $(seq 500); do echo line $i; done; echo Fatal: no disk >&2'")
        try engine.waitForEnd("counter")
        let found = engine.call(.dockerLogs, ["container": "counter", "pattern": "LINE 77|fatal"])
        #expect(found.metadata["lines"] == 2 && found.output.contains("stderr: Fatal: no disk"), "\(found.text)")
        #expect(engine.call(.dockerLogs, ["container": "counter", "until": "1h"]).output.contains("nothing that fits"))
        let read = engine.call(
            .readLogs, ["service": "counter", "source": "container", "since": "5m", "lines": 2])
        #expect(read.metadata["lines"] == 2 && read.output.contains("stdout: line 500"), "\(read.text)")
        let refused = engine.call(.readLogs, ["service": "counter", "source": "container", "priority": "err"])
        #expect(refused.refusal?.message.contains("is a container") == true)
    }

    @Test("a restart waits until the health check passes")
    func becomesHealthy() throws {
        try engine.start(
            "slow",
            "--health-cmd 'test -e /tmp/ok' --health-interval 500ms --health-retries 20 --stop-timeout 1 --init",
            "sh -c 'rm -f /tmp/ok; sleep 2; touch /tmp/ok; sleep 1000'")
        let result = engine.call(.dockerRestart, ["container": "slow"])
        #expect(result.success && result.metadata["after"]?["health"] == "healthy", "\(result.text)")
        #expect(result.metadata["before"]?["state"] == "running")
    }

    @Test("a restart after which the health check fails is a failure that says what the check printed")
    func staysUnhealthy() throws {
        try engine.start(
            "ill", "--health-cmd 'echo still broken; exit 1' --health-interval 500ms --health-retries 2 --init",
            "sleep 1000")
        let result = engine.call(.dockerRestart, ["container": "ill"])
        #expect(result.error == "The container 'ill' was restarted and its health check fails.", "\(result.text)")
        #expect(result.output.contains("still broken"))
    }

    @Test(
        "a restart after which it ends again is a failure with its code and last words, whatever its policy",
        arguments: ["no", "always"])
    func endsAgain(_ policy: String) throws {
        let name = "fragile-\(policy)"
        try engine.start(
            name, "--restart \(policy) --init",
            "sh -c 'if test -e /seen; then echo state is locked >&2; exit 4; fi; touch /seen; sleep 1000'")
        let result = engine.call(.dockerRestart, ["container": .string(name)])
        #expect(result.error == "The container '\(name)' was restarted and ended again; docker_logs shows why.")
        #expect(result.output.contains("code 4") && result.output.contains("stderr: state is locked"), "\(result.text)")
    }
}
