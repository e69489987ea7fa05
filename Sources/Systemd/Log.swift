import CSystemd
import Glibc
import Synchronization

/// The daemon's own log: a constant message and fields, to the journal or as a line to standard error.
package enum Log {
    /// syslog's levels, the most urgent first.
    package enum Level: Int, Sendable, Hashable, CaseIterable, Comparable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7

        package var name: String { String(describing: self) }

        package init?(name: String) {
            guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }

        package static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
    }

    private static let limit = Atomic<Int>(Level.info.rawValue)

    /// The least urgent level that is still written.
    package static var level: Level {
        get { Level(rawValue: limit.load(ordering: .relaxed)) ?? .info }
        set { limit.store(newValue.rawValue, ordering: .relaxed) }
    }

    package static func error(_ message: StaticString, _ fields: [String: String] = [:]) {
        write(.error, message, fields)
    }
    package static func warning(_ message: StaticString, _ fields: [String: String] = [:]) {
        write(.warning, message, fields)
    }
    package static func notice(_ message: StaticString, _ fields: [String: String] = [:]) {
        write(.notice, message, fields)
    }
    package static func info(_ message: StaticString, _ fields: [String: String] = [:]) {
        write(.info, message, fields)
    }
    package static func debug(_ message: StaticString, _ fields: [String: String] = [:]) {
        write(.debug, message, fields)
    }

    /// Whether entries go to the journal, and not to standard error as lines.
    package static var isJournal: Bool { LogRecord.standardErrorIsJournal }

    /// To the journal alone, whatever the level: for what is written elsewhere already.
    package static func journal(_ message: StaticString, _ fields: [String: String]) {
        _ = LogRecord(level: .info, message: message.description, fields: fields).sendToJournal()
    }

    private static func write(_ level: Level, _ message: StaticString, _ fields: [String: String]) {
        guard level <= self.level else { return }
        let record = LogRecord(level: level, message: message.description, fields: fields)
        if !LogRecord.standardErrorIsJournal || !record.sendToJournal() { record.writeLine(to: STDERR_FILENO) }
    }
}

/// One entry, in the two forms it may take.
struct LogRecord {
    let level: Log.Level
    let message: String
    let fields: [String: String]

    /// Whether standard error is the stream systemd connected to the journal: `JOURNAL_STREAM`, systemd.exec(5).
    static var standardErrorIsJournal: Bool {
        guard let value = getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return String(cString: value) == "\(status.st_dev):\(status.st_ino)"
    }

    /// The names as the journal takes them: capital letters, digits, underscores, no leading one.
    var journalFields: [String] {
        let known = fields.filter { key, _ in
            key.utf8.first.map { (0x41...0x5A).contains($0) } == true && key.utf8.count <= 64
                && key.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        }
        return ["MESSAGE=\(message)", "PRIORITY=\(level.rawValue)"]
            + known.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    /// The corresponding C function is `sd_journal_sendv`.
    func sendToJournal() -> Bool {
        let texts = journalFields.map { Array($0.utf8) }
        return texts.withVectors { vectors in
            sd_journal_sendv(vectors.baseAddress, Int32(vectors.count)) == 0
        }
    }

    /// `warning: message NAME=value`, always one line.
    var line: String {
        let values = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted($0.value))" }
        return "\(level.name): \(message)\(values.joined())\n"
    }

    func writeLine(to descriptor: Int32) {
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 }
        return isPlain ? value : "\"" + SafeText.line(value).map { $0 == "\"" ? "'" : String($0) }.joined() + "\""
    }
}

extension [[UInt8]] {
    /// Each element as an `iovec`, valid during `body`.
    fileprivate func withVectors<Result>(_ body: (UnsafeBufferPointer<iovec>) -> Result) -> Result {
        var joined = flatMap { $0 }
        let counts = map(\.count)
        return joined.withUnsafeMutableBytes { bytes in
            var offset = 0
            let vectors = counts.map { count in
                defer { offset += count }
                return iovec(iov_base: bytes.baseAddress.map { $0 + offset }, iov_len: count)
            }
            return vectors.withUnsafeBufferPointer(body)
        }
    }
}
