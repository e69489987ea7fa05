import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import ExecutorTools
import Glibc
import StrictJSON
import Testing
import Wire

/// A service without systemd, with real processes; where systemd is process 1 the definition still comes first.
@Suite("Services without systemd", .serialized)
struct ServicesTests {
    @Test(
        "a protected service is refused by every tool that changes, by either name",
        arguments: ["ssh", "sshd.service", "dbus", "devops-executor", "systemd-journald"])
    func protected(_ service: String) throws {
        let fixture = try ServiceFixture()
        let result = fixture.run.call(RestartServiceTool(machine: fixture.machine()), ["service": .string(service)])
        #expect(result.refusal?.code == .protected, "\(result.text)")
    }

    @Test(
        "what is no service's name is refused before anything is asked",
        arguments: ["../etc/passwd", "-h", "a b", "nginx;id", "", "nginx\n", "*"])
    func hostile(_ service: String) throws {
        let fixture = try ServiceFixture()
        let machine = fixture.machine()
        let tools: [any Tool] = [
            CheckServiceTool(machine: machine), RestartServiceTool(machine: machine), VerifyFixTool(machine: machine),
            ReadLogsTool(machine: machine),
        ]
        for tool in tools { #expect(fixture.run.call(tool, ["service": .string(service)]).refusal != nil) }
    }

    @Test("a definition whose line the rules do not allow changes nothing")
    func notAllowed() throws {
        let fixture = try ServiceFixture()
        var settings = ToolSettings()
        settings.services["standin"] = ServiceDefinition(
            name: "standin", start: "forbidden start", stop: "standin stop", pidFile: "\(fixture.directory)/pid")
        let machine = Machine(runner: fixture.run.runner, settings: settings)
        let result = fixture.run.call(RestartServiceTool(machine: machine), ["service": "standin"])
        #expect(result.refusal?.code == .notAllowed, "\(result.text)")
    }

    @Test("a line that needs an approval makes the change need it")
    func approval() throws {
        let fixture = try ServiceFixture(startRule: #", "approval": "operator""#)
        let prepared = RestartServiceTool(machine: fixture.machine()).prepare(
            ["service": "standin"], policy: fixture.run.policy)
        guard case .needsApproval(let proposal, _) = prepared else {
            Issue.record("it did not ask: \(prepared)")
            return
        }
        #expect(proposal.level == .operator)
    }

    @Test("a call of which two steps need a yes is refused: a question shows one of them")
    func twoQuestions() throws {
        let asks = #", "approval": "user""#
        let fixture = try ServiceFixture(
            rules: [#"{"command": "curl -s *", "approval": "user"}"#], startRule: asks, stopRule: asks, statusRule: asks
        )
        let machine = fixture.machine()
        let restart = fixture.run.call(RestartServiceTool(machine: machine), ["service": "standin"])
        #expect(restart.refusal?.code == .approvalRequired, "\(restart.text)")
        #expect(restart.refusal?.alternative.contains("standin stop, then") == true, "\(restart.text)")
        let verify = VerifyFixTool(machine: machine)
        let both = fixture.run.call(verify, ["service": "standin", "test_url": "http://localhost/"])
        #expect(both.refusal?.code == .approvalRequired, "\(both.text)")
        guard case .needsApproval = verify.prepare(["service": "standin"], policy: fixture.run.policy) else {
            Issue.record("one question was not asked")
            return
        }
    }

    @Test("a service whose pid file is missing, stale or another program's is not active")
    func inactive() throws {
        let fixture = try ServiceFixture()
        let check = CheckServiceTool(machine: fixture.machine(program: "no-such-program"))
        func state() -> ToolResult { fixture.run.call(check, ["service": "standin"]) }
        #expect(state().metadata["service_active"] == false)
        try fixture.write("pid", "999999999\n")
        #expect(state().metadata["service_active"] == false)
        try fixture.write("pid", "\(getppid())\n")
        let result = state()
        #expect(result.metadata["service_active"] == false, "\(result.text)")
        #expect(result.output.contains("❌ standin: inactive (dead)"))
        try fixture.write("pid", "0\n")
    }

    @Test("a pid file that names a living process is an active service")
    func active() throws {
        let fixture = try ServiceFixture()
        try fixture.write("pid", "\(getpid())\n")
        let result = fixture.run.call(CheckServiceTool(machine: fixture.machine()), ["service": "standin.service"])
        #expect(result.success && result.metadata["service_active"] == true)
        #expect(result.metadata["pid"] == JSONValue(Int(getpid())))
        try fixture.write("pid", "0\n")
    }

    @Test("a service nobody keeps: it says so, and does not pretend to know")
    func nobody() throws {
        let fixture = try ServiceFixture()
        let machine = Machine(runner: fixture.run.runner, settings: ToolSettings())
        guard !machine.bootedWithSystemd else { return }
        let check = fixture.run.call(CheckServiceTool(machine: machine), ["service": "surely-not-there"])
        #expect(check.metadata["service_active"] == .null)
        #expect(check.output.contains("systemd is not the service manager here"))
        let change = fixture.run.call(RestartServiceTool(machine: machine), ["service": "surely-not-there"])
        #expect(!change.success && change.error?.contains("nothing was changed") == true)
        let verify = fixture.run.call(VerifyFixTool(machine: machine), ["service": "surely-not-there"])
        #expect(!verify.success && verify.metadata["verified"] == false)
    }

    @Test("start, verify, restart and stop: before and after are told")
    func life() throws {
        let fixture = try ServiceFixture()
        let machine = fixture.machine(program: "sleep")
        let change = UnitChange(machine: machine)
        let started = change.perform(
            verb: .start, unit: "standin", policy: fixture.run.policy, context: context()
        ).result
        #expect(started.success, "\(started.text)")
        #expect(started.output.hasPrefix("✅ standin started: active (running)"))
        #expect(started.metadata["before"]?["state"] == "inactive")
        let verified = fixture.run.call(VerifyFixTool(machine: machine), ["service": "standin"])
        #expect(verified.metadata["verified"] == true, "\(verified.text)")
        let restarted = fixture.run.call(RestartServiceTool(machine: machine), ["service": "standin"])
        #expect(restarted.success && restarted.metadata["pid"] != started.metadata["pid"], "\(restarted.text)")
        let again = change.perform(verb: .start, unit: "standin", policy: fixture.run.policy, context: context())
        #expect(again.result.output.contains("nothing was done"))
        let stopped = change.perform(verb: .stop, unit: "standin", policy: fixture.run.policy, context: context())
        #expect(stopped.result.success && stopped.result.metadata["service_active"] == false, "\(stopped.result.text)")
        let unverified = fixture.run.call(VerifyFixTool(machine: machine), ["service": "standin"])
        #expect(!unverified.success && unverified.metadata["verified"] == false)
        #expect(unverified.output.contains("❌ standin: inactive (dead)"))
    }

    @Test("a service that does not start: the raw error is in the answer")
    func broken() throws {
        let fixture = try ServiceFixture()
        try fixture.write("broken")
        let result = fixture.run.call(RestartServiceTool(machine: fixture.machine()), ["service": "standin"])
        #expect(!result.success)
        #expect(result.output.contains("98: Address already in use"), "\(result.text)")
        #expect(result.metadata["service_active"] == false)
    }

    @Test("a service that dies within two seconds of its start is a failure, told at once")
    func fragile() throws {
        let fixture = try ServiceFixture()
        try fixture.write("fragile")
        let result = fixture.run.call(RestartServiceTool(machine: fixture.machine()), ["service": "standin"])
        #expect(!result.success && result.error?.contains("did not stay up") == true, "\(result.text)")
    }

    @Test("a service that was started outlives a later command's time-out")
    func outlives() throws {
        let fixture = try ServiceFixture(rules: [#"{"command": "sleeper 30", "effect": "read", "run_as": "root"}"#])
        let machine = fixture.machine()
        let started = UnitChange(machine: machine).perform(
            verb: .start, unit: "standin", policy: fixture.run.policy, context: context())
        #expect(started.result.success, "\(started.result.text)")
        guard case .allowed(let grant) = fixture.run.policy.judge(line: "sleeper 30") else {
            Issue.record("the rule is missing")
            return
        }
        let run = try fixture.run.runner.run(grant, timeout: .milliseconds(200), cancellation: Cancellation())
        #expect(run.ending == .timeout(.milliseconds(200)))
        let check = fixture.run.call(CheckServiceTool(machine: machine), ["service": "standin"])
        #expect(check.metadata["service_active"] == true, "\(check.text)")
        _ = UnitChange(machine: machine).perform(
            verb: .stop, unit: "standin", policy: fixture.run.policy, context: context())
    }

    private func context() -> ToolContext { ToolContext(cancellation: Cancellation()) }
}
