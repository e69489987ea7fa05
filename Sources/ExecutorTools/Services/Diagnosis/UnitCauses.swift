import Systemd

/// The causes that systemd's own properties name.
struct UnitCauses: Sendable {
    let unit: UnitState
    /// The words of its last start.
    let lines: [String]

    /// A unit file that cannot be used, with the line that is at fault.
    var unusable: [UnitFinding] {
        switch unit.load {
        case "loaded":
            return Self.unique(fileLines).suffix(3).map { line in
                UnitFinding(.badUnitFile, "systemd does not accept a line of its unit file: \(line)")
            }
        case "masked":
            return [
                UnitFinding(
                    .masked,
                    "It is masked: nothing can start it until an administrator runs `systemctl unmask \(unit.id)`."
                )
            ]
        default:
            let said = unit.values("LoadError").compactMap(\.text).filter { !$0.isEmpty }.last
            let parts = [said.map { SafeText.line($0, limit: 300) }] + Self.unique(fileLines).suffix(3)
            return [
                UnitFinding(
                    .badUnitFile,
                    "Its unit file is not usable (\(unit.load)): \(parts.compactMap { $0 }.joined(separator: " "))")
            ]
        }
    }

    /// systemd's words about the unit's own file: `/etc/…/web.service:5: …`, and why it refuses it.
    private var fileLines: [String] {
        let path = unit.text("FragmentPath").map { "\($0):" }
        return lines.filter { line in
            path.map { line.hasPrefix($0) } == true || (line.hasPrefix("\(unit.id): ") && line.hasSuffix("Refusing."))
        }
    }

    /// What is not about the unit's file.
    var ownLines: [String] {
        let fileLines = Set(fileLines)
        return lines.filter { !fileLines.contains($0) }
    }

    /// Only meaningful where it did not start.
    var conditions: [UnitFinding] {
        guard !unit.isActive else { return [] }
        let known = [
            failed("ConditionResult", "Conditions", .conditionFailed, "a condition does not hold"),
            failed("AssertResult", "Asserts", .assertFailed, "an assertion does not hold"),
        ].compactMap { $0 }
        return known.isEmpty && unit.stateChanged == nil ? [forgotten].compactMap { $0 } : known
    }

    private func failed(
        _ result: String, _ list: String, _ code: UnitFinding.Code, _ words: String
    ) -> UnitFinding? {
        guard unit.bool(result) == false else { return nil }
        // (type, trigger, negate, parameter, state): a state below zero failed.
        let failed = checks(list).filter { $0.state < 0 }
        return failed.isEmpty
            ? nil : UnitFinding(code, "Not started, \(words): \(failed.map(\.text).joined(separator: ", "))")
    }

    private func checks(_ list: String) -> [(text: String, state: Int64)] {
        unit.values(list).map(\.elements).compactMap { fields in
            guard fields.count == 5, let type = fields[0].text, let parameter = fields[3].text,
                let state = fields[4].integer
            else { return nil }
            return (SafeText.line("\(type)=\(fields[2].bool == true ? "!" : "")\(parameter)", limit: 200), state)
        }
    }

    /// systemd keeps no state of an inactive unit that nothing refers to: then its last word says why it is not up.
    private var forgotten: UnitFinding? {
        guard let line = lines.last.map({ SafeText.line($0, limit: 300) }) else { return nil }
        if line.contains("was skipped because of") || line.hasPrefix("Condition check resulted in") {
            return UnitFinding(.conditionFailed, "Not started, a condition does not hold: \(line)")
        }
        if line.contains("Assertion failed") {
            let all = checks("Asserts").map(\.text).joined(separator: ", ")
            return UnitFinding(.assertFailed, "Not started, an assertion does not hold (\(all)): \(line)")
        }
        return nil
    }

    /// systemd's result tells of it where the start was asked for, and only its words where it restarted it itself.
    var hitStartLimit: Bool {
        unit.result == "start-limit-hit"
            || (unit.active == "failed" && lines.contains { $0.contains("Start request repeated too quickly") })
    }

    /// What became of its processes.
    var processes: [UnitFinding] {
        guard !unit.isActive || unit.restarts > 0 else { return [] }
        return [oom, late, exec, startCheck].compactMap { $0 }
    }

    private var oom: UnitFinding? {
        guard unit.result == "oom-kill" || lines.contains(where: { $0.contains("killed by the OOM killer") }) else {
            return nil
        }
        let limit = unit.count("MemoryMax").map { ", whose limit is \(Figures.bytes($0)) (MemoryMax=)" } ?? ""
        return UnitFinding(.oomKill, "The kernel ended a process of it for want of memory (OOM kill)\(limit).")
    }

    private var late: UnitFinding? {
        switch unit.result {
        case "timeout":
            UnitFinding(.timeout, "It was not ready, or not down, in the time systemd gives it (timeout).")
        case "watchdog": UnitFinding(.watchdog, "It did not report to systemd's watchdog in time.")
        default: nil
        }
    }

    /// systemd.exec(5), "Process Exit Codes": what systemd itself could not do before the program ran.
    private var exec: UnitFinding? {
        guard unit.integer("ExecMainCode") == 1 || unit.result == "exit-code" else { return nil }
        let program = Self.path(unit.values("ExecStart").last) ?? "its program"
        let status = [unit.integer("ExecMainStatus"), failedCheck?.status].compactMap { $0 }.first { $0 >= 200 }
        switch status {
        case 203:
            return UnitFinding(
                .missingExecutable, "\(failedCheck?.path ?? program) is missing or not executable (203/EXEC).")
        case 216: return UnitFinding(.missingUser, "Its group \(unit.text("Group") ?? "?") does not exist (216/GROUP).")
        case 217: return UnitFinding(.missingUser, "Its user \(unit.text("User") ?? "?") does not exist (217/USER).")
        default: return nil
        }
    }

    private var startCheck: UnitFinding? {
        guard let check = failedCheck, (check.status ?? 0) < 200 else { return nil }
        let said = lines.last { LogSign($0) != nil }.map { " It said: \(SafeText.line($0, limit: 300))" } ?? ""
        let code: UnitFinding.Code = check.isConfigurationTest ? .badConfiguration : .startCheckFailed
        return UnitFinding(
            code, "What runs before its start failed: `\(check.command)` ended with \(check.ending).\(said)")
    }

    /// It goes up and down by itself.
    var loops: [UnitFinding] {
        let isRestarting = unit.sub.hasPrefix("auto-restart") || (unit.active == "activating" && unit.restarts > 0)
        let isGivenUp = unit.active == "failed" && unit.restarts > 0
        let started = UInt64(unit.count("ExecMainStartTimestamp") ?? 0)
        let isRecent = unit.restarts >= Self.loop && ClockText.elapsed(since: started) < Self.recent
        guard isRestarting || isGivenUp || (unit.isActive && isRecent) else { return [] }
        let exit = ExitMeaning.exit(of: unit).map { "; last it ended with \($0)" } ?? ""
        let now = isGivenUp ? ", then gave up" : ""
        let times = unit.restarts == 1 ? "once" : "\(unit.restarts) times"
        return [
            UnitFinding(.crashLoop, "Crash loop: systemd restarted it \(times)\(now)\(exit).")
        ]
    }

    /// So many restarts, the last within so many microseconds, are a loop although it runs at the moment.
    private static let loop = 3
    private static let recent: UInt64 = 10 * 60 * 1_000_000

    private static func path(_ command: BusValue?) -> String? {
        command?.elements.first?.text.map { SafeText.line($0, limit: 200) }
    }

    private static func unique(_ lines: [String]) -> [String] {
        lines.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension UnitCauses {
    /// A command of `ExecStartPre=` that failed and may not.
    struct FailedCheck: Sendable, Hashable {
        let path: String
        let command: String
        /// How it ended, as a wait status has it: 1 for exited.
        let code: Int64
        let status: Int64?

        var ending: String {
            code == 1 ? "exit status \(status ?? 0)" : "signal \(SignalName.name(Int32(clamping: status ?? 0)))"
        }

        /// Its arguments say so, as do those of nginx, apache, haproxy, sshd and named.
        var isConfigurationTest: Bool {
            let words = command.split(separator: " ").map { $0.lowercased() }
            return words.dropFirst().contains { ["-t", "-c", "-tq"].contains($0) }
                || words.contains { word in ["configtest", "config", "checkconf"].contains { word.contains($0) } }
        }
    }

    /// org.freedesktop.systemd1(5): (path, argv, ignore, start, start, end, end, pid, code, status).
    var failedCheck: FailedCheck? {
        unit.values("ExecStartPre").lazy.map(\.elements).compactMap { fields -> FailedCheck? in
            guard fields.count == 10, fields[2].bool == false, let path = fields[0].text,
                let code = fields[8].integer, code > 0, code != 1 || fields[9].integer != 0
            else { return nil }
            return FailedCheck(
                path: SafeText.line(path, limit: 200),
                command: SafeText.line(fields[1].texts.joined(separator: " "), limit: 200), code: code,
                status: fields[9].integer)
        }.first
    }
}
