import Foundation
import GRDB
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import AgentMemory

/// What the memory refuses, forgets and leaves alone, to the number.
@Suite("The memory's rules")
struct StoreRulesTests {
    /// A clock that a test sets.
    private final class Clock: Sendable {
        private let seconds = Mutex<TimeInterval>(1_790_000_000)
        var now: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }
        func move(by interval: TimeInterval) { seconds.withLock { $0 += interval } }
    }

    private static func withStore(_ body: (AgentStore, Clock) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let clock = Clock()
            let store = try AgentStore(path: directory + "/agent.db", now: { clock.now })
            try await body(store, clock)
            try store.close()
        }
    }

    private static func update(_ id: Int64) -> StoredUpdate { StoredUpdate(id: id, payload: "{}") }

    // MARK: The file

    @Test("a link in the place of the database is not followed, and what it leads to stays as it is")
    func link() throws {
        try withTemporaryDirectory { directory in
            try AgentStore(path: directory + "/other.db").close()
            chmod(directory + "/other.db", 0o644)
            symlink("other.db", directory + "/agent.db")
            #expect(throws: AgentStoreError.self) { try AgentStore(path: directory + "/agent.db") }
            var status = stat()
            #expect(stat(directory + "/other.db", &status) == 0 && status.st_mode & 0o777 == 0o644)
        }
    }

    @Test("a database that others could read is this user's alone once it was opened")
    func mode() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/agent.db"
            try AgentStore(path: path).close()
            chmod(path, 0o644)
            try AgentStore(path: path).close()
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        }
    }

    @Test("a database of a newer version is refused, and stays as it is")
    func newer() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/agent.db"
            try AgentStore(path: path).close()
            try DatabaseQueue(path: path).write {
                try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('of a later day')")
            }
            let error = #expect(throws: AgentStoreError.self) { try AgentStore(path: path) }
            #expect(error?.code == .newerSchema)
        }
    }

    @Test("a database with a page of something else is refused")
    func damaged() async throws {
        try await Self.withStore { store, _ in
            for number in 0..<200 { try await store.setState("key \(number)", String(repeating: "x", count: 200)) }
            // A copy is one file, without what is not written into it yet.
            let path = store.path + ".copy"
            try store.copy(to: path)
            // The second half is those keys' own.
            let file = try FileHandle(forUpdating: URL(filePath: path))
            let half = try file.seekToEnd() / 8192 * 4096
            try file.seek(toOffset: half)
            try file.write(contentsOf: Data(repeating: 0xFF, count: Int(half)))
            try file.close()
            let error = #expect(throws: AgentStoreError.self) { try AgentStore(path: path) }
            #expect(error?.code == .corrupt)
        }
    }

    @Test("a copy is not written over a file that is there")
    func copy() async throws {
        try await Self.withStore { store, _ in
            try await store.setState("k", "v")
            let copy = store.path + ".copy"
            try store.copy(to: copy)
            let second = try AgentStore(path: copy)
            #expect(try await second.state("k") == "v")
            try second.close()
            let bytes = try Data(contentsOf: URL(filePath: copy))
            #expect(throws: AgentStoreError.self) { try store.copy(to: copy) }
            #expect(try Data(contentsOf: URL(filePath: copy)) == bytes)
        }
    }

    // MARK: What comes in

    @Test("of updates the newest ten thousand are kept to be known again; one that has no answer is never forgotten")
    func keptUpdates() async throws {
        try await Self.withStore { store, _ in
            let kept = Int64(AgentStore.answeredUpdatesKept)
            try await store.storeUpdates((1...kept + 1).map(Self.update))
            for id in [2, 3] as [Int64] { try await store.ignore(updateID: id) }
            try await store.storeUpdates([Self.update(kept + 2)])
            let error = await #expect(throws: AgentStoreError.self) { try await store.ignore(updateID: 2) }
            #expect(error?.code == .notFound)
            #expect(try await !store.ignore(updateID: 3))
            #expect(try await store.pendingUpdates().first?.id == 1)
        }
    }

    @Test("an offset is good for six days; after that Telegram may count anew")
    func offset() async throws {
        try await Self.withStore { store, clock in
            try await store.storeUpdates([Self.update(5)])
            clock.move(by: AgentStore.offsetLifetime)
            #expect(try await store.nextOffset() == 6)
            clock.move(by: 1)
            #expect(try await store.nextOffset() == nil)
        }
    }

    @Test("a button is the update's that pressed it first; after thirty days, when another is posted, it is nobody's")
    func alertButton() async throws {
        try await Self.withStore { store, clock in
            try await store.saveAlerts([], post: StoredAlertPost(id: "a", question: "why?"))
            #expect(try await store.takeAlertPost(id: "none", updateID: 1) == nil)
            #expect(try await store.takeAlertPost(id: "a", updateID: 1) == "why?")
            #expect(try await store.takeAlertPost(id: "a", updateID: 2) == nil)
            clock.move(by: AgentStore.alertPostLifetime)
            try await store.saveAlerts([], post: StoredAlertPost(id: "b", question: "b?"))
            #expect(try await store.takeAlertPost(id: "a", updateID: 1) == "why?")
            clock.move(by: 1)
            try await store.saveAlerts([], post: StoredAlertPost(id: "c", question: "c?"))
            #expect(try await store.takeAlertPost(id: "a", updateID: 1) == nil)
        }
    }

    // MARK: Sessions

    @Test(
        "a history is whole exchanges, never more messages than were asked for",
        arguments: [(-2, 0), (0, 0), (1, 0), (2, 1), (5, 2), (6, 3), (100, 3)])
    func history(_ limit: Int, _ exchanges: Int) async throws {
        try await Self.withStore { store, _ in
            let session = try await store.session(chatID: 1, userID: 7)
            for number in 0..<3 {
                try await store.append(
                    exchange: StoredExchange(question: "q\(number)", answer: "a\(number)"), sessionID: session.id)
            }
            let history = try await store.history(sessionID: session.id, limit: limit)
            #expect(history.count == exchanges)
            #expect(history.allSatisfy { $0.question.dropFirst() == $0.answer.dropFirst() && $0.question.first == "q" })
            #expect(exchanges == 0 || history.last?.answer == "a2")
        }
    }

    @Test("a clock that is set back does not set a session's last activity back")
    func clockBack() async throws {
        try await Self.withStore { store, clock in
            let session = try await store.session(chatID: 1, userID: 7)
            clock.move(by: -3600)
            try await store.append(exchange: StoredExchange(question: "q", answer: "a"), sessionID: session.id)
            #expect(try await store.session(chatID: 1, userID: 7).lastActivity == session.lastActivity)
            clock.move(by: 7200)
            try await store.append(exchange: StoredExchange(question: "q", answer: "a"), sessionID: session.id)
            #expect(try await store.session(chatID: 1, userID: 7).lastActivity == clock.now)
        }
    }

    @Test("a session that is not there takes nothing")
    func noSession() async throws {
        try await Self.withStore { store, _ in
            let exchange = StoredExchange(question: "q", answer: "a")
            for error in [
                await #expect(throws: AgentStoreError.self) {
                    try await store.append(exchange: exchange, sessionID: 9)
                },
                await #expect(throws: AgentStoreError.self) { try await store.setContext([:], sessionID: 9) },
            ] { #expect(error?.code == .notFound) }
        }
    }

    // MARK: What goes out

    @Test("what was sent is changed no more: not abandoned, not sent to another chat, not replaced")
    func sent() async throws {
        try await Self.withStore { store, _ in
            let id = try await store.enqueue(OutgoingDraft(chatID: 1, text: "hello"))
            try await store.markSent(id: id, messageID: 5)
            try await store.replaceOutgoing(id: id, text: "other", options: [:])
            try await store.markAbandoned(id: id, reason: "no")
            try await store.abandonOutgoing(chatID: 1, reason: "no")
            try await store.redirectOutgoing(from: 1, to: 2)
            let row = try store.pool.read { try Row.fetchOne($0, sql: "SELECT * FROM outbox") }
            #expect(row?["status"] == "sent" && row?["text"] == "hello" && row?["chat_id"] == Int64(1))
        }
    }

    @Test("a message for a group with another id has not arrived there, whatever became of its sending before")
    func redirected() async throws {
        try await Self.withStore { store, _ in
            let id = try await store.enqueue(OutgoingDraft(chatID: 1, text: "hello"))
            try await store.markBegun(id: id)
            #expect(try await store.pendingOutgoing().map(\.mayHaveArrived) == [true])
            try await store.redirectOutgoing(from: 1, to: 2)
            let message = try await store.pendingOutgoing().first
            #expect(message?.draft.chatID == 2 && message?.mayHaveArrived == false)
        }
    }

    // MARK: Words

    @Test("a search looks for twenty-four words at most, and for none of a single letter")
    func words() {
        let many = (10..<50).map { "word\($0)" }
        #expect(SearchWords.stems(of: many.joined(separator: " ")) == Array(many.prefix(24)))
        #expect(SearchWords.stems(of: "z ж 7 x1") == ["x1"])
        #expect(SearchWords.stems(of: "disk DISK disks") == ["disk"])
        #expect(SearchWords.stems(of: String(repeating: "w", count: 100)) == [String(repeating: "w", count: 32)])
    }

    @Test(
        "an ending is cut only where four letters remain, or three of a word with an ending of one letter",
        arguments: [
            ("runes", "rune"), ("disks", "disk"), ("cats", "cat"), ("bus", "bus"), ("boxes", "boxe"),
            ("queries", "quer"), ("упала", "упал"), ("упал", "упал"), ("диски", "диск"),
        ])
    func stems(_ word: String, _ stem: String) { #expect(SearchWords.stem(word) == stem) }
}
