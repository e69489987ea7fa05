import AgentCore
import AgentMemory
import ChatFrontEnd
import ExecutorAPI
import Foundation
import Logging
import StrictJSON
import Synchronization
import TestSupport
import Testing

@Suite("The chat's handler", .timeLimit(.minutes(1)))
struct ChatHandlerTests {
    private static func withHandler(
        gateway: ScriptedGateway = ScriptedGateway(), language: Language = .russian,
        _ body: (ChatHandler, EchoAgent, ScriptedGateway, AgentStore) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let store = try AgentStore(path: directory.path + "/agent.db")
        let agent = EchoAgent()
        let handler = ChatHandler(
            agent: agent, store: store, executor: gateway, audience: .users([7]), language: language,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await body(handler, agent, gateway, store)
        try store.close()
    }

    private static func message(_ text: String, user: Int64 = 7) -> ChatMessage {
        ChatMessage(text: text, userID: user, chatID: user)
    }

    @Test("a stranger is not admitted, gets no answer, and is noted; a flood of strangers is not noted without end")
    func strangers() async throws {
        try await Self.withHandler { handler, _, gateway, _ in
            for _ in 0..<100 { #expect(await handler.admit(Self.message("/start", user: 666)) == .silent) }
            #expect(gateway.notes.first == "666" && gateway.notes.count < 50)
            #expect(!handler.isKnown(666) && handler.isKnown(7))
        }
    }

    @Test(
        "a stranger whose letters are made of many is noted all the same",
        arguments: ["e" + String(repeating: "\u{301}", count: 19), "\\", "🙂"])
    func strangersText(_ letter: String) async throws {
        try await Self.withHandler { handler, _, gateway, _ in
            _ = await handler.admit(Self.message(String(repeating: letter, count: 4096), user: 666))
            #expect(gateway.notes == ["666"])
        }
    }

    @Test("fifteen quick messages: limited by the tenth or so, said once, then silence")
    func rateLimit() async throws {
        try await Self.withHandler { handler, _, _, _ in
            var admissions: [Admission] = []
            for number in 0..<15 { admissions.append(await handler.admit(Self.message("x\(number)"))) }
            let admitted = admissions.prefix { $0 == .admitted }.count
            #expect((5...11).contains(admitted))
            let refusals = admissions.filter { if case .refused = $0 { true } else { false } }
            #expect(refusals.count == 1 && admissions.last == .silent)
        }
    }

    @Test(
        "each command answers, in the language of the chat",
        arguments: [
            ("/start", "/help"), ("/help", "/logs"), ("/health", "18%"), ("/logs nginx", "lines of nginx"),
            ("/status", ""), ("/history", ""), ("/stop", ""), ("/nonsense", "nonsense"), ("/help@devops_bot", "/logs"),
        ])
    func commands(_ text: String, _ words: String) async throws {
        for language in Language.allCases {
            try await Self.withHandler(language: language) { handler, agent, _, _ in
                let answer = try #require(await handler.answer(Self.message(text)) { _ in })
                #expect(!answer.text.isEmpty && (words.isEmpty || answer.text.contains(words)), "\(answer.text)")
                #expect(agent.requests.isEmpty)
            }
        }
    }

    @Test(
        "a service's name is checked before anybody is asked",
        arguments: ["/logs", "/logs -f", "/logs ../x", "/logs a;b", "/logs $(id)"])
    func badNames(_ text: String) async throws {
        try await Self.withHandler { handler, _, gateway, _ in
            let answer = try #require(await handler.answer(Self.message(text)) { _ in })
            #expect(answer.outcome == .refused && gateway.logs.isEmpty)
        }
    }

    @Test("an executor that is away is said, not hidden")
    func away() async throws {
        try await Self.withHandler(gateway: ScriptedGateway(isAway: true)) { handler, _, _, _ in
            for text in ["/health", "/logs nginx", "/status"] {
                let answer = try #require(await handler.answer(Self.message(text)) { _ in })
                #expect(answer.outcome == .failed && answer.text.contains("nobody listens"))
            }
        }
    }

    @Test("a question goes to the agent with its language, its history and what resembles it; progress is said")
    func questions() async throws {
        try await Self.withHandler { handler, agent, _, store in
            let lines = Mutexed()
            let answered = await handler.answer(Self.message("nginx упал")) { line in lines.add(line) }
            let first = try #require(answered)
            #expect(first.text == "answer to nginx упал" && first.incident?.query == "nginx упал")
            #expect(lines.all.first?.contains("nginx") == true)
            try await store.append(exchange: try #require(first.exchange), sessionID: try #require(first.sessionID))
            try await store.saveIncident(try #require(first.incident))
            _ = await handler.answer(Self.message("nginx опять упал")) { _ in }
            let request = try #require(agent.requests.last)
            #expect(request.language == .russian && request.history.map(\.question) == ["nginx упал"])
            #expect(request.incidents.map(\.query) == ["nginx упал"] && request.actor.userID == "7")
            _ = await handler.answer(Self.message("what is the status of nginx?")) { _ in }
            #expect(agent.requests.last?.language == .english)
        }
    }

    private final class Mutexed: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    @Test("a message is cleaned of what is not seen, and cut at Telegram's length")
    func cleaning() {
        #expect(Self.message("  a\u{202E}b\u{200B}\tc\u{0}\nd  ").text == "ab c \nd")
        #expect(Self.message(String(repeating: "я", count: 5000)).text.utf16.count == ChatMessage.maximumUnits)
    }
}
