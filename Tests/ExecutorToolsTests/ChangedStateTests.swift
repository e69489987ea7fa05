import ExecutorAPI
import ExecutorPolicy
import StrictJSON
import Testing

@testable import ExecutorTools

@Suite("Undo of several commands")
struct UndoStepsTests {
    private static let changed = ChangedState(
        .unit("web"), before: TargetState(activity: "inactive", unitFile: "disabled"),
        after: TargetState(activity: "active", unitFile: "enabled"))

    private func prepare(_ rules: String, tools: String = "{}") throws -> Preparation {
        let run = try RunCommandFixture(rules: #"{"test": [\#(rules)]}"#)
        let settings = try ToolSettings(parsing: Array(#"{"tools": \#(tools)}"#.utf8), name: "tools.json")
        let tool = UndoTool(
            machine: Machine(runner: run.runner, settings: settings), id: "a",
            subject: .changed(Self.changed, command: "systemctl enable --now web"))
        return tool.prepare([:], policy: run.policy)
    }

    @Test(
        "a yes to one command is none to another: what takes two and asks is refused, and names both",
        arguments: [
            (
                #"{"command": "systemctl stop *", "approval": "user"}, {"command": "systemctl disable *", "approval": "user"}"#,
                "{}"
            ),
            (#""systemctl stop *", {"command": "systemctl disable *", "approval": "operator"}"#, "{}"),
            (#""systemctl stop *", "systemctl disable *""#, #"{"run_command": {"approval": "user"}}"#),
        ])
    func asked(_ rules: String, _ tools: String) throws {
        guard case .refused(let refusal, _) = try prepare(rules, tools: tools) else {
            Issue.record("it is asked for, or runs")
            return
        }
        #expect(refusal.alternative.contains("systemctl stop web, then systemctl disable web"), "\(refusal)")
    }

    @Test("one of two that no rule allows is refused as a whole")
    func denied() throws {
        guard case .refused(let refusal, _) = try prepare(#""systemctl stop *""#) else {
            Issue.record("half of it runs")
            return
        }
        #expect(refusal.code == .notAllowed)
    }

    @Test("what two commands put back is recorded with both")
    func recorded() throws {
        guard case .ready(let call) = try prepare(#""systemctl stop *", "systemctl disable *""#) else {
            Issue.record("it is not ready")
            return
        }
        #expect(call.command == "systemctl stop web; systemctl disable web")
    }
}

@Suite("Undo: what is kept of a change, and what puts it back")
struct ChangedStateTests {
    @Test(
        "a line that is of no one unit or container has no target",
        arguments: [
            "systemctl daemon-reload", "systemctl restart a b", "systemctl status nginx", "systemctl mask nginx",
            "docker compose up -d", "docker rm web", "docker ps", "nginx -s reload", "/bin/systemctl start x",
            "systemctl",
        ])
    func noTarget(_ line: String) throws { #expect(ChangeTarget(command: try CommandLine(line).arguments) == nil) }

    @Test(
        "a line that changes one unit or container has it as its target",
        arguments: [
            ("systemctl stop nginx", ChangeTarget.unit("nginx")),
            ("systemctl enable web@1.service", .unit("web@1.service")),
            ("docker restart web", .container("web")), ("docker stop web", .container("web")),
        ])
    func target(_ line: String, _ target: ChangeTarget) throws {
        #expect(ChangeTarget(command: try CommandLine(line).arguments) == target)
    }

    struct Change: Sendable {
        var target: ChangeTarget
        var before: TargetState
        var after: TargetState
        var steps: [String]
    }

    @Test(
        "only what the change made different is put back, and only by commands that do so",
        arguments: [
            Change(
                target: .unit("web"), before: TargetState(activity: "active", unitFile: "enabled"),
                after: TargetState(activity: "active", unitFile: "enabled"), steps: []),
            Change(
                target: .unit("web"), before: TargetState(activity: nil), after: TargetState(activity: "active"),
                steps: []),
            Change(
                target: .unit("web"), before: TargetState(activity: "active", unitFile: "static"),
                after: TargetState(activity: "active", unitFile: "masked"), steps: []),
            Change(
                target: .unit("web"), before: TargetState(activity: "active", unitFile: "enabled"),
                after: TargetState(activity: "inactive", unitFile: "enabled"), steps: ["systemctl start web"]),
            Change(
                target: .unit("web"), before: TargetState(activity: "inactive"), after: TargetState(activity: "active"),
                steps: ["systemctl stop web"]),
            Change(
                target: .unit("web"), before: TargetState(activity: "active"), after: TargetState(activity: nil),
                steps: ["systemctl start web"]),
            Change(
                target: .unit("web"), before: TargetState(activity: "inactive", unitFile: "disabled"),
                after: TargetState(activity: "active", unitFile: "enabled"),
                steps: ["systemctl stop web", "systemctl disable web"]),
            Change(
                target: .container("web"), before: TargetState(activity: "running"),
                after: TargetState(activity: "stopped"), steps: ["docker start web"]),
            Change(
                target: .container("web"), before: TargetState(activity: "stopped"),
                after: TargetState(activity: "running"), steps: ["docker stop web"]),
            Change(
                target: .container("web"), before: TargetState(activity: "running"),
                after: TargetState(activity: "paused"), steps: ["docker unpause web"]),
            Change(
                target: .container("web"), before: TargetState(activity: "paused"),
                after: TargetState(activity: "stopped"), steps: []),
        ])
    func steps(_ change: Change) throws {
        let changed = ChangedState(change.target, before: change.before, after: change.after)
        #expect(changed.steps == change.steps)
        // As the audit log keeps it.
        #expect(ChangedState(json: try JSONValue(parsing: changed.json.text)) == changed)
    }

    @Test("what this program did not write is no state", arguments: ["{}", "[]", #"{"unit": 7}"#, "null"])
    func foreign(_ text: String) throws { #expect(ChangedState(json: try JSONValue(parsing: text)) == nil) }

    @Test("what was cut short by a crash cannot be put back, and that is said")
    func open() throws {
        let fixture = try ServiceFixture()
        let tool = UndoTool(machine: fixture.machine(), id: "x", subject: .open(command: "systemctl stop web"))
        let refusal = fixture.run.call(tool.whole, [:]).refusal
        #expect(refusal?.code == .cannotUndo && refusal?.message.contains("cut short by a crash") == true)
    }
}
