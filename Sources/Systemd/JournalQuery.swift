/// Which entries of the journal are wanted.
package struct JournalQuery: Sendable, Hashable {
    package enum Boot: Sendable, Hashable {
        case any
        case current
        /// The boot before this one.
        case previous
    }

    /// Entries of this unit, by its full name: its own and those about it; `nil` for all.
    package var unit: String?
    /// Only entries of this start of the unit.
    package var invocation: String?
    /// The newest so many.
    package var lines: Int
    /// In microseconds since 1970.
    package var since: UInt64?
    package var until: UInt64?
    /// syslog's number: entries at most this urgent a number, 3 for errors and worse.
    package var priority: Int?
    package var boot = Boot.any

    package init(unit: String? = nil, lines: Int) { (self.unit, self.lines) = (unit, lines) }
}

/// One entry of the journal, made safe to show.
package struct JournalEntry: Sendable, Hashable {
    /// In microseconds since 1970.
    package var time: UInt64
    /// One line; control characters are gone, and what was very long is cut.
    package var message: String
    package var priority: Int?
    /// `SYSLOG_IDENTIFIER`, or the program's name.
    package var identifier: String?
    package var pid: String?

    package init(
        time: UInt64, message: String, priority: Int? = nil, identifier: String? = nil, pid: String? = nil
    ) {
        (self.time, self.message, self.priority) = (time, message, priority)
        (self.identifier, self.pid) = (identifier, pid)
    }
}

/// What a query found, oldest first.
package struct JournalPage: Sendable, Hashable {
    package enum Older: Sendable, Hashable {
        /// Everything that fits is here.
        case none
        /// There are older entries that fit.
        case some
        /// So many entries were looked at without enough of them being wanted, that it was given up.
        case notSearched
    }

    package var entries: [JournalEntry]
    package var older: Older
}
