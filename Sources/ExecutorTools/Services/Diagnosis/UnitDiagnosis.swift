import ExecutorPolicy
import Systemd

/// Finds out why a unit is not up: from systemd's properties, the units it needs, and the words of its last start.
struct UnitDiagnosis: Sendable {
    let machine: Machine
    let policy: Policy

    /// The causes, the most telling first; none for a unit that is up and stays so.
    func findings(of unit: UnitState) -> [UnitFinding] {
        let isUp = unit.isActive && unit.restarts == 0
        let words = isUp ? StartWords.none : StartWords(machine: machine, unit: unit)
        let kernel = isUp ? KernelKill.none : KernelKill(machine: machine, unit: unit)
        let causes = UnitCauses(unit: unit, words: words, kernel: kernel)
        var findings = causes.unusable + causes.conditions + causes.cycle + causes.refusedSocket + neighbours(of: unit)
        findings += causes.processes + signs(in: causes.ownLines, of: unit)
        if findings.isEmpty { findings += causes.ending }
        findings += causes.loops
        if unit.isActive { findings += IgnoredSettings(machine: machine, unit: unit).findings() }
        if causes.hitStartLimit { findings.append(startLimit(unit)) }
        // What systemd could not prepare has a line of its own about the file that is missing.
        let isPrepared = Set(findings.map(\.code)).isDisjoint(with: [
            .missingExecutable, .missingDirectory, .setUpFailed,
        ])
        return findings.enumerated().filter { index, finding in
            finding.code != .missingFile || (isPrepared && findings.firstIndex { $0.code == .missingFile } == index)
        }.map(\.element)
    }

    /// What it needs, and what it is there to start.
    private func neighbours(of unit: UnitState) -> [UnitFinding] {
        guard unit.load == "loaded", let bus = machine.systemBus() else { return [] }
        let needs = unit.isActive ? [] : UnitNeeds(unit: unit, bus: bus).findings()
        return needs + UnitTriggers(unit: unit, bus: bus).findings()
    }

    /// The newest line of each cause that is named; what may be its consequence only where no other is.
    private func signs(in lines: [String], of unit: UnitState) -> [UnitFinding] {
        var newest: [UnitFinding.Code: LogSign] = [:]
        for sign in lines.lazy.compactMap({ LogSign($0) }) { newest[sign.code] = sign }
        let specific = newest.values.filter(\.isSpecific)
        let told = specific.isEmpty ? Array(newest.values) : specific
        return told.sorted { $0.code.rawValue < $1.code.rawValue }.map { sign in
            let sentence = SignSentence(machine: machine, policy: policy, unit: unit).text(sign)
            return UnitFinding(sign.code, "\(sentence) Its log: \(SafeText.line(sign.line, limit: 300))")
        }
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
