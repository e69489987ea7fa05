import Foundation
import GRDB
package import StrictJSON

/// Conversations: one active session for a user in a chat, its last messages, its context.
extension AgentStore {
    /// Messages of a session that are kept; the schema sees to it.
    package static let messagesPerSession = Schema.messagesPerSession
    /// Messages of a session that a model is given, at most.
    package static let messagesInContext = 20

    /// The active session of this user in this chat; begun where there is none.
    package func session(chatID: Int64, userID: Int64) async throws -> StoredSession {
        let time = now().milliseconds
        return try await pool.write { db in
            let sql = "SELECT * FROM sessions WHERE chat_id = ? AND user_id = ? AND status = 'active'"
            if let row = try Row.fetchOne(db, sql: sql, arguments: [chatID, userID]) { return try Self.session(row) }
            try db.execute(
                sql: "INSERT INTO sessions (user_id, chat_id, started, last_activity) VALUES (?, ?, ?, ?)",
                arguments: [userID, chatID, time, time])
            let row = try Row.fetchOne(db, sql: sql, arguments: [chatID, userID])
            guard let row else { throw AgentStoreError(.unusable, "A session that was just begun is not there.") }
            return try Self.session(row)
        }
    }

    /// Ends it: the next message of the same user begins a new one, with no history.
    package func endSession(id: Int64) async throws {
        try await pool.write { db in
            try db.execute(sql: "UPDATE sessions SET status = 'ended' WHERE id = ?", arguments: [id])
        }
    }

    package func setContext(_ context: JSONValue, sessionID: Int64) async throws {
        try await pool.write { db in
            try db.execute(
                sql: "UPDATE sessions SET context = ? WHERE id = ?", arguments: [context.text, sessionID])
            try Self.requireChange(db, sessionID: sessionID)
        }
    }

    /// Adds a question and its answer to the session's history.
    package func append(exchange: StoredExchange, sessionID: Int64) async throws {
        let time = now().milliseconds
        try await pool.write { try Self.append(exchange, to: sessionID, time: time, $0) }
    }

    /// The session's last exchanges, oldest first: `limit` messages at most, never half an exchange.
    package func history(sessionID: Int64, limit: Int = messagesInContext) async throws -> [StoredExchange] {
        try await pool.read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT text FROM messages WHERE session_id = ? ORDER BY id DESC LIMIT ?",
                arguments: [sessionID, max(0, limit) / 2 * 2])
            let texts: [String] = rows.reversed().map { $0["text"] }
            return stride(from: 0, to: texts.count - 1, by: 2).map {
                StoredExchange(question: texts[$0], answer: texts[$0 + 1])
            }
        }
    }

    /// The two messages are written together, and the schema keeps an even number: they always pair up.
    static func append(_ exchange: StoredExchange, to sessionID: Int64, time: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE sessions SET last_activity = max(last_activity, ?) WHERE id = ?",
            arguments: [time, sessionID])
        try requireChange(db, sessionID: sessionID)
        for (role, text) in [("user", exchange.question), ("assistant", exchange.answer)] {
            try db.execute(
                sql: "INSERT INTO messages (session_id, time, role, text) VALUES (?, ?, ?, ?)",
                arguments: [sessionID, time, role, text])
        }
    }

    private static func requireChange(_ db: Database, sessionID: Int64) throws {
        guard db.changesCount == 1 else {
            throw AgentStoreError(.notFound, "There is no session \(sessionID).")
        }
    }

    private static func session(_ row: Row) throws -> StoredSession {
        StoredSession(
            id: row["id"], userID: row["user_id"], chatID: row["chat_id"],
            started: Date(milliseconds: row["started"]), lastActivity: Date(milliseconds: row["last_activity"]),
            context: try JSONValue(parsing: row["context"] as String, options: .lenient),
            status: StoredSession.Status(rawValue: row["status"]) ?? .ended)
    }
}
