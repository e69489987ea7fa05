import Systemd

/// Whether the kernel ended a unit's process for want of memory, where systemd did not see it.
///
/// systemd learns of it from the unit's control group, which has no memory controller in many containers and where
/// cgroup v1 is mounted; then it knows of a SIGKILL alone.
struct KernelKill: Sendable {
    /// The kernel's own line about it; `nil` where the journal has none.
    let line: String?
    /// Processes that the kernel killed for want of memory since the boot; `nil` where it does not tell.
    private let kills: Int?

    static let none = KernelKill(line: nil, kills: nil)

    private init(line: String?, kills: Int?) { (self.line, self.kills) = (line, kills) }

    init(machine: Machine, unit: UnitState) {
        guard Self.isPossible(unit) else {
            self = .none
            return
        }
        line = Self.line(about: unit, machine)
        kills = SystemFile.read("\(machine.processes.root)/vmstat")?.number(after: "oom_kill")
    }

    /// Who may have sent a SIGKILL of which the kernel has no line.
    var suspicion: String {
        switch kills {
        case nil: "by the kernel for want of memory (OOM), or by a person or a program"
        case 0: "by a person or a program; the kernel has killed nothing for want of memory since the boot"
        case let kills?:
            "by the kernel for want of memory (OOM), which it did to \(kills) process\(kills == 1 ? "" : "es") since the "
                + "boot, or by a person or a program"
        }
    }

    /// SIGKILL, or what a shell says of a command that was ended so.
    private static func isPossible(_ unit: UnitState) -> Bool {
        guard ["signal", "exit-code"].contains(unit.result) else { return false }
        return unit.integer("ExecMainStatus") == (unit.integer("ExecMainCode") == 1 ? 137 : 9)
    }

    /// `Memory cgroup out of memory: Killed process 812 (app) …`, or `oom-kill:…,task_memcg=/system.slice/app.service,…`.
    private static func line(about unit: UnitState, _ machine: Machine) -> String? {
        guard machine.hasJournal, let end = unit.count("ExecMainExitTimestamp").map({ UInt64($0) }), end > before,
            let pattern = try? LogPattern("killed process |oom-kill:")
        else { return nil }
        var query = JournalQuery(lines: most)
        (query.since, query.until) = (end - before, end + after)
        let page = try? JournalReader(directory: machine.journalDirectory).read(query) { line in
            pattern.matches(line) { String(decoding: line, as: UTF8.self) }
        }
        let pid = unit.count("ExecMainPID").map { "Killed process \($0) (" }
        return page?.entries.last { entry in
            // What no process wrote, the kernel did.
            entry.pid == nil && entry.identifier == "kernel"
                && (pid.map { entry.message.contains($0) } == true || entry.message.contains("/\(unit.id),"))
        }?.message
    }

    /// In microseconds: the kernel says so before the process is gone, and journald may have it later.
    private static let (before, after) = (10_000_000 as UInt64, 2_000_000 as UInt64)
    /// Where it killed one process after the other, so many lines are looked at.
    private static let most = 100
}
