import Glibc

/// A moment of the wall clock, in whole milliseconds.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(milliseconds: milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// RFC 3339 in UTC with three digits of fraction, such as `2026-07-28T09:05:00.123Z`: sorts as text.
    package var text: String {
        var seconds = time_t(Self.floorDivide(milliseconds, 1000))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        let time = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
        let fraction = Int(milliseconds - Int64(seconds) * 1000)
        return "\(Self.pad(date[0], 4))-\(Self.pad(date[1], 2))-\(Self.pad(date[2], 2))T"
            + time.map { Self.pad($0, 2) }.joined(separator: ":") + ".\(Self.pad(fraction, 3))Z"
    }

    /// `2026-07-28`
    package var day: Substring { text.prefix(10) }

    /// Reads RFC 3339 in UTC, with or without a fraction; `nil` for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int32? {
            guard bytes.count >= range.upperBound, bytes[range].allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            return Int32(String(decoding: bytes[range], as: UTF8.self))
        }
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"),
            [4, 7].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }), bytes[10] == UInt8(ascii: "T"),
            [13, 16].allSatisfy({ bytes[$0] == UInt8(ascii: ":") }),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        let fraction = bytes[19..<bytes.count - 1]
        var milliseconds: Int64 = 0
        if let point = fraction.first {
            guard point == UInt8(ascii: "."), fraction.count > 1,
                fraction.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            let digits = fraction.dropFirst().map { Int64($0 - 0x30) } + [0, 0, 0]
            milliseconds = digits[0] * 100 + digits[1] * 10 + digits[2]
        }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        self.init(milliseconds: Int64(timegm(&parts)) * 1000 + milliseconds)
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : (a - b + 1) / b }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
