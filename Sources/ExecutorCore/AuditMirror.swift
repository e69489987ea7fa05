import ExecutorAudit
import StrictJSON
import Systemd

/// A copy of the audit log in the journal, which somebody else writes and may send elsewhere.
enum AuditMirror {
    /// Which members become fields of their own, so that `journalctl AUDIT_TOOL=run_command` finds them.
    private static let fields = [
        ("AUDIT_ACTOR", ["actor", "user_id"]), ("AUDIT_EXIT", ["exit"]), ("AUDIT_HASH", ["hash"]), ("AUDIT_ID", ["id"]),
        ("AUDIT_KIND", ["kind"]), ("AUDIT_PEER_UID", ["peer", "uid"]), ("AUDIT_RULE", ["rule"]), ("AUDIT_SEQ", ["seq"]),
        ("AUDIT_TOOL", ["tool"]),
    ]

    /// `nil` for a daemon that was not started by systemd: its standard error is no copy of the log.
    static var whereThereIsAJournal: AuditLog.Mirror? {
        guard Log.isJournal else { return nil }
        return { send($0) }
    }

    /// - Parameter line: A record as it stands in the log: nothing is told that is not there.
    private static func send(_ line: ArraySlice<UInt8>) { Log.journal("Audit record", fields(of: line)) }

    static func fields(of line: ArraySlice<UInt8>) -> [String: String] {
        let record = (try? JSONValue(parsing: line)) ?? .null
        var values = ["AUDIT_RECORD": String(decoding: line, as: UTF8.self)]
        for (name, path) in fields {
            let value = path.reduce(JSONValue?.some(record)) { $0?[$1] }
            values[name] = value.map { $0.stringValue ?? $0.text }
        }
        return values
    }
}
