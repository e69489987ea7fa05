import CSystemd
import Glibc

/// The journal, read by libsystemd's matches, never by scanning; for one thread at a time.
///
/// Opening one costs a tenth of a millisecond, and gives a view of the files that are there at that moment, so that
/// each question opens its own.
package final class JournalReader {
    /// Longer messages are cut.
    package static let messageBytes = 8192
    /// Where not all that the matches find is wanted, so many entries are looked at and no more.
    package static let scanLimit = 200_000

    let journal: OpaquePointer
    /// `nil` for this machine's own.
    let directory: String?

    /// The corresponding C functions are `sd_journal_open` and `sd_journal_open_directory`.
    ///
    /// - Parameter directory: Journal files; `nil` for this machine's own.
    package init(directory: String? = nil) throws(SystemdError) {
        var handle: OpaquePointer?
        if let directory {
            try check("The journal in \(directory) cannot be opened", sd_journal_open_directory(&handle, directory, 0))
        } else {
            // SD_JOURNAL_LOCAL_ONLY
            try check("The journal cannot be opened", sd_journal_open(&handle, 1))
        }
        guard let handle else { throw SystemdError(.other, "The journal cannot be opened.") }
        (journal, self.directory) = (handle, directory)
        sd_journal_set_data_threshold(journal, Self.messageBytes)
    }

    deinit { sd_journal_close(journal) }

    /// Whether there is any journal file; without systemd there is none.
    package var isEmpty: Bool {
        sd_journal_flush_matches(journal)
        return sd_journal_seek_tail(journal) < 0 || sd_journal_previous(journal) <= 0
    }

    /// The newest entries that fit.
    ///
    /// - Parameter isWanted: Called with each message the matches find, the newest first, as it is in the journal; what
    ///   it says no to is left out.
    package func read(
        _ query: JournalQuery, where isWanted: (UnsafeRawBufferPointer) -> Bool = { _ in true }
    ) throws(SystemdError) -> JournalPage {
        try apply(query)
        if let until = query.until {
            try check("The journal cannot be read", sd_journal_seek_realtime_usec(journal, until &+ 1))
        } else {
            try check("The journal cannot be read", sd_journal_seek_tail(journal))
        }
        var page = JournalPage(entries: [], older: .none)
        var looked = 0
        while try check("The journal cannot be read", sd_journal_previous(journal)) > 0 {
            guard let time else { continue }
            if let until = query.until, time > until { continue }
            if let since = query.since, time < since { break }
            looked += 1
            guard withField("MESSAGE", isWanted) ?? true else {
                if looked < Self.scanLimit { continue }
                page.older = .notSearched
                break
            }
            if page.entries.count == query.lines {
                page.older = .some
                break
            }
            page.entries.append(entry(time))
        }
        page.entries.reverse()
        return page
    }

    /// The corresponding C functions are `sd_journal_add_match`, `…_disjunction` and `…_conjunction`.
    private func apply(_ query: JournalQuery) throws(SystemdError) {
        sd_journal_flush_matches(journal)
        if let unit = query.unit { try match(unit: unit) }
        if let invocation = query.invocation {
            sd_journal_add_conjunction(journal)
            try match("_SYSTEMD_INVOCATION_ID", invocation)
            sd_journal_add_disjunction(journal)
            // systemd's own words about that start.
            try match("INVOCATION_ID", invocation)
        }
        if let priority = query.priority {
            sd_journal_add_conjunction(journal)
            for level in 0...max(0, min(priority, 7)) { try match("PRIORITY", String(level)) }
        }
        if query.boot != .any {
            sd_journal_add_conjunction(journal)
            try match("_BOOT_ID", try bootID(query.boot))
        }
    }

    /// The entries that `journalctl -u` shows (systemd's `add_matches_for_unit`), and those of systemd's children that
    /// failed before they were the unit's program: they may be dead before journald looks up who wrote.
    private func match(unit: String) throws(SystemdError) {
        // From the unit itself.
        try match("_SYSTEMD_UNIT", unit)
        sd_journal_add_disjunction(journal)
        // Its crashes.
        try match("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1")
        try match("_UID", "0")
        try match("COREDUMP_UNIT", unit)
        sd_journal_add_disjunction(journal)
        // systemd's own words about it.
        try match("_PID", "1")
        try match("UNIT", unit)
        sd_journal_add_disjunction(journal)
        // Its children's words, of which root alone can make the like: so it can of the next.
        try match("_UID", "0")
        try match("UNIT", unit)
        sd_journal_add_disjunction(journal)
        // Words of authorised daemons about it.
        try match("_UID", "0")
        try match("OBJECT_SYSTEMD_UNIT", unit)
        if unit.hasSuffix(".slice") {
            sd_journal_add_disjunction(journal)
            try match("_SYSTEMD_SLICE", unit)
        }
    }

    func match(_ field: String, _ value: String) throws(SystemdError) {
        let text = "\(field)=\(value)"
        try check("The journal cannot be searched", sd_journal_add_match(journal, text, text.utf8.count))
    }

    /// The entry's, in microseconds since 1970.
    var time: UInt64? {
        var time: UInt64 = 0
        return sd_journal_get_realtime_usec(journal, &time) >= 0 ? time : nil
    }

    private func entry(_ time: UInt64) -> JournalEntry {
        let message = withField("MESSAGE") { bytes in
            SafeText.line(bytes: bytes, total: bytes.count, isWhole: bytes.count < Self.messageBytes - 8)
        }
        return JournalEntry(
            time: time, message: message ?? "(an entry without a message)",
            priority: field("PRIORITY").flatMap { Int($0) },
            identifier: (field("SYSLOG_IDENTIFIER") ?? field("_COMM")).map { SafeText.line($0, limit: 64) },
            pid: (field("_PID") ?? field("SYSLOG_PID")).map { SafeText.line($0, limit: 16) })
    }

    func field(_ name: String) -> String? {
        withField(name) { String(decoding: $0, as: UTF8.self) }
    }

    /// The corresponding C function is `sd_journal_get_data`; an entry that cannot be read has no fields.
    private func withField<Result>(_ name: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        var data: UnsafeRawPointer?
        var count = 0
        guard sd_journal_get_data(journal, name, &data, &count) >= 0, let data else { return nil }
        let bytes = UnsafeRawBufferPointer(start: data, count: count).dropFirst(name.utf8.count + 1)
        return body(UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.messageBytes)))
    }
}

extension String {
    /// For ASCII; other letters are compared as they are.
    package func contains(ignoringCase other: String) -> Bool {
        func folded(_ text: String) -> [UInt8] { text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
        let (text, wanted) = (folded(self), folded(other))
        guard !wanted.isEmpty else { return true }
        guard text.count >= wanted.count else { return false }
        return (0...(text.count - wanted.count)).contains { text[$0...].starts(with: wanted) }
    }
}
