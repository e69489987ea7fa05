import ExecutorAPI
import Glibc
package import StrictJSON

/// What the log is found to be at start.
struct AuditRecovery {
    struct OpenIntent {
        var id: String
        var operation: String?
        var call: String?
    }

    private(set) var number = 1
    private(set) var length = 0
    private(set) var sequence = 0
    private(set) var hash = AuditLine.genesis
    private(set) var tornBytes = 0
    private(set) var openIntents: [OpenIntent] = []

    /// Finds the head, cuts a torn line off, and looks for intents without an outcome in the last day's files: no
    /// call runs longer.
    init(_ files: AuditFiles) throws(AuditError) {
        let numbers = files.numbers
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
        var whole = 0
        var torn = 0
        var newest: AuditLine.Parts?
        try files.forEachLine(of: last) { line, _, isWhole in
            if isWhole {
                whole += line.count + 1
                newest = AuditLine.parts(line) ?? newest
            } else {
                torn = line.count
            }
            return true
        }
        if torn > 0 {
            guard truncate(files.path(last), off_t(whole)) == 0 else { throw .system("mend", files.path(last)) }
        }
        (length, tornBytes) = (whole, torn)
        take(newest)
    }

    private mutating func readHead(_ files: AuditFiles, _ number: Int) throws(AuditError) {
        var newest: AuditLine.Parts?
        try files.forEachLine(of: number) { line, _, _ in
            newest = AuditLine.parts(line) ?? newest
            return true
        }
        take(newest)
    }

    private mutating func take(_ parts: AuditLine.Parts?) {
        guard let parts else { return }
        (sequence, hash) = (parts.sequence, String(decoding: parts.hash, as: UTF8.self))
    }

    private mutating func findOpenIntents(_ files: AuditFiles) throws(AuditError) {
        var found: [String: OpenIntent] = [:]
        var order: [String] = []
        try RecentRecords(files, within: .seconds(24 * 60 * 60)).forEach { kind, record in
            guard let id = record["id"]?.stringValue else { return }
            if kind == .intent {
                found[id] = OpenIntent(
                    id: id, operation: record["operation"]?.stringValue, call: record["call"]?.stringValue)
                order.append(id)
            } else {
                found[id] = nil
            }
        }
        openIntents = order.compactMap { found[$0] }
    }
}

/// Intents, outcomes and unknowns of the files that a span of time reaches back to, oldest first.
struct RecentRecords {
    private let files: AuditFiles
    private let since: Timestamp

    init(_ files: AuditFiles, within span: Duration) {
        (self.files, since) = (files, Timestamp.now().adding(.zero - span))
    }

    func forEach(_ body: (AuditEvent.Kind, JSONValue) -> Void) throws(AuditError) {
        let needles = [AuditEvent.Kind.intent, .outcome, .unknown].map {
            ($0, Array("\"kind\":\"\($0.rawValue)\"".utf8))
        }
        for number in files.numbers where isRecent(number) {
            try files.forEachLine(of: number) { line, _, _ in
                guard let kind = needles.first(where: { AuditLine.contains(line, $0.1) })?.0,
                    let record = try? JSONValue(parsing: line), record["kind"]?.stringValue == kind.rawValue,
                    let time = record["time"]?.stringValue, time >= since.text
                else { return true }
                body(kind, record)
                return true
            }
        }
    }

    /// Written to within the span; a file's times are in order, so its last write says enough.
    private func isRecent(_ number: Int) -> Bool {
        var status = stat()
        guard stat(files.path(number), &status) == 0 else { return false }
        return Int64(status.st_mtim.tv_sec) * 1000 + 1000 >= since.milliseconds
    }
}

/// What the log says of an operation id.
package struct RecentOperation: Sendable {
    package var userID: UInt32
    package var id: String
    package var call: String
    /// `nil` where the outcome is unknown or its answer was not kept.
    package var result: JSONValue?
}

extension AuditLog {
    /// The operations with an id of the last `span`, oldest first.
    package static func recentOperations(in directory: String, within span: Duration) -> [RecentOperation] {
        var found: [String: RecentOperation] = [:]
        var order: [String] = []
        // A log that cannot be read was refused when it was opened.
        try? RecentRecords(AuditFiles(directory: directory), within: span).forEach { kind, record in
            guard let id = record["id"]?.stringValue, let operation = record["operation"]?.stringValue,
                let call = record["call"]?.stringValue
            else { return }
            if kind == .intent {
                let user = record["peer"]?["uid"]?.intValue.flatMap { UInt32(exactly: $0) } ?? 0
                found[id] = RecentOperation(userID: user, id: operation, call: call)
                order.append(id)
            } else if kind == .outcome {
                found[id]?.result = record["result"]
            }
        }
        return order.compactMap { found[$0] }
    }
}
