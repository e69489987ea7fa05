package import Foundation
import GRDB
import StrictJSON

/// What checks found, and what people were told of it.
extension AgentStore {
    /// After so long a button under an alert is too old to be of use.
    package static let alertPostLifetime: TimeInterval = 30 * 86_400

    /// In the order of their keys.
    package func alerts() async throws -> [StoredAlert] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: "SELECT key, state FROM alerts ORDER BY key").map {
                StoredAlert(
                    key: $0["key"], state: try JSONValue(parsing: $0["state"] as String, options: .lenient))
            }
        }
    }

    /// Takes these in place of all alerts, and queues what tells of them, in one transaction: what is taken as told is
    /// on its way, and what is on its way is taken as told.
    package func saveAlerts(
        _ alerts: [StoredAlert], post: StoredAlertPost? = nil, messages: [OutgoingDraft] = []
    ) async throws {
        let time = now().milliseconds
        try await pool.write { db in
            try db.execute(sql: "DELETE FROM alerts")
            for alert in alerts {
                try db.execute(
                    sql: "INSERT INTO alerts (key, state) VALUES (?, ?)", arguments: [alert.key, alert.state.text])
            }
            if let post {
                try db.execute(
                    sql: "DELETE FROM alert_posts WHERE time < ?",
                    arguments: [time - Int64(Self.alertPostLifetime * 1000)])
                try db.execute(
                    sql: "INSERT INTO alert_posts (id, time, question) VALUES (?, ?, ?)",
                    arguments: [post.id, time, post.question])
            }
            for draft in messages { try Self.insert(draft, updateID: nil, part: 0, time: time, db) }
        }
    }

    /// Queues messages and remembers something with them, in one transaction.
    package func enqueue(_ messages: [OutgoingDraft], state key: String, _ value: String) async throws {
        let time = now().milliseconds
        try await pool.write { db in
            for draft in messages { try Self.insert(draft, updateID: nil, part: 0, time: time, db) }
            try Self.setState(key, value, db)
        }
    }

    /// What the agent is asked for the update that pressed the button.
    ///
    /// - Returns: `nil` where another update was first, or the button is too old. The same update gets the same answer.
    package func takeAlertPost(id: String, updateID: Int64) async throws -> String? {
        try await pool.write { db in
            try db.execute(
                sql: "UPDATE alert_posts SET taken_by = ? WHERE id = ? AND (taken_by IS NULL OR taken_by = ?)",
                arguments: [updateID, id, updateID])
            guard db.changesCount == 1 else { return nil }
            return try String.fetchOne(db, sql: "SELECT question FROM alert_posts WHERE id = ?", arguments: [id])
        }
    }
}
