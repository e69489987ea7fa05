import AgentCore
import ExecutorAPI
import HTTPClient
import Logging
import StrictJSON
import Synchronization
import Telegram
import Testing

@testable import ChatFrontEnd

/// Telegram's side of the questions: answers each call by its method, and counts them.
private final class ScriptedBot: Sendable {
    private let calls = Mutex<[String]>([])
    let failing: Set<String>

    init(failing: Set<String> = []) { self.failing = failing }

    func count(_ method: String) -> Int { calls.withLock { $0.count { $0 == method } } }

    var client: TelegramClient {
        TelegramClient(token: "1:a", url: "http://localhost") { [self] request in
            let method = request.url.split(separator: "/").last.map(String.init) ?? ""
            calls.withLock { $0.append(method) }
            if failing.contains(method) {
                return (500, Array(#"{"ok": false, "error_code": 500, "description": "down"}"#.utf8))
            }
            let message = #"{"message_id": 5, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "x"}"#
            let result = method == "answerCallbackQuery" ? "true" : message
            return (200, Array("{\"ok\": true, \"result\": \(result)}".utf8))
        }
    }
}

@Suite("Questions in Telegram", .timeLimit(.minutes(1)))
struct TelegramApprovalsTests {
    private static func question(
        command: String = "id -u", level: String = "user", minutes: Int? = 15
    ) -> ApprovalQuestion {
        ApprovalQuestion(
            id: "i", command: command, call: "", rule: "r", level: level, justification: nil, caller: "", expires: "",
            target: "t", minutes: minutes)
    }

    private static func approvals(_ bot: ScriptedBot, lifetime: Duration = .seconds(600)) -> TelegramApprovals {
        TelegramApprovals(client: bot.client, logger: Logger(label: "test"), lifetime: lifetime)
    }

    private static func ask(
        _ approvals: TelegramApprovals, _ question: ApprovalQuestion = question()
    ) async -> ApprovalReply {
        await approvals.ask(question, chatID: 7, userID: 7, words: Words(.english))
    }

    @Test("no answer in time is a no")
    func expires() async {
        #expect(await Self.ask(Self.approvals(ScriptedBot(), lifetime: .milliseconds(1))) == .no)
    }

    @Test("a question that cannot be sent, or not whole, is a no, and is not waited for")
    func cannotAsk() async {
        #expect(await Self.ask(Self.approvals(ScriptedBot(failing: ["sendMessage"]))) == .no)
        let bot = ScriptedBot()
        let long = Self.question(command: String(repeating: "x", count: 4096))
        #expect(await Self.ask(Self.approvals(bot), long) == .no)
        #expect(bot.count("sendMessage") == 0)
    }

    @Test("a cancelled question is a no")
    func cancelled() async {
        let (bot, started) = (ScriptedBot(), Signal())
        let approvals = Self.approvals(bot)
        let asking = Task {
            started.set()
            return await Self.ask(approvals, Self.question(level: "totp"))
        }
        await started.wait()
        while bot.count("sendMessage") == 0 { await Task.yield() }
        asking.cancel()
        #expect(await asking.value == .no)
    }

    @Test("a code goes to the oldest question that waits for one of this person in this chat")
    func codes() async throws {
        let bot = ScriptedBot()
        let approvals = Self.approvals(bot)
        let (first, second) = (try #require(OneTimeCode("000001")), try #require(OneTimeCode("000002")))
        func ask(_ number: Int, level: String) async -> Task<ApprovalReply, Never> {
            let task = Task { await Self.ask(approvals, Self.question(level: level)) }
            while bot.count("sendMessage") < number { await Task.yield() }
            return task
        }
        let yesOrNo = await ask(1, level: "user")
        #expect(await !approvals.take(first, chatID: 7, userID: 7))
        let (older, newer) = (await ask(2, level: "totp"), await ask(3, level: "totp"))
        #expect(await !approvals.take(first, chatID: 7, userID: 8))
        #expect(await !approvals.take(first, chatID: 9, userID: 7))
        #expect(await approvals.take(first, chatID: 7, userID: 7))
        #expect(await approvals.take(second, chatID: 7, userID: 7))
        #expect(await older.value == .code(first))
        #expect(await newer.value == .code(second))
        #expect(await !approvals.take(first, chatID: 7, userID: 7))
        yesOrNo.cancel()
        #expect(await yesOrNo.value == .no)
    }

    @Test(
        "a button nobody knows is told so, and a confirmation that fails stops nothing",
        arguments: ["", "y", "y:x", "n:"])
    func strangeButtons(_ data: String) async throws {
        for bot in [ScriptedBot(), ScriptedBot(failing: ["answerCallbackQuery"])] {
            let json: JSONValue = [
                "id": "1", "from": ["id": 7, "is_bot": false, "first_name": "T"], "data": .string(data),
            ]
            await Self.approvals(bot).receive(try #require(TelegramCallback(json: json)), words: Words(.english))
            #expect(bot.count("answerCallbackQuery") == 1)
        }
    }
}
