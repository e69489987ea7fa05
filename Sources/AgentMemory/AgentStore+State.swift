import Foundation
import GRDB

/// Small facts under a name, and what there is in all.
extension AgentStore {
    package func state(_ key: String) async throws -> String? {
        try await pool.read { try String.fetchOne($0, sql: "SELECT value FROM state WHERE key = ?", arguments: [key]) }
    }

    /// `nil` forgets it.
    package func setState(_ key: String, _ value: String?) async throws {
        try await pool.write { db in
            guard let value else {
                return try db.execute(sql: "DELETE FROM state WHERE key = ?", arguments: [key])
            }
            try Self.setState(key, value, db)
        }
    }

    static func setState(_ key: String, _ value: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            arguments: [key, value])
    }

    package func statistics() async throws -> StoreStatistics {
        try await pool.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM messages) AS messages,
                        (SELECT count(*) FROM inbox WHERE answered IS NULL) AS updates,
                        (SELECT count(*) FROM outbox WHERE status = 'pending') AS outgoing,
                        count(*) AS incidents, coalesce(sum(success), 0) AS successful,
                        CAST(coalesce(avg(duration_ms), 0) AS INTEGER) AS duration, max(time) AS last,
                        (SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()) AS bytes
                    FROM incidents
                    """)
            var statistics = StoreStatistics()
            guard let row else { return statistics }
            (statistics.sessions, statistics.messages) = (row["sessions"], row["messages"])
            (statistics.incidents, statistics.successfulIncidents) = (row["incidents"], row["successful"])
            (statistics.pendingUpdates, statistics.pendingOutgoing) = (row["updates"], row["outgoing"])
            statistics.meanDuration = .milliseconds(row["duration"] as Int64)
            statistics.lastIncident = (row["last"] as Int64?).map(Date.init(milliseconds:))
            statistics.databaseBytes = row["bytes"]
            return statistics
        }
    }
}
