import Systemd

/// What the journal has of a unit's last start, systemd's own words about it among them.
struct StartWords: Sendable {
    let machine: Machine
    let unit: UnitState

    var lines: [String] {
        guard machine.hasJournal else { return [] }
        if let changed = unit.stateChanged, ClockText.now < UInt64(changed) + Self.fresh { machine.waitForJournal() }
        var query = JournalQuery(unit: unit.id, lines: Self.limit)
        if let start = unit.started ?? unit.stateChanged.map({ UInt64($0) }) {
            query.since = start - min(Self.margin, start)
        } else {
            // systemd has forgotten an inactive unit that nothing refers to; its last word is what is left.
            query.lines = Self.lastWords
        }
        let reader = try? JournalReader(directory: machine.journalDirectory)
        return ((try? reader?.read(query).entries) ?? []).map(\.message)
    }

    private static let limit = 200
    /// In microseconds: what is older journald has long written.
    private static let fresh: UInt64 = 5_000_000
    private static let lastWords = 2
    /// In microseconds: before a start systemd may have said what is wrong with the unit's file.
    private static let margin: UInt64 = 1_000_000
}
