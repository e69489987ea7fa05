import Systemd

/// What the journal has of a unit's last start, systemd's own words about it among them.
struct StartWords: Sendable {
    let machine: Machine
    let unit: UnitState

    var lines: [String] {
        guard machine.hasJournal else { return [] }
        var query = JournalQuery(unit: unit.id, lines: Self.limit)
        let start = unit.count("InactiveExitTimestamp").flatMap { $0 > 0 ? $0 : nil } ?? unit.stateChanged
        if let start {
            query.since = UInt64(start) - min(Self.margin, UInt64(start))
        } else {
            // systemd has forgotten an inactive unit that nothing refers to; its last word is what is left.
            query.lines = Self.lastWords
        }
        let reader = try? JournalReader(directory: machine.journalDirectory)
        return ((try? reader?.read(query).entries) ?? []).map(\.message)
    }

    private static let limit = 200
    private static let lastWords = 2
    /// In microseconds: before a start systemd may have said what is wrong with the unit's file.
    private static let margin: UInt64 = 1_000_000
}
