package import Foundation
import GRDB
import StrictJSON

/// What has happened on this server, searchable by words that resemble each other.
extension AgentStore {
    /// - Returns: its id.
    @discardableResult
    package func saveIncident(_ incident: StoredIncident) async throws -> Int64 {
        try await pool.write { try Self.insert(incident, $0) }
    }

    /// The incidents that share most with the text, newest first: after «nginx упал» is stored,
    /// «nginx опять упал» finds it. Words match by their stems, so «упала» finds «упал».
    package func incidents(resembling text: String, limit: Int = 5) async throws -> [StoredIncident] {
        let stems = SearchWords.stems(of: text)
        guard !stems.isEmpty, limit > 0 else { return [] }
        // A stem holds letters, digits and nothing else: it cannot end the quoted string.
        let match = stems.map { "\"\($0)\" *" }.joined(separator: " OR ")
        return try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT incidents.* FROM incident_words JOIN incidents ON incidents.id = incident_words.rowid
                    WHERE incident_words MATCH ? ORDER BY bm25(incident_words, 2.0, 1.0), incidents.id DESC LIMIT ?
                    """, arguments: [match, limit]
            ).map(Self.incident).sorted { ($0.time, $0.id) > ($1.time, $1.id) }
        }
    }

    /// Newest first.
    package func recentIncidents(limit: Int = 10) async throws -> [StoredIncident] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM incidents ORDER BY time DESC, id DESC LIMIT ?", arguments: [max(0, limit)]
            ).map(Self.incident)
        }
    }

    /// Newest first.
    package func incidents(since time: Date, limit: Int = 100) async throws -> [StoredIncident] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM incidents WHERE time >= ? ORDER BY time DESC, id DESC LIMIT ?",
                arguments: [time.milliseconds, max(0, limit)]
            ).map(Self.incident)
        }
    }

    static func insert(_ incident: StoredIncident, _ db: Database) throws -> Int64 {
        let duration = incident.duration.components
        try db.execute(
            sql: """
                INSERT INTO incidents (time, user_id, query, resolution, tools, success, duration_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                incident.time.milliseconds, incident.userID, incident.query, incident.resolution,
                JSONValue(incident.tools).text, incident.success,
                duration.seconds * 1000 + duration.attoseconds / 1_000_000_000_000_000,
            ])
        return db.lastInsertedRowID
    }

    private static func incident(_ row: Row) throws -> StoredIncident {
        let tools = try JSONValue(parsing: row["tools"] as String, options: .lenient).arrayValue ?? []
        return StoredIncident(
            id: row["id"], time: Date(milliseconds: row["time"]), userID: row["user_id"], query: row["query"],
            resolution: row["resolution"], tools: tools.compactMap(\.stringValue), success: row["success"],
            duration: .milliseconds(row["duration_ms"] as Int64))
    }
}
