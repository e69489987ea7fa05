package import ExecutorAPI
import Glibc

/// A moment as a person says it: `30m`, `2h ago`, `yesterday`, `12:30`, `2026-11-24 12:30`.
package enum LogMoment {
    static let wanted =
        "a span such as 30m, 2h or 1d, a time such as 12:30, or a day such as 2026-11-24 or 2026-11-24 12:30"
    private static let day: UInt64 = 86_400_000_000

    /// In microseconds since 1970; a time of day is the last one there was, in the machine's time zone.
    package static func read(_ text: String, argument: String, now: UInt64 = ClockText.now) throws(Refusal) -> UInt64 {
        guard let moment = span(text, before: now) ?? word(text, now) ?? clock(text, now) ?? date(text) else {
            throw Refusal.badArgument(argument, "is no moment", wanted)
        }
        return moment
    }

    private static let units: [String: UInt64] = [
        "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400,
        "days": 86400, "w": 604_800, "week": 604_800, "weeks": 604_800, "minute": 60, "minutes": 60,
    ]

    /// `1h30m` and `1 hour ago`: at most four numbers of at most six digits.
    private static func span(_ text: String, before now: UInt64) -> UInt64? {
        var rest = text.hasSuffix(" ago") ? text.dropLast(4) : text[...]
        var seconds: UInt64 = 0
        for _ in 0..<4 {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard (1...6).contains(digits.count), let number = UInt64(digits) else { return nil }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let unit = rest.prefix { $0.isLetter }
            guard let factor = units[String(unit)] else { return nil }
            seconds += number * factor
            rest = rest.dropFirst(unit.count).drop { $0 == " " }
            if rest.isEmpty { return now - min(now, seconds * 1_000_000) }
        }
        return nil
    }

    private static func word(_ text: String, _ now: UInt64) -> UInt64? {
        switch text {
        case "now": now
        case "today": midnight(now)
        case "yesterday": midnight(now).map { midnight($0 - day / 2) ?? $0 - day }
        default: nil
        }
    }

    private static func midnight(_ now: UInt64) -> UInt64? {
        var time = broken(now)
        (time.tm_hour, time.tm_min, time.tm_sec, time.tm_isdst) = (0, 0, 0, -1)
        return CalendarTime(time).microseconds
    }

    private static func clock(_ text: String, _ now: UInt64) -> UInt64? {
        guard let (hour, minute, second) = hours(Array(text.utf8)) else { return nil }
        var time = broken(now)
        (time.tm_hour, time.tm_min, time.tm_sec, time.tm_isdst) = (hour, minute, second, -1)
        return CalendarTime(time).microseconds.map { $0 > now ? $0 - day : $0 }
    }

    private static func hours(_ bytes: [UInt8]) -> (Int32, Int32, Int32)? {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.count <= 2 ? Int32(decimal: $0) : nil }
        guard numbers.count == parts.count, (2...3).contains(numbers.count), (0...23).contains(numbers[0]),
            numbers[1...].allSatisfy({ (0...59).contains($0) })
        else { return nil }
        return (numbers[0], numbers[1], numbers.count == 3 ? numbers[2] : 0)
    }

    /// A day, or a day and a time; what LineTime reads is read with it.
    private static func date(_ text: String) -> UInt64? {
        let whole = text.count == 10 ? text + " 00:00:00" : text.count == 16 ? text + ":00" : text
        let bytes = Array(whole.utf8)
        guard let time = bytes.withUnsafeBytes({ LineTime($0) }), time.range == 0..<bytes.count else { return nil }
        return time.microseconds
    }

    private static func broken(_ microseconds: UInt64) -> tm {
        var seconds = time_t(microseconds / 1_000_000)
        var time = tm()
        localtime_r(&seconds, &time)
        return time
    }
}
