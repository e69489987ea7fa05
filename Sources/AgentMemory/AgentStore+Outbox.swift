import GRDB
package import StrictJSON

/// What is on its way to Telegram. A message is marked before it is sent and after, so that a kill in between shows.
extension AgentStore {
    /// What has to be sent, in the order it was queued.
    package func pendingOutgoing() async throws -> [OutgoingMessage] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM outbox WHERE status = 'pending' ORDER BY id").map { row in
                OutgoingMessage(
                    id: row["id"], updateID: row["update_id"],
                    draft: OutgoingDraft(
                        chatID: row["chat_id"], text: row["text"],
                        options: try JSONValue(parsing: row["options"] as String, options: .lenient)),
                    attempts: row["attempts"], mayHaveArrived: row["begun"] as Int64? != nil)
            }
        }
    }

    /// From now on until ``markSent(id:messageID:)`` or ``markNotSent(id:isFailure:)`` it may have arrived.
    package func markBegun(id: Int64) async throws {
        try await change(id, "begun = ?", [now().milliseconds])
    }

    /// Telegram has taken it and gave it this id.
    package func markSent(id: Int64, messageID: Int64?) async throws {
        try await change(id, "status = 'sent', message_id = ?", [messageID])
    }

    /// It has certainly not arrived, and is tried again.
    ///
    /// - Parameter isFailure: Whether it counts as an attempt of its own.
    package func markNotSent(id: Int64, isFailure: Bool) async throws {
        try await change(id, "begun = NULL, attempts = attempts + ?", [isFailure ? 1 : 0])
    }

    /// It can never be sent.
    package func markAbandoned(id: Int64, reason: String) async throws {
        try await change(id, "status = 'abandoned', failure = ?", [reason])
    }

    /// Nothing can be sent to this chat: the bot is blocked, or the chat is gone.
    package func abandonOutgoing(chatID: Int64, reason: String) async throws {
        try await pool.write { db in
            try db.execute(
                sql: "UPDATE outbox SET status = 'abandoned', failure = ? WHERE chat_id = ? AND status = 'pending'",
                arguments: [reason, chatID])
        }
    }

    /// A group has got another id.
    package func redirectOutgoing(from chatID: Int64, to newID: Int64) async throws {
        try await pool.write { db in
            try db.execute(
                sql: "UPDATE outbox SET chat_id = ?, begun = NULL WHERE chat_id = ? AND status = 'pending'",
                arguments: [newID, chatID])
        }
    }

    /// Another text in its place, with other options.
    package func replaceOutgoing(id: Int64, text: String, options: JSONValue) async throws {
        try await change(id, "begun = NULL, text = ?, options = ?", [text, options.text])
    }

    private func change(_ id: Int64, _ assignments: String, _ values: [(any DatabaseValueConvertible)?]) async throws {
        let arguments = StatementArguments(values + [id])
        try await pool.write { db in
            try db.execute(
                sql: "UPDATE outbox SET \(assignments) WHERE id = ? AND status = 'pending'", arguments: arguments)
        }
    }
}
