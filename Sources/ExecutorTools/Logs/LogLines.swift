import Systemd

/// Lines of a log as they are shown: safe, and repeated ones folded.
struct LogLines: Sendable {
    private struct Line {
        var text: String
        var key: String
        var first: String?
        var last: String?
        var count = 1
    }

    private var folded: [Line] = []
    /// How many lines there were before folding.
    private(set) var count = 0

    init() {}

    init(entries: [JournalEntry]) {
        for entry in entries {
            let source = [entry.identifier, entry.pid.map { "[\($0)]" }].compactMap { $0 }.joined()
            add(entry.message, after: source.isEmpty ? "" : source + ": ", at: ClockText.short(entry.time))
        }
    }

    /// Lines of a file, which carry their own times.
    init(lines: [LogLine]) {
        for line in lines {
            let (text, key, time) = line.bytes.withUnsafeBytes { bytes in
                let (key, time) = Self.key(bytes)
                return (SafeText.line(bytes: bytes, total: line.total), key, time)
            }
            add(text, key: key, time: time)
        }
    }

    init(text: String) {
        let lines = text.utf8.split(separator: 10).map { LogLine($0, total: $0.count) }
        self.init(lines: lines)
    }

    /// - Parameter source: Who wrote it: two who write the same are folded.
    mutating func add(_ text: String, after source: String, at time: String) {
        var text = text
        let key = text.withUTF8 { Self.key(UnsafeRawBufferPointer($0)).key }
        add("\(time) \(source)\(text)", key: key, time: time)
    }

    /// What makes two lines the same: all but the time they carry.
    private static func key(_ line: UnsafeRawBufferPointer) -> (key: String, time: String?) {
        guard let time = LineTime(line) else { return (String(decoding: line, as: UTF8.self), nil) }
        let head = String(decoding: line[..<time.range.lowerBound], as: UTF8.self)
        let rest = String(decoding: line[time.range.upperBound...], as: UTF8.self)
        return (head + "\0" + rest, SafeText.line(String(decoding: line[time.range], as: UTF8.self)))
    }

    private mutating func add(_ text: String, key: String, time: String?) {
        count += 1
        if let last = folded.indices.last, folded[last].key == key {
            folded[last].count += 1
            folded[last].last = time
        } else {
            folded.append(Line(text: text, key: key, first: time, last: time))
        }
    }

    /// Each with how often it was repeated, and until when; of several that repeat in turn, the last round.
    var texts: [String] {
        LogCycles.parts(folded.map(\.key)).map { part in
            switch part {
            case .line(let index): Self.text(folded[index])
            case .rounds(let count, let length, let first):
                "(the \(length) lines below came \(count) times before\(folded[first].first.map { ", since \($0)" } ?? ""))"
            }
        }
    }

    private static func text(_ line: Line) -> String {
        guard line.count > 1 else { return line.text }
        return "\(line.text)  (\(line.count) times\(line.last.map { " until \($0)" } ?? ""))"
    }

    /// Lines that say that something failed, newest last.
    static func errors(in texts: [String], limit: Int) -> [String] {
        Array(texts.filter(isError).suffix(limit))
    }

    static func isError(_ text: String) -> Bool {
        words.contains { text.contains(ignoringCase: $0) }
    }

    private static let words = [
        "error", "[emerg]", "[alert]", "[crit]", "fatal", "panic", "failed", "cannot", "unable to", "denied",
        "already in use", "no space left", "out of memory",
    ]
}
