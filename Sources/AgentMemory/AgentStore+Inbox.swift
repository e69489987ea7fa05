package import Foundation
import GRDB
import StrictJSON

/// Updates come in, answers go out; each update is answered once.
extension AgentStore {
    /// Answered updates kept, so that one delivered again is known.
    package static let answeredUpdatesKept = 10_000
    /// Of the newest so many messages those are kept that were sent or given up; what waits is kept however old.
    package static let settledMessagesKept = 200
    /// After this long without updates Telegram may begin at a lower id ("at least a week", Bot API, `Update`).
    package static let offsetLifetime: TimeInterval = 6 * 86_400

    /// Stores what was received, before the offset moves. One that is known already is left alone.
    package func storeUpdates(_ updates: [StoredUpdate]) async throws {
        let received = now().milliseconds
        try await pool.write { db in
            for update in updates.sorted(by: { $0.id < $1.id }) {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO inbox (update_id, payload, received) VALUES (?, ?, ?)",
                    arguments: [update.id, update.payload, received])
            }
            try db.execute(
                sql: """
                    DELETE FROM inbox WHERE answered IS NOT NULL AND number <= (SELECT max(number) FROM inbox) - ?
                    """, arguments: [Self.answeredUpdatesKept])
        }
    }

    /// The offset of the next `getUpdates`: one above the update stored last; `nil` for "from the oldest".
    package func nextOffset() async throws -> Int64? {
        let oldest = now().milliseconds - Int64(Self.offsetLifetime * 1000)
        return try await pool.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT update_id, received FROM inbox ORDER BY number DESC LIMIT 1")
            guard let row, row["received"] as Int64 >= oldest else { return nil }
            return row["update_id"] as Int64 + 1
        }
    }

    /// What has not been answered, in the order it came.
    package func pendingUpdates() async throws -> [StoredUpdate] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT update_id, payload FROM inbox WHERE answered IS NULL ORDER BY number"
            ).map { StoredUpdate(id: $0["update_id"], payload: $0["payload"]) }
        }
    }

    /// Marks the update answered and queues its messages, in one transaction; with it, if given, the
    /// exchange goes into the session's history and the incident into the incidents.
    ///
    /// - Returns: `false` where it had been answered before: then nothing is written.
    @discardableResult
    package func answer(
        updateID: Int64, messages: [OutgoingDraft], exchange: StoredExchange? = nil, sessionID: Int64? = nil,
        incident: StoredIncident? = nil
    ) async throws -> Bool {
        let time = now().milliseconds
        return try await pool.write { db in
            try db.execute(
                sql: "UPDATE inbox SET answered = ? WHERE update_id = ? AND answered IS NULL",
                arguments: [time, updateID])
            guard db.changesCount == 1 else {
                guard
                    try Bool.fetchOne(
                        db, sql: "SELECT EXISTS (SELECT 1 FROM inbox WHERE update_id = ?)", arguments: [updateID])
                        == true
                else { throw AgentStoreError(.notFound, "Update \(updateID) was never stored.") }
                return false
            }
            for (part, draft) in messages.enumerated() {
                try Self.insert(draft, updateID: updateID, part: part, time: time, db)
            }
            if let exchange, let sessionID { try Self.append(exchange, to: sessionID, time: time, db) }
            if let incident { _ = try Self.insert(incident, db) }
            return true
        }
    }

    /// One message as the whole answer.
    @discardableResult
    package func answer(updateID: Int64, chatID: Int64, text: String) async throws -> Bool {
        try await answer(updateID: updateID, messages: [OutgoingDraft(chatID: chatID, text: text)])
    }

    /// Marks an update answered that gets no answer (a stranger's, a kind this program does not read).
    @discardableResult
    package func ignore(updateID: Int64) async throws -> Bool { try await answer(updateID: updateID, messages: []) }

    /// Queues what nobody asked for, such as an alert.
    @discardableResult
    package func enqueue(_ draft: OutgoingDraft) async throws -> Int64 {
        let time = now().milliseconds
        return try await pool.write { db in
            try Self.insert(draft, updateID: nil, part: 0, time: time, db)
            return db.lastInsertedRowID
        }
    }

    static func insert(
        _ draft: OutgoingDraft, updateID: Int64?, part: Int, time: Int64, _ db: Database
    ) throws {
        try db.execute(
            sql: "INSERT INTO outbox (update_id, part, chat_id, text, options, queued) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [updateID, part, draft.chatID, draft.text, draft.options.text, time])
        try db.execute(
            sql: "DELETE FROM outbox WHERE status <> 'pending' AND id <= (SELECT max(id) FROM outbox) - ?",
            arguments: [settledMessagesKept])
    }
}
