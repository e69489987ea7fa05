import ExecutorTools
import Systemd

/// What strangers write into logs, and what a caller says of their time.
enum LogTimeFuzz {
    /// The end of 9999, in microseconds since 1970, and the hours a zone may add.
    private static let last: UInt64 = 253_402_400_000_000_000 + 360_000_000_000

    static var seeds: [[UInt8]] {
        [
            "2026-11-24T12:30:05.123+00:00 x", "2026/11/24 12:30:05 [error] 7#7: x", "Nov 24 12:30:05 host app[1]: x",
            "[Tue Nov 24 12:30:05.123456 2026] [error] x", "127.0.0.1 - - [24/Nov/2026:12:30:05 +0000] \"GET /\"",
            "Feb 29 23:59:60 x", "1h30m", "2 hours ago", "yesterday", "23:59:59", "2026-11-24 12:30",
        ].map { Array($0.utf8) }
    }

    static func run(_ bytes: [UInt8]) {
        for now in [0, 1_795_523_405_000_000, last] as [UInt64] {
            let time = bytes.withUnsafeBytes { LineTime($0, now: now) }
            guard let time else { continue }
            require(time.microseconds <= last, "a line is of \(time.microseconds)")
            require(time.range.upperBound <= bytes.count && !time.range.isEmpty, "a time beyond its line")
        }
        if let moment = try? LogMoment.read(String(decoding: bytes, as: UTF8.self), argument: "since") {
            require(moment <= last, "a moment is \(moment)")
        }
        let shown = SafeText.line(bytes: bytes, total: bytes.count)
        require(
            shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "a control character is shown")
    }
}
