/// Spans and moments, as journalctl and docker take them (systemd.time(7); Go's `time.ParseDuration`).
enum TimeText {
    private static let maximumParts = 4

    /// `90s`, `15m`, `2h`, `1d`, `1w`, `5min`, `1h30m`.
    static func isDuration(_ text: String) -> Bool {
        isSpan(text, units: ["s", "m", "min", "h", "d", "w"], maySpace: false)
    }

    /// `today`, `1 hour ago`, `1h30m ago`, `2026-01-31`, `2026-01-31 12:00:00`, `12:00`.
    static func isMoment(_ text: String) -> Bool {
        if ["now", "today", "yesterday"].contains(text) || forms.contains(shape(text)) { return true }
        guard text.hasSuffix(" ago") else { return false }
        return isSpan(String(text.dropLast(4)), units: longUnits, maySpace: true)
    }

    private static let longUnits: Set<String> = [
        "s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hour", "hours", "d", "day", "days", "w",
        "week", "weeks",
    ]
    private static let forms: Set<String> = [
        "0000-00-00", "0000-00-00 00:00", "0000-00-00 00:00:00", "0000-00-00T00:00", "0000-00-00T00:00:00",
        "0000-00-00T00:00:00Z", "00:00", "00:00:00",
    ]

    /// Every digit as `0`.
    private static func shape(_ text: String) -> String {
        String(decoding: text.utf8.map { ASCII.isDigit($0) ? UInt8(ascii: "0") : $0 }, as: UTF8.self)
    }

    /// Numbers of at most six digits, each with a unit.
    private static func isSpan(_ text: String, units: Set<String>, maySpace: Bool) -> Bool {
        var rest = Array(text.utf8)[...]
        for part in 0..<maximumParts {
            if part > 0, maySpace, rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
            let digits = rest.prefix(while: ASCII.isDigit)
            guard (1...6).contains(digits.count) else { return false }
            rest = rest[digits.endIndex...]
            if maySpace, rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
            let unit = rest.prefix { (0x61...0x7A).contains($0) }
            guard units.contains(String(decoding: unit, as: UTF8.self)) else { return false }
            rest = rest[unit.endIndex...]
            if rest.isEmpty { return true }
        }
        return false
    }
}
