import ExecutorAPI
package import StrictJSON

/// One call that ran, as its records have it.
package struct RecordedCall: Sendable, Hashable {
    /// The log's own id of it.
    package var id: String
    package var userID: UInt32
    /// The canonical command.
    package var command: String
    /// Of the outcome; `nil` where a crash hid it, or while it runs.
    package var outcome: [String: JSONValue]?
}

extension AuditLog {
    /// The call that ran under the log's own id, or else the newest under its caller's; `nil` where there is none.
    ///
    /// A caller can name its call by the log's id of another, and that does not take the other's place.
    ///
    /// - Parameters:
    ///   - span: How far to look back.
    ///   - userID: Whose calls are meant; `nil` for anybody's.
    package static func call(
        _ id: String, of userID: UInt32?, in directory: String, within span: Duration
    ) throws(AuditError) -> RecordedCall? {
        let needles = ["operation", "id"].map { AuditLine.needle($0, id) }
        var found: RecordedCall?
        try RecentRecords(AuditFiles(directory: directory), within: span).forEach { kind, line in
            guard needles.contains(where: { AuditLine.contains(line, $0) }), let record = try? JSONValue(parsing: line),
                record["operation"]?.stringValue == id || record["id"]?.stringValue == id
            else { return }
            switch kind {
            case .intent where found?.id != id || record["id"]?.stringValue == id:
                found = RecordedCall(record, of: userID) ?? found
            case .outcome where record["id"]?.stringValue == found?.id:
                found?.outcome = record["detail"]?.objectValue ?? [:]
            // Its intent did not reach the disk, so it did not run.
            case .refusal where record["id"]?.stringValue == found?.id: found = nil
            default: break
            }
        }
        return found
    }
}

extension RecordedCall {
    fileprivate init?(_ intent: JSONValue, of userID: UInt32?) {
        guard let id = intent["id"]?.stringValue,
            let peer = intent["peer"]?["uid"]?.intValue.flatMap({ UInt32(exactly: $0) }), userID ?? peer == peer
        else { return nil }
        let command = intent["argv"]?.arrayValue?.first?.stringValue ?? ""
        self.init(id: id, userID: peer, command: command, outcome: nil)
    }
}
