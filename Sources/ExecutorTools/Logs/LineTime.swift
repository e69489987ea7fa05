import Glibc

/// The time a line of a log says of itself, and where it stands.
///
/// Read are the forms of RFC 3339 and most programs (`2026-11-24T12:30:05.123+00:00`, `2026-11-24 12:30:05`), nginx's
/// (`2026/11/24 12:30:05`), syslog's of RFC 3164 (`Nov 24 12:30:05`, which has no year), Apache's
/// (`Tue Nov 24 12:30:05.123 2026`) and that of access logs (`24/Nov/2026:12:30:05 +0000`).
package struct LineTime {
    /// Since 1970.
    package let microseconds: UInt64
    /// Its bytes in the line.
    package let range: Range<Int>

    /// A time further into the line is no more than a word of the message.
    private static let reach = 200

    package init?(_ line: UnsafeRawBufferPointer, now: UInt64 = ClockText.now) {
        let line = UnsafeRawBufferPointer(rebasing: line.prefix(Self.reach))
        for start in line.indices where start == 0 || !line[start - 1].isAlphanumeric {
            var text = DigitReader(line, at: start)
            guard let time = text.isoTime() ?? text.accessTime() ?? text.syslogTime(now) else { continue }
            guard let microseconds = time.microseconds else { continue }
            (self.microseconds, range) = (microseconds, start..<text.index)
            return
        }
        return nil
    }
}

/// A date and a time of day, with or without a zone.
struct CalendarTime {
    private var time: tm
    /// East of Greenwich, in seconds; `nil` for the machine's own zone.
    private var offset: Int?

    init(_ time: tm, offset: Int? = nil) { (self.time, self.offset) = (time, offset) }

    var microseconds: UInt64? {
        var time = time
        time.tm_isdst = -1
        let seconds = offset.map { timegm(&time) - $0 } ?? mktime(&time)
        return seconds >= 0 ? UInt64(seconds) * 1_000_000 : nil
    }
}

/// Reads times from bytes; a form that does not fit leaves it where it was.
private struct DigitReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var index: Int

    init(_ bytes: UnsafeRawBufferPointer, at index: Int) { (self.bytes, self.index) = (bytes, index) }

    mutating func isoTime() -> CalendarTime? {
        attempt { text in
            guard let year = text.number(4), text.skip("-/"), let month = text.number(2), text.skip("-/"),
                let day = text.number(2), text.skip("T "), var time = text.clock()
            else { return nil }
            text.skipFraction()
            guard Self.set(&time, year, month, day) else { return nil }
            return CalendarTime(time, offset: text.zone())
        }
    }

    mutating func accessTime() -> CalendarTime? {
        attempt { text in
            guard let day = text.number(2), text.skip("/"), let month = text.month(), text.skip("/"),
                let year = text.number(4), text.skip(":"), var time = text.clock(), text.skip(" "),
                Self.set(&time, year, month, day)
            else { return nil }
            return CalendarTime(time, offset: text.zone())
        }
    }

    /// Without a year it is the last such day there was.
    mutating func syslogTime(_ now: UInt64) -> CalendarTime? {
        attempt { text in
            guard let month = text.month(), text.skip(" ") else { return nil }
            _ = text.skip(" ")
            guard let day = text.number(2) ?? text.number(1), text.skip(" "), var time = text.clock() else {
                return nil
            }
            text.skipFraction()
            var ahead = text
            if ahead.skip(" "), let year = ahead.number(4), (1970...9999).contains(year) {
                text = ahead
                return Self.set(&time, year, month, day) ? CalendarTime(time) : nil
            }
            var seconds = time_t(now / 1_000_000)
            var today = tm()
            localtime_r(&seconds, &today)
            let year = today.tm_year + 1900
            guard Self.set(&time, year, month, day) else { return nil }
            let thisYear = CalendarTime(time)
            guard let moment = thisYear.microseconds, moment > now + 86_400_000_000 else { return thisYear }
            return Self.set(&time, year - 1, month, day) ? CalendarTime(time) : nil
        }
    }

    private mutating func attempt(_ body: (inout DigitReader) -> CalendarTime?) -> CalendarTime? {
        let start = index
        let time = body(&self)
        if time == nil { index = start }
        return time
    }

    private static func set(_ time: inout tm, _ year: Int32, _ month: Int32, _ day: Int32) -> Bool {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return false }
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, month - 1, day)
        return true
    }

    private mutating func clock() -> tm? {
        guard let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2), hour < 24,
            minute < 60, second <= 60
        else { return nil }
        var time = tm()
        (time.tm_hour, time.tm_min, time.tm_sec) = (hour, minute, second)
        return time
    }

    /// `Z`, `+0100`, `+01:00`.
    private mutating func zone() -> Int? {
        if skip("Z") { return 0 }
        let start = index
        guard let sign = index < bytes.count ? bytes[index] : nil, skip("+-"), let hours = number(2) else {
            index = start
            return nil
        }
        _ = skip(":")
        guard let minutes = number(2) else {
            index = start
            return nil
        }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * Int(hours * 3600 + minutes * 60)
    }

    private mutating func skipFraction() {
        guard index + 1 < bytes.count, ".,".utf8.contains(bytes[index]), bytes[index + 1].isDigit else { return }
        index += 1
        while index < bytes.count, bytes[index].isDigit { index += 1 }
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .map { Array($0.utf8) }

    private mutating func month() -> Int32? {
        guard index + 3 <= bytes.count, let found = Self.months.firstIndex(where: { bytes[index...].starts(with: $0) })
        else { return nil }
        index += 3
        return Int32(found + 1)
    }

    private mutating func number(_ digits: Int) -> Int32? {
        guard index + digits <= bytes.count else { return nil }
        var value: Int32 = 0
        for byte in bytes[index..<index + digits] {
            guard byte.isDigit else { return nil }
            value = value * 10 + Int32(byte - 0x30)
        }
        index += digits
        return value
    }

    private mutating func skip(_ characters: StaticString) -> Bool {
        guard index < bytes.count else { return false }
        let isOne = characters.withUTF8Buffer { $0.contains(bytes[index]) }
        if isOne { index += 1 }
        return isOne
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isAlphanumeric: Bool { isDigit || (0x41...0x5A).contains(self & 0xDF) }
}
