import ExecutorAPI
package import ExecutorPolicy
import ExecutorRunner
import StrictJSON
import Systemd
import Wire

/// Starts, stops or restarts a service, and waits until it is known whether that held.
///
/// `restart_service` and `systemctl start|stop|restart` of `run_command` are this.
package struct UnitChange: Sendable {
    let machine: Machine

    package init(machine: Machine) { self.machine = machine }

    /// How long systemd's job may take.
    static let jobTimeout = Duration.seconds(60)
    /// How long a service has to stay up before it counts as started.
    ///
    /// More than the two seconds that a service which dies of its first work takes for it.
    static let hold = Duration.seconds(3)
    /// How long a defined service may take to show in its pid file, and to leave it.
    static let settle = Duration.seconds(10)

    /// Judges the change, and with it the command lines that do it where systemd does not.
    package func prepare(
        _ verb: UnitVerb, service text: String, policy: Policy, approval: ApprovalLevel?
    ) -> Preparation {
        let command = "systemctl \(verb.rawValue) \(text)"
        do throws(Refusal) {
            let service = try ServiceName(text)
            let lines = lines(verb, machine.keeper(of: service))
            let judged = JudgedTogether(
                [policy.judge(.unitChange(verb, text))] + lines.map { policy.judge(line: $0) }, policy: policy)
            return .judged(judged.verdict, command: command, approval: approval) { grant in
                ReadyCall(rule: grant.rule, command: grant.command, effect: .change) { context in
                    perform(verb, service, Array(judged.grants.dropFirst()), policy, context)
                }
            }
        } catch {
            return .refused(error, command: command)
        }
    }

    /// The same for a line that has been judged: the lines of a definition must be allowed without a question.
    package func perform(verb: UnitVerb, unit: String, policy: Policy, context: ToolContext) -> ToolReport {
        do throws(Refusal) {
            let service = try ServiceName(unit)
            var grants: [Grant] = []
            for line in lines(verb, machine.keeper(of: service)) {
                switch policy.judge(line: line) {
                case .allowed(let grant): grants.append(grant)
                case .denied(let refusal): throw refusal
                case .needsApproval(let proposal):
                    throw Refusal(
                        .approvalRequired, rule: proposal.rule.text,
                        message: "`\(line)`, which does this here, needs an approval.",
                        alternative: "Use restart_service, which asks for it, or run that command itself.")
                }
            }
            return perform(verb, service, grants, policy, context)
        } catch {
            return ToolReport(.refused(error))
        }
    }

    /// The command lines that do it, for a service that `tools.json` defines.
    private func lines(_ verb: UnitVerb, _ keeper: ServiceKeeper) -> [String] {
        guard case .defined(let definition) = keeper else { return [] }
        return switch verb {
        case .start: [definition.start]
        case .stop: [definition.stop]
        case .restart: [definition.stop, definition.start]
        }
    }

    private func perform(
        _ verb: UnitVerb, _ service: ServiceName, _ grants: [Grant], _ policy: Policy, _ context: ToolContext
    ) -> ToolReport {
        if let rule = policy.protects(unit: service.unit) {
            return ToolReport(.refused(.protected(service.unit, rule)))
        }
        let watch = ServiceWatch(machine: machine, service: service, policy: policy)
        let log = ServiceLog(machine: machine, service: service, policy: policy)
        var report: ToolReport
        switch watch.keeper {
        case .systemd(let bus):
            report = UnitJobChange(bus: bus, watch: watch, log: log, policy: policy).perform(verb, context)
        case .defined:
            report = DefinedChange(machine: machine, watch: watch, log: log).perform(verb, grants, context)
        case .nobody:
            let now = try? watch.snapshot(context)
            report = ToolReport(
                .failure(
                    "systemd is not the service manager here (it is not process 1), and services.\(service.short) of "
                        + "tools.json says nothing of \(service.short): nothing was changed.",
                    output: now.map { "\($0.line)\n\($0.source.map { "Known from this: \($0)." } ?? "")" } ?? "",
                    metadata: now?.metadata ?? [:]))
        }
        report.result.metadata["action"] = .string(verb.rawValue)
        return report
    }
}

extension Refusal {
    static func protected(_ unit: String, _ rule: String) -> Refusal {
        Refusal(
            .protected, rule: rule, message: "\(unit) is protected: nothing here may change it.",
            alternative: "Its state and logs can be read; an administrator can change it on the server.")
    }
}

extension UnitVerb {
    /// `restarted`
    var past: String {
        switch self {
        case .start: "started"
        case .stop: "stopped"
        case .restart: "restarted"
        }
    }
}

/// Before and after of one change, in words.
struct ChangeReport: Sendable {
    let verb: UnitVerb
    let before: ServiceSnapshot
    let after: ServiceSnapshot
    var duration: Duration

    var metadata: [String: JSONValue] {
        var metadata = after.metadata
        metadata["before"] = .object(compacting: [
            "state": .string(before.state), "sub_state": .string(before.subState),
            "pid": before.metadata["pid"] ?? .null, "restarts": before.unit.map { JSONValue($0.restarts) },
            "result": before.unit.map { .string($0.result) },
            "unit_file_state": before.unit?.text("UnitFileState").map { .string($0) },
        ])
        metadata["duration_ms"] = JSONValue(Int(duration / .milliseconds(1)))
        return metadata
    }

    func success(_ notes: [String]) -> ToolResult {
        let mark = "✅ \(after.name) \(verb.past): \(after.words)" + (after.pid.map { ", pid \($0)" } ?? "")
        return .success(
            (["\(mark). Before: \(before.words)."] + notes).joined(separator: "\n"), metadata: metadata)
    }

    /// - Parameter findings: The causes, where they could be told.
    func failure(_ reason: String, _ lines: [String], findings: [UnitFinding] = []) -> ToolResult {
        var output = ["❌ \(after.name): \(after.words). Before: \(before.words)."]
        output += findings.map(\.line)
        if !lines.isEmpty { output += ["Its log:"] + lines.map { "  \($0)" } }
        let sentence = reason.last.map { ".!?".contains($0) } == true ? reason : reason + "."
        return .failure(
            "\(after.name) was not \(verb.past): \(sentence)", output: output.joined(separator: "\n"),
            metadata: metadata.merging(["findings": .array(findings.map(\.json))]) { own, _ in own })
    }
}
