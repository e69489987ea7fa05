import AgentCore
import AgentMemory
import Foundation
import HTTPClient
import StrictJSON
import Telegram
import TestSupport
import Testing

@testable import ChatFrontEnd

@Suite("The outbox", .timeLimit(.minutes(1)))
struct OutboxTests {
    private static func withOutbox(
        _ body: (Outbox, AgentStore, TelegramStandIn) async throws -> Void
    ) async throws {
        try await withStore { store, _ in
            let telegram = try TelegramStandIn()
            defer { telegram.stop() }
            let outbox = Outbox(
                client: telegram.client, store: store, logger: silentLogger, pause: Backoff(first: .zero))
            try await body(outbox, store, telegram)
        }
    }

    private static func queue(_ store: AgentStore, _ text: String, chat: Int64 = 7, options: JSONValue = [:])
        async throws
    {
        try await store.enqueue(OutgoingDraft(chatID: chat, text: text, options: options))
    }

    private static func texts(_ telegram: TelegramStandIn, chat: Int = 7) -> [String] {
        telegram.sent.filter { $0.chatID == chat }.map(\.text)
    }

    @Test("a chat that has blocked the bot gets nothing more of what waits; others get theirs")
    func blocked() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            telegram.fail("sendMessage", .error(code: 403, description: "Forbidden: bot was blocked by the user"))
            for text in ["one", "two"] { try await Self.queue(store, text) }
            try await Self.queue(store, "other", chat: 8)
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram).isEmpty && Self.texts(telegram, chat: 8) == ["other"])
            #expect(try await store.pendingOutgoing().isEmpty)
        }
    }

    @Test("a chat with a flood wait is left alone for so long, and holds nobody else up")
    func flood() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            telegram.fail(
                "sendMessage",
                .error(code: 429, description: "Too Many Requests: retry after 1", parameters: ["retry_after": 1]))
            for text in ["one", "two"] { try await Self.queue(store, text) }
            try await Self.queue(store, "other", chat: 8)
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram).isEmpty && Self.texts(telegram, chat: 8) == ["other"])
            let began = ContinuousClock.now
            let running = Task { await outbox.run() }
            _ = await telegram.waitForMessage { $0.text == "two" }
            #expect(Self.texts(telegram) == ["one", "two"] && ContinuousClock.now - began > .milliseconds(500))
            running.cancel()
            await running.value
        }
    }

    @Test(
        "a chat whose message fails for now holds nobody else up, and keeps its order",
        arguments: [
            TelegramStandIn.Fault.error(code: 500, description: "Internal Server Error"), .notJSON, .closeBeforeAnswer,
        ])
    func failingChat(_ fault: TelegramStandIn.Fault) async throws {
        try await withStore { store, _ in
            let telegram = try TelegramStandIn()
            defer { telegram.stop() }
            telegram.fail("sendMessage", fault)
            for text in ["first", "second"] { try await Self.queue(store, text) }
            try await Self.queue(store, "other", chat: 8)
            let outbox = Outbox(client: telegram.client, store: store, logger: silentLogger)
            let running = Task { await outbox.run() }
            _ = await telegram.waitForMessage { $0.text.hasSuffix("second") }
            let order = telegram.sent.map { $0.text.split(separator: "\n").last ?? "" }
            #expect(order == ["other", "first", "second"])
            await outbox.finish()
            await running.value
        }
    }

    @Test("what may have arrived is sent again with a line that says so; what has not, without")
    func ambiguous() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            telegram.fail("sendMessage", .answerLost)
            try await Self.queue(store, "nginx работает")
            #expect(await outbox.flush()?.code == .network(mayHaveBeenSent: true))
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram) == ["nginx работает", "↻ Возможно, повтор:\nnginx работает"])
            telegram.fail("sendMessage", .error(code: 500, description: "Internal Server Error: restart"))
            try await Self.queue(store, "second")
            #expect(await outbox.flush()?.code == .server)
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram).last == "second")
        }
    }

    @Test("a kill while a message was under way shows at the next start")
    func killed() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            try await Self.queue(store, "hello there")
            try await store.markBegun(id: try #require(try await store.pendingOutgoing().first).id)
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram) == ["↻ Possibly a repeat:\nhello there"])
        }
    }

    @Test("a network that is away gives nothing up, however long; a server that fails too often does")
    func outage() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            try await Self.queue(store, "alert")
            let away = Outbox(
                client: TelegramClient(token: "1:a", url: "http://127.0.0.1:1", http: .init()), store: store,
                logger: silentLogger)
            for _ in 0...Outbox.maximumAttempts + 5 { #expect(await away.flush() != nil) }
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram) == ["alert"])
            for _ in 0...Outbox.maximumAttempts {
                telegram.fail("sendMessage", .error(code: 500, description: "Internal Server Error"))
            }
            try await Self.queue(store, "never ever")
            for _ in 0..<Outbox.maximumAttempts { #expect(await outbox.flush() != nil) }
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram).last?.contains("was not taken") == true)
        }
    }

    @Test("a group with another id gets its messages there")
    func migrated() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            telegram.fail(
                "sendMessage",
                .error(
                    code: 400, description: "Bad Request: group chat was upgraded to a supergroup chat",
                    parameters: ["migrate_to_chat_id": -1001]))
            try await Self.queue(store, "alert", chat: -5)
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram, chat: -1001) == ["alert"])
        }
    }

    @Test("an answer Telegram does not take is answered with that; when that is not taken either, it is the end")
    func notTaken() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            let refusal = TelegramStandIn.Fault.error(code: 400, description: "Bad Request: message is odd")
            telegram.fail("sendMessage", refusal)
            try await Self.queue(store, "что-то странное")
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram).first?.contains("Telegram его не принял") == true)
            telegram.fail("sendMessage", refusal, refusal)
            try await Self.queue(store, "again")
            #expect(await outbox.flush() == nil)
            #expect(Self.texts(telegram).count == 1)
            #expect(try await store.pendingOutgoing().isEmpty)
        }
    }

    @Test("a token that is not accepted loses no message")
    func badToken() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            telegram.fail("sendMessage", .error(code: 401, description: "Unauthorized"))
            try await Self.queue(store, "kept")
            #expect(await outbox.flush()?.code == .badToken)
            #expect(try await store.pendingOutgoing().map(\.draft.text) == ["kept"])
        }
    }

    @Test("buttons go with the message; the end waits for what is under way and sends what is queued")
    func finish() async throws {
        try await Self.withOutbox { outbox, store, telegram in
            for number in 0..<20 {
                try await store.enqueue(
                    OutgoingDraft(chatID: 7, text: "m\(number)", buttons: [InlineButton(text: "b", data: "a:1")]))
            }
            let running = Task { await outbox.run() }
            _ = await telegram.waitForMessage { $0.text == "m0" }
            await outbox.finish()
            await running.value
            #expect(Self.texts(telegram) == (0..<20).map { "m\($0)" })
            #expect(telegram.sent.allSatisfy { $0.buttons.map(\.data) == ["a:1"] } && telegram.violations.isEmpty)
        }
    }
}
