import ExecutorAPI
import ExecutorPolicy
import StrictJSON
import Systemd
import Wire

/// A change that systemd makes: a job over the bus.
struct UnitJobChange: Sendable {
    let bus: SystemBus
    let watch: ServiceWatch
    let log: ServiceLog
    let policy: Policy

    func perform(_ verb: UnitVerb, _ context: ToolContext) -> ToolReport {
        do throws(SystemdError) {
            let before = try watch.snapshot(context)
            guard let unit = before.unit, unit.exists else {
                return ToolReport(watch.machine.unknownUnit(watch.service))
            }
            if let refusal = try protection(of: unit, verb) { return ToolReport(.refused(refusal)) }
            return ToolReport(try change(verb, before, context))
        } catch {
            return ToolReport(.failure(sentence(error), metadata: ["service": .string(watch.service.short)]))
        }
    }

    private func change(
        _ verb: UnitVerb, _ before: ServiceSnapshot, _ context: ToolContext
    ) throws(SystemdError) -> ToolResult {
        let (start, moment) = (ContinuousClock.now, ClockText.now)
        let limit = watch.machine.settings.entry(.restartService).timeout ?? UnitChange.jobTimeout
        let job: UnitJob
        do throws(SystemdError) {
            job = try bus.run(
                UnitJob.Verb(verb), watch.service.unit, timeout: limit,
                isCancelled: { context.cancellation.reason != nil })
        } catch {
            let after = try watch.snapshot(context)
            let report = ChangeReport(verb: verb, before: before, after: after, duration: .now - start)
            return failure(report, sentence(error), since: moment, context)
        }
        let first = try watch.snapshot(context)
        let (after, problem) = try outcome(verb, job, first, context)
        let report = ChangeReport(verb: verb, before: before, after: after, duration: .now - start)
        var result =
            problem.map { failure(report, $0, since: moment, context) } ?? report.success(notes(verb, after, context))
        result.metadata["job"] = .string(job.result.rawValue)
        return result
    }

    /// - Parameter moment: When the change began, in microseconds since 1970.
    private func failure(
        _ report: ChangeReport, _ reason: String, since moment: UInt64, _ context: ToolContext
    ) -> ToolResult {
        watch.machine.waitForJournal()
        let lines = lines(report, since: moment, context)
        let diagnosis = UnitDiagnosis(machine: watch.machine, policy: policy)
        let findings = report.after.unit.map { diagnosis.findings(of: $0) } ?? []
        return report.failure(reason, lines, findings: findings)
    }

    /// Whether it came to what was wanted and stays so; the reason where not.
    private func outcome(
        _ verb: UnitVerb, _ job: UnitJob, _ first: ServiceSnapshot, _ context: ToolContext
    ) throws(SystemdError) -> (ServiceSnapshot, String?) {
        let why = first.unit.flatMap { ExitMeaning.result(of: $0) }
        guard job.result == .done else { return (first, why ?? job.result.sentence) }
        if verb == .stop {
            let isDown = [.inactive, .failed].contains(first.activity)
            return (first, isDown ? nil : "systemd's job is done, but its state is \(first.words)")
        }
        // A job that runs to its end and is over then is not down.
        if first.activity == .inactive, first.unit?.text("Type") == "oneshot", why == nil { return (first, nil) }
        let (last, problem) = try watch.hold(UnitChange.hold, from: first, context)
        return (last, problem.map { problem in last.unit.flatMap { ExitMeaning.result(of: $0) } ?? problem })
    }

    private func notes(_ verb: UnitVerb, _ after: ServiceSnapshot, _ context: ToolContext) -> [String] {
        guard let unit = after.unit else { return [] }
        var notes: [String] = []
        if unit.bool("NeedDaemonReload") == true {
            notes.append("Its file has changed since systemd read it: `systemctl daemon-reload` is needed.")
        }
        if verb != .stop, let invocation = unit.invocation {
            let errors = log.errors(context, invocation: invocation, limit: Self.notedErrors)
            if !errors.isEmpty { notes += ["Errors in the log of this start:"] + errors.map { "  \($0)" } }
        }
        let triggers = unit.texts("TriggeredBy").filter { (try? bus.unit($0).isActive) == true }
        if verb == .stop, !triggers.isEmpty {
            notes.append("It can be started again by \(triggers.joined(separator: ", ")), which is active.")
        }
        return notes
    }

    /// Errors of a start that held, shown beside the success.
    private static let notedErrors = 3

    /// What its journal has of this start, and nothing of the one before, however short ago that was; of the last one
    /// where none was tried.
    private func lines(_ report: ChangeReport, since moment: UInt64, _ context: ToolContext) -> [String] {
        let (before, after) = (report.before.unit?.started, report.after.unit?.started)
        let lines = log.start(context, since: before == after ? after : after.map { max($0, moment) })
        return lines.isEmpty ? log.errors(context) : lines
    }

    /// The unit under its other names, and what would go down with it.
    private func protection(of unit: UnitState, _ verb: UnitVerb) throws(SystemdError) -> Refusal? {
        for name in [unit.id] + unit.texts("Names") {
            if let rule = policy.protects(unit: name) { return .protected(name, rule) }
        }
        guard verb != .start else { return nil }
        var (open, seen) = ([unit], Set([unit.id]))
        while let next = open.popLast() {
            for name in next.texts("RequiredBy") + next.texts("BoundBy") + next.texts("ConsistsOf")
            where seen.insert(name).inserted {
                let other = try bus.unit(name)
                guard other.isActive || other.active == "activating" else { continue }
                if let rule = policy.protects(unit: name), !name.hasSuffix(".target") {
                    return Refusal(
                        .protected, rule: rule,
                        message: "\(unit.id) cannot be changed: \(name) depends on it and is protected.",
                        alternative: "An administrator can change it on the server.")
                }
                guard seen.count < Self.dependents else {
                    return Refusal(
                        .protected, message: "\(unit.id) has too many dependents to be sure none is protected.",
                        alternative: "An administrator can change it on the server.")
                }
                open.append(other)
            }
        }
        return nil
    }

    /// More dependents than these, and the change is refused.
    private static let dependents = 200

    /// `Unit other.service is masked.`: it may be another that it needs.
    private static func masked(_ message: String, _ unit: String) -> String {
        let other =
            message.split(separator: " ").first { $0.contains(".") && !$0.hasSuffix(".") }.map(String.init) ?? unit
        let who = other == unit ? "it is masked" : "it needs \(other), which is masked"
        return "\(who): nothing can start it until `systemctl unmask \(other)`."
    }

    private func sentence(_ error: SystemdError) -> String {
        switch error.code {
        case .masked: Self.masked(error.message, watch.service.unit)
        case .permissionDenied: "systemd does not allow it to this user: \(error.message)"
        case .unreachable: "systemd could not be asked: \(error.message)"
        default: error.message
        }
    }
}

extension UnitJob.Verb {
    init(_ verb: UnitVerb) {
        self =
            switch verb {
            case .start: .start
            case .stop: .stop
            case .restart: .restart
            }
    }
}

extension UnitJob.Result {
    var sentence: String {
        switch self {
        case .dependency: "something it needs did not start."
        case .canceled: "another job took its place before it was done."
        case .timeout: "timeout: it was not ready in the time systemd gives it."
        case .skipped: "systemd skipped it: it does not apply in this state."
        case .assert: "an Assert…= of its unit file does not hold."
        case .invalid, .unsupported: "systemd cannot do this with a unit of that kind."
        default: "systemd's job ended as '\(rawValue)'."
        }
    }
}
