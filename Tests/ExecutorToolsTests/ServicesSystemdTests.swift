import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Systemd
import Testing
import Wire

private let busAddress = getenv("SYSTEMD_TEST_BUS").map { String(cString: $0) }

/// A real systemd, given by its bus: `SYSTEMD_TEST_BUS=unix:path=…`; it must have nginx.
@Suite("Services with systemd", .enabled(if: busAddress != nil, "needs SYSTEMD_TEST_BUS"), .serialized)
struct ServicesSystemdTests {
    let fixture: ServiceFixture
    let machine: Machine

    init() throws {
        fixture = try ServiceFixture()
        machine = Machine(runner: fixture.run.runner, settings: ToolSettings(), busAddress: busAddress)
    }

    private func change(_ verb: UnitVerb, _ unit: String) -> ToolResult {
        UnitChange(machine: machine).perform(
            verb: verb, unit: unit, policy: fixture.run.policy,
            context: ToolContext(cancellation: Cancellation())
        ).result
    }

    @Test("a unit's life: stopped, started, restarted, each with before and after")
    func life() {
        let stopped = change(.stop, "nginx")
        #expect(stopped.success && stopped.metadata["service_active"] == false, "\(stopped.text)")
        let down = fixture.run.call(CheckServiceTool(machine: machine), ["service": "nginx"])
        #expect(down.output.contains("❌ nginx.service: inactive (dead)"), "\(down.text)")
        let started = change(.start, "nginx")
        #expect(started.success && started.metadata["before"]?["state"] == "inactive", "\(started.text)")
        let restarted = fixture.run.call(RestartServiceTool(machine: machine), ["service": "nginx.service"])
        #expect(restarted.success && restarted.metadata["job"] == "done", "\(restarted.text)")
        let up = fixture.run.call(CheckServiceTool(machine: machine), ["service": "nginx"])
        #expect(up.metadata["service_active"] == true, "\(up.text)")
        print(up.output)
        let verified = fixture.run.call(VerifyFixTool(machine: machine), ["service": "nginx"])
        #expect(verified.metadata["verified"] == true, "\(verified.text)")
    }

    @Test("a unit that does not exist: the nearest names, and no change")
    func absent() {
        let result = fixture.run.call(CheckServiceTool(machine: machine), ["service": "ngnix"])
        #expect(!result.success && result.error?.contains("nginx.service") == true, "\(result.text)")
        #expect(!change(.start, "ngnix").success)
    }

    @Test("an alias of a protected unit is protected")
    func alias() {
        let result = change(.stop, "dbus-org.freedesktop.login1")
        #expect(result.refusal?.code == .protected, "\(result.text)")
    }
}

@Suite("verify_fix and read_logs")
struct ServicesProbeTests {
    @Test("an address that refuses the connection is not verified, although the service is active")
    func refused() throws {
        let fixture = try ServiceFixture(rules: [#""curl -s *""#])
        try fixture.write("pid", "\(getpid())\n")
        let result = fixture.run.call(
            VerifyFixTool(machine: fixture.machine()),
            ["service": "standin", "test_url": "http://127.0.0.1:8999/"])
        try fixture.write("pid", "0\n")
        #expect(result.metadata["verified"] == false && result.metadata["http_status"] == .null, "\(result.text)")
        #expect(result.output.contains("✅ standin: active (running)"), "\(result.text)")
        #expect(result.output.contains("❌ http://127.0.0.1:8999/ → connection refused"), "\(result.text)")
    }

    @Test("an address the rules do not allow is refused before anything runs")
    func notAllowed() throws {
        let fixture = try ServiceFixture()
        let result = fixture.run.call(
            VerifyFixTool(machine: fixture.machine()), ["service": "standin", "test_url": "http://127.0.0.1:8080/"])
        #expect(result.refusal?.code == .notAllowed, "\(result.text)")
    }

    @Test(
        "arguments of read_logs that are not right are refused with what would be",
        arguments: [
            (["service": "web", "lines": 0], "lines"), (["service": "web", "lines": 1001], "lines"),
            (["service": "web", "source": "tape"], "source"), (["service": "web", "since": "soon"], "since"),
            (["service": "/etc/shadow", "source": "journal"], "service"), (["lines": 5], "service"),
        ] as [([String: JSONValue], String)])
    func badArguments(_ arguments: [String: JSONValue], _ name: String) throws {
        let fixture = try ServiceFixture(rules: [#""journalctl -u * -n *", "tail -n * /var/log/*""#])
        let result = fixture.run.call(ReadLogsTool(machine: fixture.machine()), arguments)
        #expect(
            result.refusal?.code == .invalidArguments && result.refusal?.message.contains(name) == true, "\(result)")
    }

    @Test("a file outside what the rules name is not read", arguments: ["/etc/shadow", "/var/log/../../etc/shadow"])
    func outside(_ path: String) throws {
        let fixture = try ServiceFixture(rules: [#""tail -n * /var/log/*""#])
        let result = fixture.run.call(ReadLogsTool(machine: fixture.machine()), ["service": .string(path)])
        #expect(result.refusal != nil, "\(result.text)")
    }

    @Test("without a journal it says so")
    func noJournal() throws {
        let fixture = try ServiceFixture(rules: [#""journalctl -u * -n *""#])
        let machine = fixture.machine()
        guard !machine.bootedWithSystemd else { return }
        let result = fixture.run.call(
            ReadLogsTool(machine: machine), ["service": "web", "source": "journal"])
        #expect(result.error?.contains("There is no journal here") == true, "\(result.text)")
    }
}
