import Systemd

/// Lines of a log as they are shown: safe, and repeated ones folded.
struct LogLines: Sendable {
    private struct Line {
        var text: String
        var prefix: String
        var first: String?
        var last: String?
        var count = 1
    }

    private var folded: [Line] = []
    /// How many lines there were before folding.
    private(set) var count = 0

    init(entries: [JournalEntry]) {
        for entry in entries {
            let source = [entry.identifier, entry.pid.map { "[\($0)]" }].compactMap { $0 }.joined()
            add(entry.message, prefix: source.isEmpty ? "" : source + ": ", time: ClockText.short(entry.time))
        }
    }

    /// Lines of a file, which carry their own times.
    init(text: String) {
        for line in text.split(separator: "\n") {
            let (time, rest) = Self.time(line)
            add(SafeText.line(rest), prefix: "", time: time)
        }
    }

    private mutating func add(_ text: String, prefix: String, time: String?) {
        count += 1
        if let last = folded.indices.last, folded[last].text == text {
            folded[last].count += 1
            folded[last].last = time
        } else {
            folded.append(Line(text: text, prefix: prefix, first: time))
        }
    }

    var texts: [String] {
        folded.map { line in
            let time = line.first.map { $0 + " " } ?? ""
            guard line.count > 1 else { return time + line.prefix + line.text }
            let until = line.last.map { " until \($0)" } ?? ""
            return "\(time)\(line.prefix)\(line.text)  (\(line.count) times\(until))"
        }
    }

    var text: String { texts.joined(separator: "\n") }

    /// The time a line begins with, in the forms of nginx, syslog's ISO form and most programs:
    /// `2026/11/24 12:30:05`, `2026-11-24T12:30:05+00:00`.
    private static func time(_ line: Substring) -> (time: String?, rest: Substring) {
        let head = line.prefix(19)
        guard head.utf8.count == 19, head.utf8.allSatisfy({ "0123456789/-T: .".utf8.contains($0) }),
            head.filter({ $0 == ":" }).count == 2
        else { return (nil, line) }
        let rest = line.dropFirst(19)
        let end = rest.firstIndex(of: " ") ?? rest.endIndex
        return (SafeText.line(line[..<end]), rest[end...].drop { $0 == " " })
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
