import Systemd

/// What the journal has of a unit's last start, systemd's own words about it among them.
struct StartWords: Sendable {
    /// The newest last.
    let lines: [String]
    /// What was said shortly before it: of the unit's file, as systemd read it.
    let before: [String]
    /// The last line that its own processes wrote; `nil` where they wrote nothing.
    let said: String?

    static let none = StartWords(before: [], since: [], unit: "")

    init(machine: Machine, unit: UnitState) {
        let entries = Self.entries(machine, unit)
        let start = unit.started ?? 0
        self.init(before: entries.filter { $0.time < start }, since: entries.filter { $0.time >= start }, unit: unit.id)
    }

    private init(before: [JournalEntry], since: [JournalEntry], unit: String) {
        (self.before, lines) = (before.map(\.message), since.map(\.message))
        // systemd's own children speak for it until they are the program: their lines begin with the unit's name.
        let own = since.last { $0.pid != "1" && !$0.message.hasPrefix("\(unit): ") && !$0.message.isEmpty }
        said = own.map { SafeText.line($0.message, limit: 300) }
    }

    private static func entries(_ machine: Machine, _ unit: UnitState) -> [JournalEntry] {
        guard machine.hasJournal else { return [] }
        if let changed = unit.stateChanged, ClockText.now < UInt64(changed) + fresh { machine.waitForJournal() }
        var query = JournalQuery(unit: unit.id, lines: limit)
        guard let start = unit.started ?? unit.stateChanged.map({ UInt64($0) }) else {
            // systemd has forgotten an inactive unit that nothing refers to; its last words are what is left.
            query.lines = lastWords
            let entries = read(query, machine)
            let end = entries.last?.time ?? 0
            return entries.filter { $0.time + lastMoment >= end }
        }
        query.since = start - min(margin, start)
        return read(query, machine)
    }

    private static func read(_ query: JournalQuery, _ machine: Machine) -> [JournalEntry] {
        (try? JournalReader(directory: machine.journalDirectory).read(query).entries) ?? []
    }

    private static let limit = 200
    /// In microseconds: what is older journald has long written.
    private static let fresh: UInt64 = 5_000_000
    /// How many lines may belong to the last words of a unit, and within how many microseconds of the last.
    private static let lastWords = 20
    private static let lastMoment: UInt64 = 500_000
    /// In microseconds: before a start systemd may have said what is wrong with the unit's file.
    private static let margin: UInt64 = 1_000_000
}
