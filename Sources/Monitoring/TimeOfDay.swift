/// A time of the day as a clock on the wall shows it.
package struct TimeOfDay: Sendable, Hashable, Comparable {
    /// Since midnight, below 1440.
    package let minutes: Int

    /// Reads `9`, `09:00`, `23:30`; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part in
            (1...2).contains(part.count) && part.allSatisfy({ $0.isASCII && $0.isNumber }) ? Int(part) : nil
        }
        guard (1...2).contains(parts.count), let hour = parts[0], hour < 24,
            let minute = parts.count == 2 ? parts[1] : 0, minute < 60
        else { return nil }
        minutes = hour * 60 + minute
    }

    package static func < (left: TimeOfDay, right: TimeOfDay) -> Bool { left.minutes < right.minutes }
}

/// The hours in which only what is critical is said.
package struct QuietHours: Sendable, Hashable {
    package let from: TimeOfDay
    package let to: TimeOfDay

    /// Reads `23:00-07:00` or `23-7`, over midnight or not; `nil` for anything else, and for no time at all.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        guard parts.count == 2, let from = TimeOfDay(parts[0]), let to = TimeOfDay(parts[1]), from != to else {
            return nil
        }
        (self.from, self.to) = (from, to)
    }

    package func contains(minute: Int) -> Bool {
        from < to
            ? (from.minutes..<to.minutes).contains(minute) : minute >= from.minutes || minute < to.minutes
    }
}

/// A moment as the wall shows it.
package struct LocalTime: Sendable, Hashable {
    /// `2026-11-25`
    package var day: String
    /// Since midnight.
    package var minute: Int
    /// Milliseconds since 1970.
    package var instant: Int64

    package init(day: String, minute: Int, instant: Int64) {
        (self.day, self.minute, self.instant) = (day, minute, instant)
    }
}
