import Glibc
import Systemd

/// Lines of a unit's files that systemd passed over: the unit runs without what they say.
struct IgnoredSettings: Sendable {
    let machine: Machine
    let unit: UnitState

    private static let most = 20
    /// Of a unit that warns of much else, so many warnings are looked at.
    private static let lookedAt = 2000

    func findings() -> [UnitFinding] {
        guard machine.hasJournal else { return [] }
        let files = unit.files
        let prefixes = files.map { Array("\($0):".utf8) }
        var query = JournalQuery(unit: unit.id, lines: Self.most)
        // A warning, as systemd says it of each such line whenever it reads the file.
        query.priority = 4
        var looked = 0
        let page = try? JournalReader(directory: machine.journalDirectory).read(query) { message in
            looked += 1
            // Then the next ones are taken, whatever they are, and it is over.
            return looked > Self.lookedAt || prefixes.contains { message.starts(with: $0) }
        }
        let lines = (page?.entries ?? []).filter { isOfToday($0, files) && !isAdvice($0.message) }.map(\.message)
        return lines.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.suffix(3).map { line in
            UnitFinding(
                .ignoredSetting,
                "systemd ignores a line of its unit file: \(SafeText.line(line, limit: 300)) (correct it; then `systemctl "
                    + "daemon-reload` and a restart).")
        }
    }

    private func isAdvice(_ line: String) -> Bool { UnitCauses.advice.contains { line.contains($0) } }

    /// Whether the file is still the one that systemd spoke of: not changed since (its ctime, which no copy sets back).
    private func isOfToday(_ entry: JournalEntry, _ files: [String]) -> Bool {
        guard let file = files.first(where: { entry.message.hasPrefix("\($0):") }) else { return false }
        var status = stat()
        guard stat("\(machine.processes.root.dropLast("/proc".utf8.count))\(file)", &status) == 0 else { return false }
        return entry.time >= UInt64(max(0, status.st_ctim.tv_sec)) * 1_000_000
    }
}

extension UnitState {
    /// Its own file and those that change it.
    var files: [String] { ([text("FragmentPath")].compactMap { $0 } + texts("DropInPaths")) }
}
