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
        #expect(found["code"] == "oom_kill", "\(found)")
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

    @Test("a port that a container publishes is named with the container, wherever it is met")
    func publishedPort() throws {
        try engine.start("shop", "-p 18085:80", "sleep 1000")
        try engine.start("rival", "-p 18085:80", "sleep 1000", mayFail: true)
        let listed = try #require(engine.finding("rival", in: list()))
        #expect(listed["text"] == "rival cannot start: port 18085 is taken by the container shop.")
        #expect(listed["code"] == "port_taken" && listed["cause"] == "port_taken")
        let restart = engine.call(.dockerRestart, ["container": "rival"])
        #expect(!restart.success && restart.output == "Port 18085 is taken by the container shop.", "\(restart.text)")
        let port = engine.port(18085)
        #expect(port.metadata["published_by"] == "shop" && port.metadata["free"] == false, "\(port.text)")
        #expect(
            port.output.contains("docker-proxy (pid ") && port.output.contains("passing on to 172."), "\(port.text)")
        #expect(port.output.contains("The container shop publishes port 18085"), "\(port.text)")
    }

    /// A container, and what the finding says of it.
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var options = ""
        var command: String
        var code: String
        var cause: JSONValue?
        var words: String
        var testDescription: String { name }
    }

    private static let ends = [
        Fault(
            name: "full", options: "--tmpfs /data:size=64k", command: "dd if=/dev/zero of=/data/x bs=1k count=100",
            code: "exited", cause: "disk_full", words: "code 1. Its log says why: A disk is full: /data/x."),
        Fault(
            name: "sealed", options: "--read-only", command: "touch /etc/x", code: "exited",
            cause: "read_only_file_system", words: "A file system is read-only: /etc/x."),
        Fault(
            name: "nameless", command: "wget http://db.internal/", code: "exited", cause: "name_not_resolved",
            words: "cannot be resolved (DNS): db.internal."),
        Fault(
            name: "cut-off", options: "--network none", command: "wget -q -O- http://10.9.9.9/", code: "exited",
            cause: "unreachable", words: "cannot be reached over the network"),
        Fault(
            name: "crowded", options: "--pids-limit 2", command: "sh -c 'sleep 9 & sleep 9 & sleep 9 & wait'",
            code: "exited", cause: "process_limit", words: "could not make another process"),
        Fault(
            name: "unknown-command", command: "sh -c no-such-command", code: "exited",
            words: "code 127 (its program was not found)"),
        Fault(
            name: "shot", options: "--init", command: "sh -c 'kill -9 $$'", code: "exited",
            words: "code 137 (SIGKILL). Docker noted no want of memory"),
        Fault(
            name: "crashed", options: "--init", command: "sh -c 'kill -SEGV $$'", code: "exited",
            words: "code 139 (SIGSEGV)"),
    ]

    @Test("one that has ended says why, by its code and by the words of its log", arguments: ends)
    func end(_ fault: Fault) throws {
        try engine.start(fault.name, fault.options, fault.command)
        try engine.waitForEnd(fault.name)
        try check(fault)
    }

    private static let neverUp = [
        Fault(
            name: "no-program", command: "/etc/passwd", code: "cannot_start", cause: "permission_denied",
            words: #"cannot start, its program may not be executed: exec: "/etc/passwd": permission denied."#),
        Fault(
            name: "no-user", options: "--user nobody-known", command: "sleep 9", code: "cannot_start",
            words: "unable to find user nobody-known"),
    ]

    @Test("one that was never up says what its engine could not do", arguments: neverUp)
    func never(_ fault: Fault) throws {
        try engine.start(fault.name, fault.options, fault.command, mayFail: true)
        try check(fault)
    }

    private func check(_ fault: Fault) throws {
        let found = try #require(engine.finding(fault.name, in: list()))
        #expect(found["code"]?.stringValue == fault.code && found["cause"] == fault.cause, "\(found)")
        #expect(found["text"]?.stringValue?.contains(fault.words) == true, "\(found)")
    }

    @Test("one that was made and never started, one whose network is gone and a check that cannot be run say so")
    func others() throws {
        try engine.create("waiting", "sleep 9")
        try check(Fault(name: "waiting", command: "", code: "not_started", words: "was made and never started"))
        _ = engine.shell("network create gone >/dev/null")
        try engine.start("lonely", "--network gone", "true")
        try engine.waitForEnd("lonely")
        _ = engine.shell("network rm gone >/dev/null; \(engine.client) start lonely >/dev/null 2>&1")
        try check(Fault(name: "lonely", command: "", code: "cannot_start", words: "not found"))
        try engine.start(
            "unchecked", "--health-cmd 'no-such-check' --health-interval 500ms --health-retries 1", "sleep 1000")
        try engine.waitUntil("unchecked", "{{.State.Health.Status}}") { $0 == "unhealthy" }
        try check(
            Fault(
                name: "unchecked", command: "", code: "unhealthy",
                words: "the check itself cannot be run; the last said: /bin/sh: no-such-check: not found"))
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
