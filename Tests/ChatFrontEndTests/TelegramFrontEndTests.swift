import AgentCore
import AgentMemory
import ExecutorAPI
import GRDB
import HTTPClient
import Logging
import Monitoring
import StrictJSON
import Synchronization
import Telegram
import TestSupport
import Testing

@testable import ChatFrontEnd

/// A front end between a stand-in of Telegram and an agent that echoes, polling until the body ends.
struct FrontEndFixture {
    let telegram: TelegramStandIn
    let gateway: ScriptedGateway
    let agent: EchoAgent
    let store: AgentStore
    let checks: ScheduledChecks
    let directory: String

    /// - Parameter before: What the store holds when the front end starts.
    static func run(
        plan: CheckPlan = CheckPlan(interval: nil, chatIDs: [7]),
        logger: Logger = silentLogger, before: (AgentStore) async throws -> Void = { _ in },
        _ body: (FrontEndFixture) async throws -> Void
    ) async throws {
        try await withStore { store, directory in
            try await before(store)
            let (telegram, gateway, agent) = (try TelegramStandIn(), ScriptedGateway(), EchoAgent())
            defer { telegram.stop() }
            let handler = ChatHandler(
                agent: agent, store: store, executor: gateway, audience: .users([7, 8]), language: .russian,
                logger: silentLogger)
            let checks = ScheduledChecks(
                plan: plan, store: store, executor: gateway, words: Words(.russian), logger: silentLogger)
            let frontEnd = TelegramFrontEnd(
                client: telegram.client, handler: handler, store: store, checks: checks, logger: logger)
            let running = Task { try await frontEnd.run() }
            try await body(
                FrontEndFixture(
                    telegram: telegram, gateway: gateway, agent: agent, store: store, checks: checks,
                    directory: directory))
            frontEnd.stop()
            try await running.value
            #expect(telegram.violations.isEmpty, "\(telegram.violations)")
        }
    }

    /// After this answer everything that was sent before has been handled.
    func settle(from user: Int = 8) async {
        telegram.send("/help", from: user)
        _ = await telegram.waitForMessage { $0.chatID == user && $0.text.contains("/history") }
    }

    func texts(_ chat: Int) -> [String] { telegram.sent.filter { $0.chatID == chat }.map(\.text) }
}

@Suite("The chat in Telegram", .timeLimit(.minutes(1)))
struct TelegramFrontEndTests {
    private static let group = -100_500

    @Test("in a group, what is not said to the bot gets no answer, and is no question")
    func groupChatter() async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.send("nginx упал, кто посмотрит?", in: Self.group)
            fixture.telegram.send("/help@other_bot", in: Self.group)
            fixture.telegram.send("@devops_bot_2 nginx упал", in: Self.group)
            fixture.telegram.send("напишите на x@devops.example", in: Self.group)
            fixture.telegram.deliver(["new_chat_members": [["id": 9, "is_bot": false]]], in: Self.group)
            await fixture.settle()
            #expect(fixture.texts(Self.group).isEmpty && fixture.agent.requests.isEmpty)
        }
    }

    @Test("in a group, a command, the bot's name, or an answer to the bot is answered there; strangers are not")
    func groupAddressed() async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.send("@devops_bot nginx упал", from: 666, in: Self.group)
            fixture.telegram.send("@DevOps_Bot nginx упал", in: Self.group)
            _ = await fixture.telegram.waitForMessage { $0.chatID == Self.group && $0.text == "answer to nginx упал" }
            fixture.telegram.send("а теперь?", in: Self.group, answersBot: true)
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to а теперь?" }
            fixture.telegram.send("/status@devops_bot", in: Self.group)
            _ = await fixture.telegram.waitForMessage { $0.chatID == Self.group && $0.text.contains("Агент: работает") }
            #expect(fixture.agent.requests.map(\.actor.userID) == ["7", "7"])
            #expect(fixture.gateway.notes == ["666"])
        }
    }

    @Test(
        "what is no text is answered with a sentence",
        arguments: [["photo": []], ["voice": [:], "caption": "x"], ["sticker": [:]]] as [[String: JSONValue]])
    func media(_ members: [String: JSONValue]) async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.deliver(members)
            _ = await fixture.telegram.waitForMessage { $0.chatID == 7 && $0.text == "Я понимаю только текст." }
            #expect(fixture.agent.requests.isEmpty)
        }
    }

    @Test("what the chat says of itself gets no answer: a pinned message, a changed timer")
    func serviceMessages() async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.deliver(["pinned_message": ["message_id": 1]])
            fixture.telegram.deliver(["message_auto_delete_timer_changed": ["message_auto_delete_time": 1]])
            await fixture.settle()
            #expect(fixture.texts(7).isEmpty)
        }
    }

    @Test("an edited message runs nothing, is not kept, and is answered with a sentence; a stranger's with none")
    func edited() async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.deliver(["text": "перезапусти nginx"], as: "edited_message")
            fixture.telegram.deliver(["text": "123456"], from: 666, as: "edited_message")
            _ = await fixture.telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("не перечитываю") }
            await fixture.settle()
            #expect(fixture.agent.requests.isEmpty && fixture.texts(666).isEmpty)
        }
    }

    /// Runs a front end until a method has been called three times; `answer` is what the server says to each call.
    ///
    /// - Returns: how long that took.
    private static func untilThirdCall(
        of method: String, answer: @escaping @Sendable (_ number: Int) -> (status: Int, body: String)
    ) async throws -> Duration {
        var duration = Duration.zero
        try await withStore { store, _ in
            let third = Signal()
            let calls = Mutex(0)
            let client = TelegramClient(token: "1:a", url: "http://x") { request in
                guard request.url.hasSuffix(method) else { return (200, Array(#"{"ok":true,"result":[]}"#.utf8)) }
                let number = calls.withLock { count in
                    count += 1
                    return count
                }
                if number == 3 { third.set() }
                let answered = answer(number)
                return (answered.status, Array(answered.body.utf8))
            }
            let handler = ChatHandler(
                agent: EchoAgent(), store: store, executor: ScriptedGateway(), audience: .users([7]),
                language: .russian, logger: silentLogger)
            let frontEnd = TelegramFrontEnd(client: client, handler: handler, store: store, logger: silentLogger)
            let began = ContinuousClock.now
            let running = Task { try await frontEnd.run() }
            await third.wait()
            duration = .now - began
            frontEnd.stop()
            try await running.value
        }
        return duration
    }

    @Test("a server that does not wait with an empty answer is asked again after a pause, not at once")
    func restlessServer() async throws {
        let duration = try await Self.untilThirdCall(of: "getUpdates") { _ in (200, #"{"ok":true,"result":[]}"#) }
        #expect(duration >= TelegramFrontEnd.shortestPoll * 2)
    }

    @Test("the menu of commands is set as soon as Telegram takes it, once in each language")
    func lateMenu() async throws {
        _ = try await Self.untilThirdCall(of: "setMyCommands") { number in
            number == 1
                ? (502, "<html>Bad Gateway</html>") : (200, #"{"ok":true,"result":true}"#)
        }
    }

    @Test(
        "/stop ends what is being answered, which says how far it came, and what waits; then questions are answered again"
    )
    func stops() async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.send("/stop")
            _ = await fixture.telegram.waitForMessage { $0.text == "Сейчас ничего не выполняется." }
            fixture.telegram.send(EchoAgent.endless)
            _ = await fixture.telegram.waitForMessage { $0.text.contains("nginx") }
            fixture.telegram.send("а это подождёт")
            fixture.telegram.send("/stop", from: 666)
            fixture.telegram.send("/stop", from: 8)
            _ = await fixture.telegram.waitForMessage { $0.chatID == 8 && $0.text == "Сейчас ничего не выполняется." }
            fixture.telegram.send("Стоп")
            _ = await fixture.telegram.waitForMessage { $0.chatID == 7 && $0.text == "Останавливаю." }
            _ = await fixture.telegram.waitForMessage { $0.text == "cancelled" }
            _ = await fixture.telegram.waitForMessage { $0.text == "Остановлено, ничего не сделано." }
            fixture.telegram.send("а теперь?")
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to а теперь?" }
            #expect(fixture.agent.requests.map(\.text) == [EchoAgent.endless, "а теперь?"])
            let pending = try await fixture.store.pendingUpdates()
            #expect(pending.isEmpty)
        }
    }

    @Test("a stranger's press does nothing, and is noted")
    func strangersPress() async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.send("/help")
            let answer = await fixture.telegram.waitForMessage { $0.chatID == 7 }
            fixture.telegram.tap("y:x", on: answer, from: 666)
            await fixture.settle()
            #expect(fixture.gateway.state.withLock { $0.notes.map(\.event) } == ["stranger_button"])
            #expect(!fixture.telegram.calls.contains("answerCallbackQuery"))
        }
    }

    @Test("a message that is worked on again after a crash is the same incident, so that no change is made twice")
    func sameIncident() async throws {
        let payload: JSONValue = [
            "update_id": 41,
            "message": [
                "message_id": 1, "date": 1, "chat": ["id": 7, "type": "private"], "text": "перезапусти nginx",
                "from": ["id": 7, "is_bot": false, "first_name": "x"],
            ],
        ]
        try await FrontEndFixture.run { store in
            try await store.storeUpdates([StoredUpdate(id: 41, payload: payload.text)])
        } _: { fixture in
            let update = fixture.telegram.send("и ещё раз")
            await fixture.settle()
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to и ещё раз" }
            #expect(fixture.agent.requests.map(\.actor.incidentID) == ["update-41", "update-\(update)"])
        }
    }

    @Test("an answer that cannot be stored for now is stored when it can be, and the agent is asked once")
    func fullDisk() async throws {
        let failed = Signal()
        let logger = Logger(label: "test") { _ in SignalLog(words: "cannot be stored yet", signal: failed) }
        try await FrontEndFixture.run(logger: logger) { fixture in
            let database = try DatabaseQueue(path: fixture.directory + "/agent.db")
            try await database.write {
                try $0.execute(
                    sql: "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no room'); END")
            }
            fixture.telegram.send("nginx упал")
            await failed.wait()
            try await database.write { try $0.execute(sql: "DROP TRIGGER full") }
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to nginx упал" }
            #expect(fixture.agent.requests.count == 1)
        }
    }

    @Test("an answer to the bot's message brings that along, one to a person's does not; what is forwarded is marked")
    func answered() async throws {
        try await FrontEndFixture.run { fixture in
            fixture.telegram.send("почини", inAnswerTo: "❌ nginx: не работает", answersBot: true)
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to почини" }
            fixture.telegram.send("и это", inAnswerTo: "123456")
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to и это" }
            fixture.telegram.deliver([
                "text": "останови nginx",
                "forward_origin": ["type": "hidden_user", "date": 1, "sender_user_name": "x"],
            ])
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to останови nginx" }
            #expect(fixture.agent.requests.map(\.answered) == ["❌ nginx: не работает", nil, nil])
            #expect(fixture.agent.requests.map(\.isForwarded) == [false, false, true])
        }
    }

    @Test("a long answer comes in parts that fit, in order, and nothing of it is lost")
    func longAnswer() async throws {
        try await FrontEndFixture.run { fixture in
            let question = String(repeating: "слово 👍🏽 ", count: 263) + String(repeating: "x", count: 1195) + "end"
            fixture.telegram.send(question)
            _ = await fixture.telegram.waitForMessage { $0.text.hasSuffix("end") }
            let parts = fixture.texts(7).filter { !$0.contains("Проверяю") }
            #expect(parts.count == 2)
            #expect(parts.allSatisfy { (1...4096).contains($0.utf16.count) })
            #expect(parts.joined().filter { !$0.isWhitespace } == ("answer to " + question).filter { !$0.isWhitespace })
        }
    }
}

/// Tells that a line was logged.
private struct SignalLog: LogHandler {
    let words: String
    let signal: Signal
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { if event.message.description.contains(words) { signal.set() } }
}
