import Foundation
import StrictJSON
import Systemd
import TestSupport

/// The last lines of a unit from a large journal, beside `journalctl` on the same files.
///
/// Made of its own journal, which takes a minute for a million entries: so only when it is asked for.
enum JournalBench {
    private static let units = 50
    private static let lines = 100
    private static let rounds = 50
    private static let start: UInt64 = 1_790_000_000_000_000

    static func measure(entries: Int) throws -> JSONValue {
        try withTemporaryDirectory { try measure(entries: entries, in: $0) }
    }

    private static func measure(entries: Int, in directory: String) throws -> JSONValue {
        for (name, count) in [("small", 1000), ("large", entries)] {
            try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
            try JournalFiles.write(journal(count), to: "\(directory)/\(name)/app.journal")
        }
        let small = try memory("\(directory)/small")
        let large = try memory("\(directory)/large")
        return [
            "entries": JSONValue(entries),
            "busy_unit": try compare("unit7.service", "\(directory)/large"),
            "silent_unit": try compare("silent.service", "\(directory)/large"),
            "anonymous_memory_kb": ["after_small": JSONValue(small), "after_large": JSONValue(large)],
        ]
    }

    /// Fifty units that write in turn, and one that has written long ago.
    private static func journal(_ count: Int) -> some Sequence<JournalFiles.Entry> {
        (0..<count).lazy.map { index in
            let unit = index < 200 ? "silent.service" : "unit\(index % units).service"
            return JournalFiles.Entry(
                time: start + UInt64(index) * 10_000, unit: unit,
                "request \(index) from 10.0.\(index % 256).7 answered 200 in \(index % 97) ms",
                priority: index % 1000 == 7 ? 3 : 6)
        }
    }

    private static func compare(_ unit: String, _ directory: String) throws -> JSONValue {
        var own: [Double] = []
        var peer: [Double] = []
        for _ in 0..<rounds {
            var found = 0
            own.append(try Latency.time { found = try read(unit, directory) })
            guard found == lines else { throw POSIXError(.EIO) }
            peer.append(
                Latency.time {
                    Latency.spawn(
                        "/usr/bin/journalctl",
                        ["-D", directory, "-u", unit, "-n", String(lines), "-o", "json", "--no-pager"],
                        isSilent: true)
                })
        }
        let (ours, theirs) = (Latency.median(own), Latency.median(peer))
        return [
            "read_ms": JSONValue(ours), "journalctl_ms": JSONValue(theirs), "ratio": JSONValue(ours / theirs),
            "bar": 0.3,
        ]
    }

    private static func read(_ unit: String, _ directory: String) throws -> Int {
        try JournalReader(directory: directory).read(JournalQuery(unit: unit, lines: lines)).entries.count
    }

    /// What the process has in anonymous memory after it has read every unit, in KiB: `RssAnon` of proc(5), without the
    /// pages of the journal's files, which are the kernel's to keep or drop.
    private static func memory(_ directory: String) throws -> Int {
        for unit in 0..<units { _ = try read("unit\(unit).service", directory) }
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        return Int(line.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") ?? 0
    }
}
