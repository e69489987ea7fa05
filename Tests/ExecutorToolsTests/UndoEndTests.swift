import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import StrictJSON
import Systemd
import Testing
import Wire

@testable import ExecutorTools

/// How an undo ends that does not put everything back, and what else a change is refused with.
@Suite("Undo and changes: what does not work")
struct UndoEndTests {
    private static let stopped = ChangedState(
        .unit("standin"), before: TargetState(activity: "active"), after: TargetState(activity: "inactive"))

    private func undo(_ fixture: ServiceFixture, _ subject: UndoSubject) -> ToolResult {
        fixture.run.call(UndoTool(machine: fixture.machine(), id: "x", subject: subject), [:])
    }

    @Test(
        "what no command puts back is refused with the state there was",
        arguments: [
            (TargetState(), TargetState(activity: "active"), "before `line` is not known"),
            (TargetState(activity: "active"), TargetState(activity: "active"), "there is nothing to put back"),
            (
                TargetState(activity: "active", unitFile: "static"),
                TargetState(activity: "active", unitFile: "masked"),
                "was active, static before `line`, and no command makes it so again"
            ),
        ])
    func cannot(_ before: TargetState, _ after: TargetState, _ words: String) throws {
        let changed = ChangedState(.unit("standin"), before: before, after: after)
        let refusal = undo(try ServiceFixture(), .changed(changed, command: "line")).refusal
        #expect(refusal?.code == .cannotUndo && refusal?.message.contains(words) == true, "\(refusal?.message ?? "")")
    }

    @Test("an undo whose command fails says so, with the state there is")
    func failed() throws {
        let fixture = try ServiceFixture()
        try fixture.write("broken")
        let result = undo(fixture, .changed(Self.stopped, command: "systemctl stop standin"))
        #expect(!result.success && result.metadata["undone"] == false, "\(result.text)")
        #expect(result.metadata["now"]?["activity"] == "inactive")
    }

    @Test("an undo after which the state is another than before is a failure, though its command did not fail")
    func notBack() throws {
        let fixture = try RunCommandFixture(
            rules: #"{"test": ["docker start *"]}"#, settings: #"{"programs": {"docker": "/bin/true"}}"#)
        let changed = ChangedState(
            .container("web"), before: TargetState(activity: "running"), after: TargetState(activity: "stopped"))
        let tool = UndoTool(
            machine: Machine(runner: fixture.runner, settings: ToolSettings()), id: "x",
            subject: .changed(changed, command: "docker stop web"))
        #expect(tool.definition.name == "executor/undo" && tool.definition.readOnly == false)
        let result = fixture.call(tool, [:])
        #expect(!result.success && result.metadata["undone"] == false)
        #expect(result.error == "web is unknown, and before `docker stop web` it was running.", "\(result.text)")
    }

    @Test("a unit's change whose own lines ask for a yes is refused where only the unit was asked for")
    func asksBeneath() throws {
        let fixture = try ServiceFixture(startRule: #", "approval": "user""#)
        let result = UnitChange(machine: fixture.machine()).perform(
            verb: .start, unit: "standin", policy: fixture.run.policy,
            context: ToolContext(cancellation: Cancellation())
        ).result
        #expect(result.refusal?.code == .approvalRequired, "\(result.text)")
        #expect(result.refusal?.message.contains("`standin start`") == true)
    }

    @Test("a change whose program is not there is a failure that names it")
    func missingProgram() throws {
        let fixture = try RunCommandFixture(
            rules: #"{"test": ["systemctl restart *", {"command": "gone", "effect": "change", "run_as": "root"}]}"#,
            settings: #"{"programs": {"gone": "/nonexistent/gone"}}"#)
        var settings = ToolSettings()
        settings.services["web"] = ServiceDefinition(
            name: "web", start: "gone", stop: "gone", pidFile: "/nonexistent/pid")
        let tool = RestartServiceTool(machine: Machine(runner: fixture.runner, settings: settings))
        let result = fixture.call(tool, ["service": "web"])
        #expect(
            !result.success && result.error?.contains("/nonexistent/gone is not installed") == true, "\(result.text)")
    }

    @Test("a command that a signal ended is told with the signal's name")
    func signalled() throws {
        let fixture = try RunCommandFixture(rules: #"{"test": ["uptime"]}"#)
        guard case .allowed(let grant) = fixture.policy.judge(line: "uptime") else {
            throw SetUpFailed(call: "judge", code: 0)
        }
        let run = RunResult(
            termination: .signalled(9), ending: .itself, output: "", outputBytes: 0, isOutputCut: false,
            maskedSecrets: 0, duration: .zero, cpuTime: .zero, peakMemoryBytes: 0, processID: 2)
        #expect(CommandReport.sentence(for: run, under: grant) == "uptime was ended by signal 9 (SIGKILL).")
    }

    @Test("what a running unit uses is told with its limit")
    func figures() {
        let unit = UnitState(
            name: "web.service",
            properties: [
                "ActiveState": .text("active"), "MemoryCurrent": .unsigned(1 << 20), "MemoryMax": .unsigned(2 << 20),
                "CPUUsageNSec": .unsigned(1_500_000_000),
            ])
        #expect(UnitReport(unit: unit).lines.contains { $0.contains("memory 1.0 MiB of 2.0 MiB, CPU time 1.5 s") })
    }

    @Test("more certificates than are looked at are refused")
    func tooManyCertificates() {
        let files = (0..<65).map { "\"/x\($0).pem\"" }.joined(separator: ",")
        let error = #expect(throws: ToolSettingsError.self) {
            try ToolSettings(parsing: Array("{\"certificates\": [\(files)]}".utf8), name: "tools.json")
        }
        #expect(error?.problem == "there are more than 64", "\(error?.message ?? "")")
    }
}
