import HTTPClient
import StrictJSON
import Telegram
import TestSupport
import Testing

@Suite("The Telegram client", .timeLimit(.minutes(1)))
struct TelegramClientTests {
    private static func client(_ server: TelegramStandIn, token: String = TelegramStandIn.token) -> TelegramClient {
        TelegramClient(token: token, url: server.url, http: HTTPClient())
    }

    typealias Failure = (code: Int, description: String, parameters: JSONValue?, expected: TelegramError.Code)

    private static let failures: [Failure] = [
        (400, "Bad Request: message is too long", nil, .badRequest),
        (400, "Bad Request: can't parse entities: x", nil, .badEntities),
        (400, "Bad Request: group chat was upgraded", ["migrate_to_chat_id": -100], .migrated(to: -100)),
        (401, "Unauthorized", nil, .badToken), (403, "Forbidden: bot was blocked by the user", nil, .forbidden),
        (404, "Not Found", nil, .badToken), (409, "Conflict: terminated by other getUpdates request", nil, .conflict),
        (409, "Conflict: can't use getUpdates method while webhook is active", nil, .webhookSet),
        (429, "Too Many Requests: retry after 5", ["retry_after": 5], .flood(retryAfter: .seconds(5))),
        (500, "Internal Server Error: restart", nil, .server), (502, "Bad Gateway", nil, .server),
    ]

    @Test("each way the server refuses has its code", arguments: failures.indices)
    func codes(_ index: Int) async throws {
        let (code, description, parameters, expected) = Self.failures[index]
        let server = try TelegramStandIn()
        server.fail("sendMessage", .error(code: code, description: description, parameters: parameters))
        let error = await #expect(throws: TelegramError.self) {
            try await Self.client(server).sendMessage(chatID: 1, text: "x")
        }
        #expect(error?.code == expected)
    }

    @Test("answers that are none, and a server that is away, are failures that pass, without the token in them")
    func broken() async throws {
        let server = try TelegramStandIn()
        // libcurl itself repeats once what a used connection took without a word.
        server.fail("getMe", .notJSON, .closeBeforeAnswer, .closeBeforeAnswer)
        let client = Self.client(server)
        for _ in 0..<2 {
            let error = await #expect(throws: TelegramError.self) { try await client.getMe() }
            #expect(error?.isTransient == true)
        }
        server.stop()
        let error = await #expect(throws: TelegramError.self) { try await client.getMe() }
        #expect(error?.isTransient == true && error?.message.contains("AAHdqTcv") == false)
        let other = try TelegramStandIn()
        let refused = await #expect(throws: TelegramError.self) {
            try await Self.client(other, token: "1:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawd").getMe()
        }
        #expect(refused?.code == .badToken)
    }

    @Test("whatever prints a client, or what holds one, shows neither the token nor the proxy's password")
    func printed() throws {
        let client = TelegramClient(
            token: TelegramStandIn.token, url: "http://localhost", proxy: "http://user:hunter2@localhost",
            http: HTTPClient())
        var dumped = ""
        dump([client], to: &dumped)
        for text in ["\(client)", "\([client])", String(reflecting: (client, 1)), dumped] {
            #expect(!text.contains(TelegramStandIn.token) && !text.contains("hunter2"), "\(text)")
        }
    }

    @Test("what is sent keeps the Bot API's rules; an edit that changes nothing is a success")
    func calls() async throws {
        let server = try TelegramStandIn()
        let client = Self.client(server)
        #expect(try await client.getMe().username == "devops_bot")
        let id = try await client.sendMessage(
            chatID: 7, text: "<b>x</b>", parseMode: .html,
            replyMarkup: InlineButton.keyboard([InlineButton(text: "Да", data: "y")]))
        try await client.editMessageText(chatID: 7, messageID: id, text: "y")
        try await client.editMessageText(chatID: 7, messageID: id, text: "y")
        try await client.sendTyping(chatID: 7)
        try await client.answerCallbackQuery(id: "1", text: "ok")
        try await client.setMyCommands([BotCommand("start", "Начать")], languageCode: "ru")
        try await client.deleteWebhook()
        #expect(server.violations.isEmpty, "\(server.violations)")
        #expect(server.sent.first?.text == "y" && server.sent.first?.edits == 1)
    }

    @Test("updates come until an offset confirms them; a poll that is cancelled ends")
    func updates() async throws {
        let server = try TelegramStandIn()
        let client = Self.client(server)
        let id = server.send("привет")
        let first = try await client.getUpdates(offset: nil, timeout: .zero)
        #expect(first.map(\.id) == [Int64(id)])
        guard case .message(let message)? = first.first?.content else {
            Issue.record("no message")
            return
        }
        #expect(message.text == "привет" && message.from?.id == 7)
        #expect(try await client.getUpdates(offset: Int64(id) + 1, timeout: .zero).isEmpty)
        let poll = Task { try await client.getUpdates(offset: nil, timeout: .seconds(50)) }
        await server.waitForPoll()
        poll.cancel()
        let error = await #expect(throws: TelegramError.self) { try await poll.value }
        #expect(error?.code == .cancelled)
    }

    @Test("an update that is odd is unknown, and stops nobody")
    func odd() {
        #expect(TelegramUpdate(json: [:]) == nil)
        #expect(TelegramUpdate(json: ["update_id": 1, "message": ["x": 1]])?.content == .unknown)
        #expect(TelegramUpdate(json: ["update_id": 1, "poll": [:]])?.content == .unknown)
    }
}
