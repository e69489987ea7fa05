import ExecutorAPI
import Glibc
package import StrictJSON

/// The records that begin and end calls, of the files that a span of time reaches back to, oldest first.
struct RecentRecords {
    private static let kinds: [AuditEvent.Kind] = [.intent, .outcome, .refusal, .unknown]

    private let files: AuditFiles
    private let since: Timestamp

    init(_ files: AuditFiles, within span: Duration) {
        (self.files, since) = (files, Timestamp.now().adding(.zero - span))
    }

    func forEach(_ body: (AuditEvent.Kind, ArraySlice<UInt8>) -> Void) throws(AuditError) {
        for number in try files.numbers() where isRecent(number) {
            try AuditReader(files.path(number)).forEachLine { line in
                let record = RecordScanner(line.bytes)
                if line.form == .whole, let kind = record.kind, Self.kinds.contains(kind),
                    let time = record.time, time >= since.text
                {
                    body(kind, line.bytes)
                }
                return true
            }
        }
    }

    /// Written to within the span; a file's last write says enough.
    private func isRecent(_ number: Int) -> Bool {
        var status = stat()
        guard stat(files.path(number), &status) == 0 else { return false }
        return Int64(status.st_mtim.tv_sec) * 1000 + 1000 >= since.milliseconds
    }
}

/// What a record says of an operation id.
package struct RecentOperation: Sendable {
    package enum State: Sendable, Hashable {
        case begun
        /// With the answer, where it was kept.
        case done(JSONValue?)
        /// Nothing ran: the disk did not confirm the intent.
        case notRun
    }

    package var userID: UInt32
    package var id: String
    package var call: String
    package var state: State

    package init(userID: UInt32, id: String, call: String, state: State) {
        (self.userID, self.id, self.call, self.state) = (userID, id, call, state)
    }

    fileprivate init?(_ kind: AuditEvent.Kind, _ record: JSONValue) {
        guard let operation = record["operation"]?.stringValue, let call = record["call"]?.stringValue else {
            return nil
        }
        (id, self.call) = (operation, call)
        userID = record["peer"]?["uid"]?.intValue.flatMap { UInt32(exactly: $0) } ?? 0
        switch kind {
        case .outcome: state = .done(record["result"])
        case .refusal: state = .notRun
        default: state = .begun
        }
    }
}

extension AuditLog {
    /// Calls `body` with what the records of the last `span` say of operations with an id, oldest first; keeps nothing.
    package static func forEachRecentOperation(
        in directory: String, within span: Duration, _ body: (RecentOperation) -> Void
    ) throws(AuditError) {
        let needle = Array("\"operation\":".utf8)
        try RecentRecords(AuditFiles(directory: directory), within: span).forEach { kind, line in
            // An unknown says no more than its intent did, and no peer.
            guard kind != .unknown, AuditLine.contains(line, needle), let record = try? JSONValue(parsing: line),
                let operation = RecentOperation(kind, record)
            else { return }
            body(operation)
        }
    }
}
