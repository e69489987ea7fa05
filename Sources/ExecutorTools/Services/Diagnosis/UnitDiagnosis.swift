import ExecutorPolicy
import Systemd

/// Finds out why a unit is not up: from systemd's properties, the units it needs, and the words of its last start.
struct UnitDiagnosis: Sendable {
    let machine: Machine
    let policy: Policy

    /// The causes, the most telling first; none for a unit that is up and stays so.
    func findings(of unit: UnitState) -> [UnitFinding] {
        let isUp = unit.isActive && unit.restarts == 0
        let words = isUp ? [] : StartWords(machine: machine, unit: unit).lines
        let causes = UnitCauses(unit: unit, lines: words)
        var findings = causes.unusable + causes.conditions
        if !unit.isActive, unit.load == "loaded", let bus = machine.systemBus() {
            findings += UnitNeeds(unit: unit, bus: bus).findings()
        }
        findings += causes.processes + signs(in: causes.ownLines, of: unit) + causes.loops
        if causes.hitStartLimit { findings.append(startLimit(unit)) }
        let hasProgram = !findings.contains { $0.code == .missingExecutable }
        return findings.filter { hasProgram || $0.code != .missingFile }
    }

    /// The newest line of each cause that is named; what may be its consequence only where no other is.
    private func signs(in lines: [String], of unit: UnitState) -> [UnitFinding] {
        var newest: [UnitFinding.Code: LogSign] = [:]
        for sign in lines.lazy.compactMap({ LogSign($0) }) { newest[sign.code] = sign }
        let specific = newest.values.filter(\.isSpecific)
        let told = specific.isEmpty ? Array(newest.values) : specific
        return told.sorted { $0.code.rawValue < $1.code.rawValue }.map { finding($0, unit) }
    }

    private func finding(_ sign: LogSign, _ unit: UnitState) -> UnitFinding {
        UnitFinding(sign.code, "\(sentence(sign, unit)) Its log: \(SafeText.line(sign.line, limit: 300))")
    }

    private func sentence(_ sign: LogSign, _ unit: UnitState) -> String {
        switch sign.code {
        case .portTaken: portTaken(sign, unit)
        case .permissionDenied:
            "Permission denied\(sign.path.map { ": \($0)\(mode($0))" } ?? ""), as \(user(unit))."
        case .diskFull: "A disk is full (no space or no inodes left)\(sign.path.map { ": \($0)" } ?? "")."
        case .readOnlyFileSystem: "A file system is read-only\(sign.path.map { ": \($0)" } ?? "")."
        case .missingFile: "A file is missing\(sign.path.map { ": \($0)" } ?? "")."
        default: "Its configuration is not accepted\(sign.path.map { ": \($0)" } ?? "")."
        }
    }

    /// Only of a file that a rule could read: the words of a log are not to tell what else there is.
    private func mode(_ path: String) -> String { policy.couldRead(path) ? FileMode.text(of: path) : "" }

    private func user(_ unit: UnitState) -> String { unit.text("User") ?? "root" }

    /// `Port 80 is taken by apache2 (pid 12), unit apache2.service.`
    private func portTaken(_ sign: LogSign, _ unit: UnitState) -> String {
        guard let port = sign.port else { return "A port it wants is taken." }
        let holders = PortReport.read(port, processes: machine.processes, ports: machine.ports).listeners.map(\.holder)
        guard let holder = holders.first(where: { $0.unit != unit.id && $0.pid != nil }) ?? holders.first else {
            return "Port \(port) was taken; nobody listens on it now."
        }
        return "Port \(port) is taken by \(holder.text)."
    }

    /// The limit, and how it is lifted by what the rules allow.
    private func startLimit(_ unit: UnitState) -> UnitFinding {
        let seconds = (unit.count("StartLimitIntervalUSec") ?? 0) / 1_000_000
        let limit = unit.count("StartLimitBurst").map { " (\($0) starts in \(seconds) s)" } ?? ""
        let line = "systemctl reset-failed \(unit.id)"
        let lift =
            switch policy.judge(line: line) {
            case .allowed, .needsApproval: "run_command `\(line)` lifts the limit"
            case .denied: "waiting \(seconds) s lifts the limit, or an administrator with `\(line)`"
            }
        return UnitFinding(
            .startLimit,
            "Start limit hit\(limit): it failed so often in a row that systemd does not try again for now. "
                + "Mend the cause first; then \(lift).")
    }
}
