package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON
import ExecutorRunner
import Systemd

/// What `executor/undo` is asked to put back, as the audit log has it.
package enum UndoSubject: Sendable, Hashable {
    /// No call of that id ran within the time that is looked back.
    case unknown
    /// It was begun, and a crash hid what became of it.
    case open(command: String)
    /// It changed something that has no recorded state, or nothing.
    case unrecorded(command: String)
    case changed(ChangedState, command: String)
}

/// `executor/undo`: puts back what one call changed, by the command lines that do so, judged as such.
package struct UndoTool: Tool {
    private let machine: Machine
    private let id: String
    private let subject: UndoSubject

    package init(machine: Machine, id: String, subject: UndoSubject) {
        (self.machine, self.id, self.subject) = (machine, id, subject)
    }

    /// It is asked for by a method of its own, and in no list.
    package var definition: ToolDefinition {
        ToolDefinition(
            name: ExecutorMethod.undo.rawValue, title: "Undo", description: "", inputSchema: ["type": "object"],
            readOnly: false, destructive: true)
    }

    /// With its words masked and its own change recorded, as every tool's.
    package var whole: any Tool {
        MaskedTool(tool: RecordedTool(tool: self, machine: machine), mask: machine.masked)
    }

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        let command = "undo \(id)"
        guard case .changed(let changed, let origin) = subject else { return .refused(refusal, command: command) }
        guard !changed.steps.isEmpty else {
            return .refused(Self.cannot(Self.unchanged(changed, origin)), command: command)
        }
        let settings = machine.settings.entry(.runCommand)
        guard settings.isEnabled else {
            return .refused(
                Refusal(
                    .notAllowed, message: "run_command, whose lines would put it back, is switched off.",
                    alternative: "An administrator can switch it on in tools.json, or runs: \(changed.steps[0])"),
                command: command)
        }
        let judged = JudgedTogether(changed.steps.map { policy.judge(line: $0) }, policy: policy)
        // A question shows one command, and a yes to it is none to another.
        if changed.steps.count > 1, settings.approval != nil || judged.asks {
            return .refused(Self.oneByOne(changed), command: command)
        }
        return .judged(judged.verdict, command: command, approval: settings.approval) { grant in
            let lines = judged.grants.map(\.command).joined(separator: "; ")
            return ReadyCall(rule: grant.rule, command: lines, effect: .change) { context in
                Undoing(machine: machine, policy: policy, changed: changed, origin: origin, context: context)
                    .report(judged.grants)
            }
        }
    }

    private var refusal: Refusal {
        switch subject {
        case .open(let command):
            Self.cannot("`\(command)` was cut short by a crash, so that the state before it is not known.")
        case .unrecorded(let command):
            Self.cannot("`\(command)` is no change of one unit or container: its state before was not kept.")
        default:
            Refusal(
                .invalidArguments, message: "No operation \"\(id)\" of yours ran within the last day.",
                alternative: "Take the id of a call from its answer (metadata.undo) or from: executorctl audit query")
        }
    }

    private static func cannot(_ message: String) -> Refusal {
        Refusal(.cannotUndo, message: message, alternative: "Look at the state and change it by a call of its own.")
    }

    private static func oneByOne(_ changed: ChangedState) -> Refusal {
        Refusal(
            .cannotUndo, message: "It takes \(changed.steps.count) commands, which are to be asked for one by one.",
            alternative: "Send them to run_command, in this order: \(changed.steps.joined(separator: ", then "))")
    }

    private static func unchanged(_ changed: ChangedState, _ origin: String) -> String {
        let (before, after) = (changed.before, changed.after)
        if before.activity == nil { return "The state of \(changed.target.name) before `\(origin)` is not known." }
        if before == after {
            return
                "\(changed.target.name) was \(before.words) before `\(origin)` and after it: there is nothing to put "
                + "back, and what a restart interrupted does not come back."
        }
        return "\(changed.target.name) was \(before.words) before `\(origin)`, and no command makes it so again."
    }
}

/// One undoing under way.
private struct Undoing {
    let machine: Machine
    let policy: Policy
    let changed: ChangedState
    let origin: String
    let context: ToolContext

    func report(_ grants: [Grant]) -> ToolReport {
        let watch = TargetWatch(machine: machine, policy: policy, target: changed.target)
        let found = watch.look(context)
        if isBack(found) { return answer(found, [], note: "It was so already; nothing was done.", run: nil) }
        var (texts, run): ([String], RunResult?) = ([], nil)
        for grant in grants {
            let report = perform(grant)
            texts.append(report.result.text)
            run = report.run ?? run
            if !report.result.success {
                var failed = report
                failed.result.metadata.merge(metadata(watch.look(context), isBack: false)) { _, own in own }
                return failed
            }
        }
        let meanwhile =
            found == changed.after ? nil : "In between it had become \(found.words): somebody else changed it too."
        return answer(watch.look(context), texts, note: meanwhile, run: run)
    }

    /// What the change did not make different is not looked at.
    private func isBack(_ now: TargetState) -> Bool {
        let (before, after) = (changed.before, changed.after)
        return (before.activity == after.activity || now.activity == before.activity)
            && (before.unitFile == after.unitFile || now.unitFile == before.unitFile)
    }

    /// A unit's start and stop wait until they held, by the code that every start and stop has.
    private func perform(_ grant: Grant) -> ToolReport {
        if let (verb, unit) = UnitCommands.change(in: grant.command) {
            return UnitChange(machine: machine).perform(verb: verb, unit: unit, policy: policy, context: context)
        }
        return CommandRun(runner: machine.runner).report(grant, timeout: nil, context)
    }

    private func answer(_ now: TargetState, _ texts: [String], note: String?, run: RunResult?) -> ToolReport {
        let isBack = isBack(now)
        let name = changed.target.name
        let output = texts + [note].compactMap { $0 }
        let metadata = metadata(now, isBack: isBack)
        guard isBack else {
            return ToolReport(
                .failure(
                    "\(name) is \(now.words), and before `\(origin)` it was \(changed.before.words).",
                    output: output.joined(separator: "\n"), metadata: metadata), run: run)
        }
        let sentence = "\(name) is as before `\(origin)`: \(now.words)."
        return ToolReport(.success(([sentence] + output).joined(separator: "\n"), metadata: metadata), run: run)
    }

    private func metadata(_ now: TargetState, isBack: Bool) -> [String: JSONValue] {
        [
            "undone": JSONValue(isBack), "undid": .string(origin), "changed": changed.json,
            "now": .object(compacting: [
                "activity": now.activity.map { .string($0) }, "unit_file": now.unitFile.map { .string($0) },
            ]),
        ]
    }
}
