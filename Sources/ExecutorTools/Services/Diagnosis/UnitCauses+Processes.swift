import Glibc
import Systemd

// What became of the processes of a unit that is not up.
extension UnitCauses {
    /// The causes that systemd names.
    var processes: [UnitFinding] {
        guard !unit.isActive || unit.restarts > 0 else { return [] }
        return [oom, killed, late, unprepared, environment, startCheck, afterStart, mount, silent].compactMap { $0 }
    }

    private var oom: UnitFinding? {
        guard isNotedAsOOM || kernel.line != nil else { return nil }
        let limit = unit.count("MemoryMax").map { ", whose limit is \(Figures.bytes($0)) (MemoryMax=)" } ?? ""
        let line = kernel.line.map { " The kernel's log: \(SafeText.line($0, limit: 300))" } ?? ""
        return UnitFinding(.oomKill, "The kernel ended a process of it for want of memory (OOM kill)\(limit).\(line)")
    }

    private var isNotedAsOOM: Bool {
        unit.result == "oom-kill" || lines.contains { $0.contains("killed by the OOM killer") }
    }

    /// SIGKILL: whatever it said before, it did not end by that.
    private var killed: UnitFinding? {
        guard unit.result == "signal", unit.integer("ExecMainStatus") == 9, !isNotedAsOOM, kernel.line == nil else {
            return nil
        }
        return UnitFinding(.killed, "Its process was ended by signal SIGKILL: \(kernel.suspicion).\(said)")
    }

    private var said: String { words.said.map { " It said last: \($0)" } ?? "" }

    private var late: UnitFinding? {
        switch unit.result {
        case "timeout": UnitFinding(.timeout, lateness)
        case "watchdog": UnitFinding(.watchdog, "It did not report to systemd's watchdog in time.")
        default: nil
        }
    }

    /// Which of systemd's three clocks ran out, by its own words.
    private var lateness: String {
        if says("operation timed out") {
            if let file = unit.text("PIDFile"), says("Can't open PID file") {
                return "Its pid file \(file) (PIDFile=) was not there in the time systemd gives it (timeout, "
                    + "TimeoutStartSec=): it does not write it, or writes another."
            }
            if unit.text("Type")?.hasPrefix("notify") == true {
                return "It did not tell systemd that it was ready (Type=notify) in the time it has for that (timeout, "
                    + "TimeoutStartSec=)."
            }
            return "It was not ready in the time systemd gives it (timeout, TimeoutStartSec=)."
        }
        if says("reached runtime time limit") {
            return "It ran for longer than it may (timeout, RuntimeMaxSec=), and systemd ended it."
        }
        if says("State 'stop") || says("State 'final") {
            return "It did not stop in the time systemd gives it (timeout, TimeoutStopSec=), and was killed."
        }
        return "It was not ready, or not down, in the time systemd gives it (timeout)."
    }

    private func says(_ words: String) -> Bool { lines.contains { $0.contains(words) } }

    /// systemd.exec(5), "Process Exit Codes": what systemd itself could not do before the program ran.
    private var unprepared: UnitFinding? {
        guard unit.integer("ExecMainCode") == 1 || unit.result == "exit-code" else { return nil }
        let status = [unit.integer("ExecMainStatus"), failedCheck?.status].compactMap { $0 }.first { $0 >= 200 }
        guard let status, let step = ExitMeaning.preparation(status) else { return nil }
        switch status {
        case 200:
            return UnitFinding(
                .missingDirectory,
                "Its working directory \(unit.text("WorkingDirectory") ?? "?") (WorkingDirectory=) is missing or may not "
                    + "be entered (200/CHDIR).\(log("Changing to the requested working directory"))")
        case 203: return UnitFinding(.missingExecutable, "\(failedCheck?.path ?? program) \(notExecuted) (203/EXEC).")
        case 216: return UnitFinding(.missingUser, "A group of it (\(groups)) does not exist (216/GROUP).")
        case 217: return UnitFinding(.missingUser, "Its user \(unit.text("User") ?? "?") does not exist (217/USER).")
        default:
            return UnitFinding(
                .setUpFailed,
                "systemd could not prepare its process (\(status)/\(ExitMeaning.statuses[status] ?? "\(step)"))."
                    + log("Failed to "))
        }
    }

    private var groups: String {
        let more = unit.texts("SupplementaryGroups").map { SafeText.line($0, limit: 64) }.joined(separator: " ")
        return [unit.text("Group").map { "Group=\($0)" }, more.isEmpty ? nil : "SupplementaryGroups=\(more)"]
            .compactMap { $0 }.joined(separator: ", ")
    }

    private var program: String {
        unit.values("ExecStart").last?.elements.first?.text.map { SafeText.line($0, limit: 200) } ?? "its program"
    }

    /// Why execve(2) failed, by systemd's words: the program itself it looks for first.
    private var notExecuted: String {
        guard let line = lines.last(where: { $0.contains("Failed to execute") || $0.contains("Failed to locate") })
        else {
            return "is missing or not executable"
        }
        if line.contains("Permission denied") { return "may not be executed by \(unit.text("User") ?? "root")" }
        if line.contains("Exec format error") { return "is no program that this machine runs (Exec format error)" }
        return line.contains("Failed to execute /")
            ? "cannot be executed: it, or the interpreter that it names, is missing" : "is missing"
    }

    /// The first line with these words, as the proof of a finding.
    private func log(_ words: String) -> String {
        lines.last { $0.contains(words) && !$0.contains("Failed at step") && !$0.contains("Failed with result") }
            .map { " Its log: \(SafeText.line($0, limit: 300))" } ?? ""
    }

    private var environment: UnitFinding? {
        guard unit.result == "resources" else { return nil }
        guard says("Failed to load environment files") else {
            return UnitFinding(.setUpFailed, "systemd could not set up what it needs.\(log("Failed to "))")
        }
        // (path, whether it may be missing)
        let files = unit.values("EnvironmentFiles").map(\.elements).filter { $0.last?.bool != true }
        let names = files.compactMap { $0.first?.text }.map { SafeText.line($0, limit: 200) }.joined(separator: ", ")
        return UnitFinding(
            .missingFile,
            "A file of environment variables (EnvironmentFile=\(names)) is missing or cannot be read."
                + log("Failed to load environment files"))
    }

    private var startCheck: UnitFinding? {
        guard let check = failedCheck, (check.status ?? 0) < 200 else { return nil }
        let said = lines.last { LogSign($0) != nil }.map { " It said: \(SafeText.line($0, limit: 300))" } ?? ""
        let code: UnitFinding.Code = check.isConfigurationTest ? .badConfiguration : .startCheckFailed
        return UnitFinding(
            code, "What runs before its start failed: `\(check.command)` ended with \(check.ending).\(said)")
    }

    private var afterStart: UnitFinding? {
        failed("ExecStartPost").map { command in
            UnitFinding(
                .startCheckFailed,
                "What runs after its start failed, and it was stopped for that: `\(command.command)` ended with "
                    + "\(command.ending).\(said)")
        }
    }

    private var mount: UnitFinding? {
        guard unit.id.hasSuffix(".mount"), unit.active == "failed", let place = unit.text("Where") else { return nil }
        let said = lines.last { $0.hasPrefix("mount: ") }.map { " mount said: \(SafeText.line($0, limit: 300))" } ?? ""
        return UnitFinding(.mountFailed, "\(unit.text("What") ?? "?") could not be mounted on \(place).\(said)")
    }

    private var silent: UnitFinding? {
        guard unit.result == "protocol" else { return nil }
        let means =
            switch unit.text("Type") {
            case "forking": "left no process that goes on, or not the pid file that PIDFile= names"
            case "dbus": "ended before it took its name on the bus"
            default: "ended before it told systemd that it was ready"
            }
        return UnitFinding(.notReady, "It \(means) (Type=\(unit.text("Type") ?? "?")).")
    }

    /// How it came to its end, where nothing says why.
    var ending: [UnitFinding] {
        guard !unit.isActive, unit.load == "loaded" else { return [] }
        let end = ExitMeaning.exit(of: unit)
        switch unit.result {
        case "exit-code":
            let suspicion = unit.integer("ExecMainStatus") == 137 ? ": \(kernel.suspicion)" : ""
            return [UnitFinding(.exited, "Its process ended with \(end ?? "an error")\(suspicion).\(said)")]
        case "signal", "core-dump":
            return [signal(end)]
        case "success": return [ended].compactMap { $0 }
        default: return []
        }
    }

    private func signal(_ end: String?) -> UnitFinding {
        let number = unit.integer("ExecMainStatus") ?? 0
        guard number != SIGXFSZ else {
            let limit = unit.count("LimitFSIZE").map { " (LimitFSIZE=\($0))" } ?? ""
            return UnitFinding(
                .fileSizeLimit, "It wrote a file larger than it may\(limit): \(end ?? "SIGXFSZ").\(said)")
        }
        let means = ExitMeaning.signals[Int32(clamping: number)].map { ": \($0)" } ?? ""
        return UnitFinding(.killed, "Its process was ended by \(end ?? "a signal")\(means).\(said)")
    }

    /// A service that goes on as a rule, and went by itself. What a timer or a socket starts comes and goes.
    private var ended: UnitFinding? {
        let goesOn = ["simple", "exec", "forking", "notify", "notify-reload", "dbus", "idle"]
        guard let type = unit.text("Type"), goesOn.contains(type), unit.texts("TriggeredBy").isEmpty,
            lines.contains(where: { $0.hasPrefix("\(unit.id): ") && $0.hasSuffix("eactivated successfully.") }),
            // What was asked to stop systemd says so of.
            !lines.contains(where: { $0.hasPrefix("Stopping ") || $0.hasPrefix("Stopped ") })
        else { return nil }
        let hint = type == "forking" ? "" : " A program that goes on in the background needs Type=forking."
        return UnitFinding(
            .ended,
            "It ended without an error, by itself or by a SIGTERM: nobody stopped it through systemd.\(hint)\(said)")
    }
}
