import Systemd

/// What a failure looks like in a log: its error lines without what differs from one time to the next.
struct FailureSignature: Sendable, Hashable {
    /// Each form, with the newest line that had it.
    private var lines: [String: String] = [:]

    init(_ entries: [JournalEntry]) {
        for entry in entries where Self.isError(entry) { lines[Self.form(entry.message)] = entry.message }
    }

    var isEmpty: Bool { lines.isEmpty }

    /// The lines that another log has too.
    func shared(with other: FailureSignature) -> [String] {
        lines.keys.filter { other.lines[$0] != nil }.sorted().compactMap { other.lines[$0] }
    }

    /// systemd's own words tell that it failed, not of what; those of its processes do.
    private static func isError(_ entry: JournalEntry) -> Bool {
        let isManager = entry.pid == "1" && entry.identifier == "systemd"
        return !isManager && ((entry.priority ?? 6) <= 3 || LogLines.isError(entry.message))
    }

    /// Numbers, such as times, pids and addresses, are `#`.
    static func form(_ line: String) -> String {
        var form = ""
        for scalar in line.unicodeScalars {
            if ("0"..."9").contains(scalar) {
                if form.last != "#" { form.append("#") }
            } else {
                form.unicodeScalars.append(scalar)
            }
        }
        return form
    }
}

/// The failure before a unit's present start, looked for in what it says since.
struct FailureBefore: Sendable {
    let machine: Machine
    let unit: UnitState

    /// A failure longer before this start than so many microseconds is another matter.
    static let reach: UInt64 = 60 * 60 * 1_000_000
    /// Entries read on either side of the start.
    private static let entries = 300

    /// journald takes systemd's words and a process's from two sockets: the last ones of a process that has failed may
    /// stand after systemd's line. Microseconds, and fewer than systemd waits before it starts anything again (100 ms,
    /// `RestartSec=` of systemd.service(5)).
    private static let lateness: UInt64 = 50_000

    /// `nil` where there is no journal to tell, or nothing failed before this start.
    var check: VerifiedCheck? {
        guard machine.hasJournal, let start = unit.startNoted else { return nil }
        var before = JournalQuery(unit: unit.id, lines: Self.entries)
        (before.since, before.until) = (start - min(Self.reach, start), start)
        let past = read(before)
        guard let line = past.lastIndex(where: Self.saysThatItFailed) else { return nil }
        let failure = past.lastIndex { $0.time <= past[line].time + Self.lateness } ?? line
        let signature = FailureSignature(Array(past[...failure]))
        guard !signature.isEmpty else { return nil }
        var after = JournalQuery(unit: unit.id, lines: Self.entries)
        // Not from the start on: a process may have spoken before systemd noted that.
        after.since = past[failure].time + 1
        let again = signature.shared(with: FailureSignature(read(after)))
        guard let line = again.last else {
            return VerifiedCheck("failure", .passed, "what its log said when it failed before is not there again")
        }
        return VerifiedCheck(
            "failure", .failed, "its log says again what it said when it failed: \(SafeText.line(line, limit: 300))")
    }

    private func read(_ query: JournalQuery) -> [JournalEntry] {
        (try? JournalReader(directory: machine.journalDirectory).read(query).entries) ?? []
    }

    /// systemd's line after every failed run.
    private static func saysThatItFailed(_ entry: JournalEntry) -> Bool {
        entry.pid == "1" && entry.message.contains("Failed with result '")
    }
}
