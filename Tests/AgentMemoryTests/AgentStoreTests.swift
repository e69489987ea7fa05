import AgentMemory
import Foundation
import GRDB
import StrictJSON
import TestSupport
import Testing

/// A path for a database in a directory that is removed after.
private func withDatabase(_ body: (String) async throws -> Void) async throws {
    try await withTemporaryDirectory { try await body($0 + "/state/agent.db") }
}

private func incident(_ query: String, _ resolution: String = "r", success: Bool = true) -> StoredIncident {
    StoredIncident(
        userID: 7, query: query, resolution: resolution, tools: ["check_service"], success: success,
        duration: .seconds(2))
}

@Suite("The agent's memory")
struct AgentStoreTests {
    @Test("a file that is no database is refused in a sentence, and stays as it is")
    func corrupt() async throws {
        try await withDatabase { path in
            let directory = URL(filePath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            let bytes = Data(String(repeating: "no database ", count: 1000).utf8)
            try bytes.write(to: URL(filePath: path))
            let error = #expect(throws: AgentStoreError.self) { try AgentStore(path: path) }
            #expect(error?.message.isEmpty == false)
            #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        }
    }

    @Test("the database makes itself, for nobody else to read, and is found again")
    func reopens() async throws {
        try await withDatabase { path in
            let first = try AgentStore(path: path)
            try await first.setState("k", "v")
            try first.close()
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let second = try AgentStore(path: path)
            #expect(try await second.state("k") == "v")
            try await second.setState("k", nil)
            #expect(try await second.state("k") == nil)
            try second.close()
        }
    }

    @Test("updates are held once, in order, and the offset lies above the highest")
    func inbox() async throws {
        try await withDatabase { path in
            let store = try AgentStore(path: path)
            #expect(try await store.nextOffset() == nil)
            try await store.storeUpdates([
                StoredUpdate(id: 5, payload: "{}"), StoredUpdate(id: 6, payload: "{\"a\":1}"),
            ])
            try await store.storeUpdates([StoredUpdate(id: 6, payload: "{}"), StoredUpdate(id: 7, payload: "{}")])
            #expect(try await store.nextOffset() == 8)
            #expect(try await store.pendingUpdates().map(\.id) == [5, 6, 7])
            #expect(try await store.answer(updateID: 5, chatID: 1, text: "hello"))
            #expect(try await !store.answer(updateID: 5, chatID: 1, text: "again"))
            #expect(try await store.ignore(updateID: 6))
            #expect(try await store.pendingUpdates().map(\.id) == [7])
            let outgoing = try await store.pendingOutgoing()
            #expect(outgoing.map(\.draft.text) == ["hello"])
            try await store.markSent(id: try #require(outgoing.first).id, messageID: 99)
            #expect(try await store.pendingOutgoing().isEmpty)
            try store.close()
        }
    }

    @Test("what was said long ago is not kept; what is still to be said is, however old")
    func outboxKept() async throws {
        try await withDatabase { path in
            let store = try AgentStore(path: path)
            try await store.enqueue(OutgoingDraft(chatID: 1, text: "waits"))
            for number in 0..<AgentStore.settledMessagesKept + 5 {
                let id = try await store.enqueue(OutgoingDraft(chatID: 2, text: "m\(number)"))
                try await store.markSent(id: id, messageID: 1)
            }
            #expect(try await store.pendingOutgoing().map(\.draft.text) == ["waits"])
            try store.close()
            let texts = try await DatabaseQueue(path: path).read { db in
                try String.fetchAll(db, sql: "SELECT text FROM outbox ORDER BY id")
            }
            #expect(texts.count == AgentStore.settledMessagesKept + 1 && texts[1] == "m5", "\(texts.prefix(3))")
        }
    }

    @Test("what was taken in and not answered is still there after a kill")
    func survives() async throws {
        try await withDatabase { path in
            let store = try AgentStore(path: path)
            try await store.storeUpdates([StoredUpdate(id: 1, payload: "{}")])
            // No close: as after SIGKILL, another process opens the same files.
            let second = try AgentStore(path: path)
            #expect(try await second.pendingUpdates().map(\.id) == [1])
            try second.close()
            try store.close()
        }
    }

    @Test("an earlier incident is found by what resembles it, in either language, whatever the ending of a word")
    func incidents() async throws {
        try await withDatabase { path in
            let store = try AgentStore(path: path)
            try await store.saveIncident(incident("nginx упал", "apache2 держал порт"))
            try await store.saveIncident(incident("the disk is full"))
            try await store.saveIncident(incident("postgres медленный"))
            #expect(
                try await store.incidents(resembling: "nginx опять упал").first?.resolution == "apache2 держал порт")
            #expect(try await store.incidents(resembling: "nginx упала").first?.query == "nginx упал")
            #expect(try await store.incidents(resembling: "disks").first?.query == "the disk is full")
            #expect(try await store.incidents(resembling: "\"' OR * (").isEmpty)
            #expect(
                try await store.recentIncidents(limit: 2).map(\.query) == ["postgres медленный", "the disk is full"])
            let statistics = try await store.statistics()
            #expect(statistics.incidents == 3 && statistics.successfulIncidents == 3)
            try store.close()
        }
    }

    @Test("a session keeps its exchanges, and gives the newest of them, oldest first")
    func sessions() async throws {
        try await withDatabase { path in
            let store = try AgentStore(path: path)
            let session = try await store.session(chatID: 1, userID: 7)
            #expect(try await store.session(chatID: 1, userID: 7).id == session.id)
            #expect(try await store.session(chatID: 2, userID: 7).id != session.id)
            for number in 0..<80 {
                try await store.append(
                    exchange: StoredExchange(question: "q\(number)", answer: "a\(number)"), sessionID: session.id)
            }
            let history = try await store.history(sessionID: session.id)
            #expect(history.count == 10 && history.last?.question == "q79" && history.first?.question == "q70")
            try await store.setContext(["summary": "s"], sessionID: session.id)
            #expect(try await store.session(chatID: 1, userID: 7).context == ["summary": "s"])
            try await store.endSession(id: session.id)
            #expect(try await store.session(chatID: 1, userID: 7).id != session.id)
            try store.close()
        }
    }
}
