import StrictJSON
import Systemd

/// What systemd knows of a unit, as lines for a person and members for a program.
struct UnitReport: Sendable {
    let unit: UnitState

    var lines: [String] {
        [
            unit.text("Description").map { "Description: \($0)" }, since, lastEnd, figures, restarts, pause,
            unit.text("StatusText").map { "It says of itself: \($0)" }, file, reload,
        ].compactMap { $0 } + UnitSchedule(unit: unit).lines
    }

    private var since: String? {
        unit.stateChanged.map { changed in
            let time = UInt64(changed)
            return "Since: \(ClockText.moment(time)) (\(ClockText.since(time)))"
        }
    }

    private var lastEnd: String? {
        let exit = unit.mainPID == nil ? ExitMeaning.exit(of: unit) : nil
        if let result = ExitMeaning.result(of: unit) { return "Why: \(result)" }
        return exit.map { "Last run ended with \($0)" }
    }

    private var figures: String? {
        var parts: [String] = []
        if let memory = unit.count("MemoryCurrent") {
            parts.append(
                "memory \(Figures.bytes(memory))\(unit.count("MemoryMax").map { " of \(Figures.bytes($0))" } ?? "")")
        }
        if let nanoseconds = unit.count("CPUUsageNSec") {
            parts.append("CPU time \(Figures.decimal(Double(nanoseconds) / 1e9)) s")
        }
        if let tasks = unit.count("TasksCurrent") { parts.append("tasks \(tasks)") }
        return parts.isEmpty || !unit.isActive ? nil : "Uses: \(parts.joined(separator: ", "))"
    }

    private var restarts: String? {
        unit.restarts > 0 ? "Restarts by systemd: \(unit.restarts)" : nil
    }

    private var pause: String? {
        guard unit.sub.hasPrefix("auto-restart"), let pause = unit.count("RestartUSec") else { return nil }
        return "systemd starts it again \(Figures.decimal(Double(pause) / 1e6)) s after its end (RestartSec=)"
    }

    private var file: String? {
        guard let path = unit.text("FragmentPath") else { return nil }
        let dropIns = unit.texts("DropInPaths").map { SafeText.line($0, limit: 200) }
        return "File: \(path)" + (unit.text("UnitFileState").map { " (\($0))" } ?? "")
            + (dropIns.isEmpty ? "" : ", with \(dropIns.joined(separator: ", "))")
    }

    private var reload: String? {
        unit.bool("NeedDaemonReload") == true
            ? "Its file has changed since systemd read it: `systemctl daemon-reload` is needed." : nil
    }

    var metadata: [String: JSONValue] {
        let members: [String: JSONValue] = [
            "load_state": .string(unit.load), "description": JSONValue(unit.text("Description")),
            "since": unit.stateChanged.map { .string(ClockText.moment(UInt64($0))) } ?? .null,
            "memory_bytes": number("MemoryCurrent"), "tasks": number("TasksCurrent"),
            "cpu_ns": number("CPUUsageNSec"), "restarts": JSONValue(unit.restarts), "result": .string(unit.result),
            "exit": JSONValue(ExitMeaning.exit(of: unit)), "unit_file": JSONValue(unit.text("FragmentPath")),
            "unit_file_state": JSONValue(unit.text("UnitFileState")),
            "needs_daemon_reload": JSONValue(unit.bool("NeedDaemonReload") ?? false),
            "drop_ins": JSONValue(unit.texts("DropInPaths")),
        ]
        return members.merging(UnitSchedule(unit: unit).metadata) { own, _ in own }
    }

    private func number(_ property: String) -> JSONValue { unit.count(property).map { JSONValue($0) } ?? .null }
}
