import ExecutorAPI
import Glibc
import StrictJSON

/// What the log is found to be at start.
struct AuditRecovery {
    struct OpenIntent: Sendable {
        var id: String
        var operation: String?
        var call: String?
        /// Of its record; only for the order.
        var sequence: Int
    }

    private(set) var number = 1
    private(set) var length = 0
    private(set) var sequence = 0
    private(set) var hash = AuditLine.genesis
    /// Of the newest file's records.
    private(set) var times = RecordTimes()
    /// Whether the newest record signs all before it.
    private(set) var isSigned = false
    private(set) var tornBytes = 0
    private(set) var openIntents: [OpenIntent] = []

    /// Finds the head, cuts a torn line off, and looks for intents without an outcome in the last day's files: no
    /// call runs longer.
    init(_ files: AuditFiles) throws(AuditError) {
        let numbers = try files.numbers()
        guard let last = numbers.last else { return }
        number = last
        try readLast(files, last)
        if length == 0, let previous = numbers.dropLast().last {
            // A crash between the making of a file and its first record: the chain goes on from the one before.
            try readHead(files, previous)
        }
        try findOpenIntents(files)
    }

    private mutating func readLast(_ files: AuditFiles, _ last: Int) throws(AuditError) {
        var end = 0
        var times = RecordTimes()
        var newest: ArraySlice<UInt8> = []
        try AuditReader(files.path(last)).forEachLine { line in
            guard line.form != .torn else { return true }
            end = line.end
            if AuditLine.parts(line.bytes) != nil {
                newest = ArraySlice(Array(line.bytes))
                times.add(RecordScanner(line.bytes).time)
            }
            return true
        }
        try cut(files.path(last), to: end)
        (length, self.times) = (end, times)
        take(newest)
    }

    /// What is behind the last newline was never confirmed to anybody.
    private mutating func cut(_ path: String, to length: Int) throws(AuditError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system("look at", path) }
        tornBytes = Int(status.st_size) - length
        guard tornBytes > 0 else { return }
        guard truncate(path, off_t(length)) == 0 else { throw .system("mend", path) }
    }

    private mutating func readHead(_ files: AuditFiles, _ number: Int) throws(AuditError) {
        var newest: ArraySlice<UInt8> = []
        let reader = try AuditReader(files.path(number), chunkBytes: AuditReader.smallChunkBytes)
        try reader.forEachLineBackwards { line in
            guard AuditLine.parts(line.bytes) != nil else { return true }
            newest = ArraySlice(Array(line.bytes))
            return false
        }
        take(newest)
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        guard let parts = AuditLine.parts(line) else { return }
        (sequence, hash) = (parts.sequence, String(decoding: parts.hash, as: UTF8.self))
        isSigned = RecordScanner(line).kind == .checkpoint
    }

    private mutating func findOpenIntents(_ files: AuditFiles) throws(AuditError) {
        var open: [String: OpenIntent] = [:]
        try RecentRecords(files, within: ExecutorLimits.operationMemory).forEach { kind, line in
            guard let id = RecordScanner(line).string("id") else { return }
            guard kind == .intent else { return open[id] = nil }
            guard open.count < AuditLimits.openIntents, let record = try? JSONValue(parsing: line) else { return }
            open[id] = OpenIntent(
                id: id, operation: record["operation"]?.stringValue, call: record["call"]?.stringValue,
                sequence: AuditLine.parts(line)?.sequence ?? 0)
        }
        openIntents = open.values.sorted { $0.sequence < $1.sequence }
    }
}

/// The span of a file's records. A clock may be set back, so the first record's time is not always the earliest.
struct RecordTimes: Sendable, Hashable {
    /// RFC 3339; `nil` before the first record.
    private(set) var first: String?
    private(set) var earliest: String?
    private(set) var latest: String?

    mutating func add(_ time: String?) {
        guard let time else { return }
        first = first ?? time
        earliest = earliest.map { min($0, time) } ?? time
        latest = latest.map { max($0, time) } ?? time
    }

    /// `2026-07-28`, of the first record.
    var day: Substring? { first?.prefix(10) }
}
