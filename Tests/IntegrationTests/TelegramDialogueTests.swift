import Foundation
import StrictJSON
import TestSupport
import Testing

/// A real devops-agent service between the two stand-ins and a real executor.
final class AgentFixture: Sendable {
    let telegram: TelegramStandIn
    let executor: ExecutorFixture
    let environment: [String: String]
    let program: Program

    init(
        _ executor: ExecutorFixture, _ telegram: TelegramStandIn, anthropic: AnthropicStandIn? = nil,
        extra: [String: String] = [:]
    ) throws {
        (self.telegram, self.executor) = (telegram, executor)
        var environment = [
            "TELEGRAM_BOT_TOKEN": TelegramStandIn.token, "TELEGRAM_API_URL": telegram.url, "ALLOWED_USER_IDS": "7,8",
            "EXECUTOR_SOCKET": executor.agentSocket, "MODEL": anthropic == nil ? "built-in" : AnthropicStandIn.model,
            // What nobody asked for would get in between.
            "CHECK_INTERVAL": "off", "DAILY_REPORT_AT": "off",
        ]
        if let anthropic {
            environment["ANTHROPIC_API_KEY"] = AnthropicStandIn.key
            environment["ANTHROPIC_BASE_URL"] = anthropic.url
        }
        environment.merge(extra) { $1 }
        self.environment = environment
        program = try Self.start(executor, environment)
    }

    static func start(_ executor: ExecutorFixture, _ environment: [String: String]) throws -> Program {
        try Program("devops-agent", ["run", "--state-dir", executor.directory + "/agent"], environment: environment)
    }

    func stop() async -> Int32 {
        program.send(signal: SIGTERM)
        return await program.exitStatus()
    }
}

@Suite("The agent in Telegram, over the real executor", .serialized, .timeLimit(.minutes(2)))
struct TelegramDialogueTests {
    @Test("the plan's dialogue: nginx is down because apache2 has its port; the bot mends it and says so")
    func dialogue() async throws {
        try await withTemporaryDirectory { directory in
            let servers = try WebServerFixture(in: directory)
            let executor = try await ExecutorFixture(
                in: directory, allowlist: servers.allowlist, settings: "{}", tools: servers.tools)
            #expect(await servers.start("apache2") == 0)
            #expect(await servers.start("nginx") != 0)
            let anthropic = try AnthropicStandIn(script: [
                .tools([("check_service", ["service": "nginx"])]),
                .tools([("read_logs", ["service": "nginx", "lines": 20])]),
                .tools([("check_port", ["port": JSONValue(servers.port)])]),
                .tools([("run_command", ["command": "systemctl stop apache2"])]),
                .tools([("run_command", ["command": "systemctl start nginx"])]),
                .tools([("verify_fix", ["service": "nginx", "test_url": .string("http://localhost:\(servers.port)/")])]
                ),
                .text("Проблема решена. Nginx работает, apache2 был остановлен."),
            ])
            let telegram = try TelegramStandIn()
            let agent = try AgentFixture(executor, telegram, anthropic: anthropic)
            telegram.send("nginx не отвечает")
            let answer = await telegram.waitForMessage { $0.text.contains("Проблема решена") }
            #expect(answer.chatID == 7 && answer.text.contains("✅"), "\(answer.text)")
            #expect(try await servers.answer() == "nginx\n")
            let everything = telegram.sent.map(\.text).joined(separator: "\n")
            #expect(everything.contains("nginx"))
            telegram.send("/history")
            _ = await telegram.waitForMessage { $0.text.contains("nginx не отвечает") && $0.id != answer.id }
            #expect(await agent.stop() == 0)
            #expect(
                telegram.violations.isEmpty && anthropic.violations.isEmpty,
                "\(telegram.violations) \(anthropic.violations)")
            let outcomes = try await executor.audit("outcome")
            #expect(outcomes.allSatisfy { $0["actor"]?["user_id"] == "7" })
            #expect(try await executor.ctl("audit", "verify").status == 0)
            let log = await agent.program.standardError()
            for secret in [TelegramStandIn.token, AnthropicStandIn.key] { #expect(!log.contains(secret)) }
            await servers.stop()
            _ = await executor.stop()
        }
    }

    @Test("a stranger gets no answer, and is in the audit log; the commands answer whom they should")
    func commands() async throws {
        try await withExecutor { executor in
            let telegram = try TelegramStandIn()
            let agent = try AgentFixture(executor, telegram)
            telegram.send("/start", from: 666)
            telegram.send("/start")
            telegram.send("/help", from: 8)
            telegram.send("/health")
            telegram.send("/status")
            _ = await telegram.waitForMessage { $0.chatID == 8 && $0.text.contains("/logs") }
            _ = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("%") }
            telegram.send("/logs ../../etc/shadow")
            telegram.send("сколько места на диске?")
            _ = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("Место на дисках") }
            telegram.send("выполни rm -rf /")
            _ = await telegram.waitForMessage { $0.text.lowercased().contains("запрещено") }
            #expect(!telegram.sent.contains { $0.chatID == 666 })
            try await waitUntil {
                try await executor.audit("note").contains { $0["actor"]?["user_id"] == "666" }
            }
            #expect(await agent.stop() == 0)
            #expect(telegram.violations.isEmpty, "\(telegram.violations)")
        }
    }

    @Test("a message that was taken in is answered once, though the agent is killed before it answers")
    func killed() async throws {
        try await withExecutor { executor in
            let telegram = try TelegramStandIn()
            let anthropic = try AnthropicStandIn(script: [.hang, .text("Всё в порядке: ответ.")])
            let agent = try AgentFixture(executor, telegram, anthropic: anthropic)
            telegram.send("как дела у сервера?")
            while anthropic.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            try await waitUntil { telegram.unconfirmed == 0 }
            agent.program.send(signal: SIGKILL)
            _ = await agent.program.exitStatus()
            let second = try AgentFixture.start(executor, agent.environment)
            _ = await telegram.waitForMessage { $0.text.contains("Всё в порядке: ответ.") }
            second.send(signal: SIGTERM)
            #expect(await second.exitStatus() == 0)
            #expect(telegram.sent.filter { $0.text.contains("Всё в порядке: ответ.") }.count == 1)
        }
    }

    @Test("the button of the person who asked lets the command run; another's does not")
    func approval() async throws {
        try await withExecutor { executor in
            let telegram = try TelegramStandIn()
            let anthropic = try AnthropicStandIn(script: [
                .tools([("run_command", ["command": "/usr/bin/id -u"])]), .text("Готово."), .text("Готово."),
            ])
            let agent = try AgentFixture(executor, telegram, anthropic: anthropic)
            telegram.send("кто я?")
            let question = await telegram.waitForMessage { !$0.buttons.isEmpty }
            #expect(question.text.contains("/usr/bin/id -u"))
            let yes = try #require(question.buttons.first?.data)
            telegram.tap(yes, on: question, from: 8)
            telegram.tap(yes, on: question)
            _ = await telegram.waitForMessage { $0.text.contains("Готово.") }
            let intents = try await executor.audit("intent").filter { $0["rule"] == "ask-user" }
            #expect(intents.count == 1 && intents[0]["approval"]?.stringValue?.hasPrefix("user/") == true)
            #expect(await agent.stop() == 0)
            #expect(telegram.violations.isEmpty, "\(telegram.violations)")
        }
    }

    @Test("the third button lets the same command run again without a question, and says for what")
    func standing() async throws {
        try await withExecutor { executor in
            let telegram = try TelegramStandIn()
            let anthropic = try AnthropicStandIn(script: [
                .tools([("run_command", ["command": "/usr/bin/id -u"])]), .text("Раз."),
                .tools([("run_command", ["command": "/usr/bin/id -u"])]), .text("Два."), .text("Два."),
            ])
            let agent = try AgentFixture(executor, telegram, anthropic: anthropic)
            telegram.send("кто я?")
            let question = await telegram.waitForMessage { !$0.buttons.isEmpty }
            #expect(question.buttons.map(\.text) == ["Разрешить", "На 15 минут", "Отклонить"])
            #expect(question.text.contains("только для: /usr/bin/id -u"))
            telegram.tap(question.buttons[1].data, on: question)
            _ = await telegram.waitForMessage { $0.id == question.id && $0.text.contains("Разрешено на 15 минут") }
            _ = await telegram.waitForMessage { $0.text.contains("Раз.") }
            telegram.send("а теперь?")
            _ = await telegram.waitForMessage { $0.text.contains("Два.") }
            let approvals = try await executor.audit("intent").filter { $0["rule"] == "ask-user" }
                .compactMap { $0["approval"]?.stringValue?.split(separator: "/").first }
            #expect(approvals == ["user", "grant"])
            #expect(await agent.stop() == 0)
            #expect(telegram.violations.isEmpty, "\(telegram.violations)")
        }
    }

    @Test("a one-time code is the person's next message: it reaches the executor, and nothing else ever holds it")
    func code() async throws {
        try await withExecutor { executor in
            let person = try await executor.enroll()
            let telegram = try TelegramStandIn()
            let anthropic = try AnthropicStandIn(script: [
                .tools([("run_command", ["command": "/usr/bin/id -un"])]), .text("Готово."),
            ])
            let agent = try AgentFixture(executor, telegram, anthropic: anthropic)
            let (wrong, right) = (person.wrongCode, person.code())
            telegram.send("кто я?")
            let question = await telegram.waitForMessage { !$0.buttons.isEmpty }
            #expect(question.text.contains("/usr/bin/id -un") && question.buttons.count == 1)
            telegram.send(right, from: 8)
            _ = await telegram.waitForMessage { $0.chatID == 8 && $0.text.contains("код ни для чего не нужен") }
            telegram.send(wrong)
            let again = await telegram.waitForMessage { !$0.buttons.isEmpty && $0.id != question.id }
            #expect(again.text.contains("Осталось попыток: 4") && again.text.contains("/usr/bin/id -un"))
            telegram.send(right)
            _ = await telegram.waitForMessage { $0.text.contains("Готово.") }
            let intents = try await executor.audit("intent").filter { $0["rule"] == "ask-code" }
            #expect(intents.count == 1 && intents[0]["approval"]?.stringValue?.hasPrefix("totp/") == true)
            telegram.send(person.code(1))
            _ = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("код ни для чего не нужен") }
            telegram.send("/help", inAnswerTo: right)
            _ = await telegram.waitForMessage { $0.chatID == 7 && $0.text.contains("/history") }
            #expect(await agent.stop() == 0)
            let log = await agent.program.standardError()
            let asked = anthropic.requests.map(\.body.text).joined()
            for code in [wrong, right, person.code(1)] {
                #expect(!executor.holds("\"\(code)\"") && !log.contains(code) && !asked.contains("\"\(code)"))
                #expect(!telegram.sent.contains { $0.text.contains(code) })
            }
            #expect(telegram.violations.isEmpty, "\(telegram.violations)")
        }
    }

    @Test("the button that says no closes a question for a code, and the command does not run")
    func codeDenied() async throws {
        try await withExecutor { executor in
            _ = try await executor.enroll()
            let telegram = try TelegramStandIn()
            let anthropic = try AnthropicStandIn(script: [
                .tools([("run_command", ["command": "/usr/bin/id -un"])]), .text("Готово."),
            ])
            let agent = try AgentFixture(executor, telegram, anthropic: anthropic)
            telegram.send("кто я?")
            let question = await telegram.waitForMessage { !$0.buttons.isEmpty }
            let no = try #require(question.buttons.first?.data)
            // There is no button for yes; one that is made up is nothing.
            telegram.tap("y" + no.dropFirst(), on: question)
            telegram.tap(no, on: question)
            _ = await telegram.waitForMessage { $0.text.contains("Готово.") }
            #expect(try await executor.audit("intent").isEmpty)
            #expect(await agent.stop() == 0)
        }
    }

    @Test("Telegram failing in every way it can does not stop the agent")
    func faults() async throws {
        try await withExecutor { executor in
            let telegram = try TelegramStandIn()
            telegram.fail(
                "getUpdates", .error(code: 502, description: "Bad Gateway"), .notJSON, .closeBeforeAnswer,
                .error(code: 409, description: "Conflict: terminated by other getUpdates request"),
                .error(code: 429, description: "Too Many Requests: retry after 1", parameters: ["retry_after": 1]))
            telegram.fail(
                "sendMessage",
                .error(code: 429, description: "Too Many Requests: retry after 1", parameters: ["retry_after": 1]),
                .error(code: 500, description: "Internal Server Error: restart"))
            let agent = try AgentFixture(executor, telegram)
            telegram.send("/help")
            _ = await telegram.waitForMessage { $0.text.contains("/history") }
            #expect(await agent.stop() == 0)
        }
    }

    @Test("a token that Telegram does not accept ends the agent, with the reason and exit code 2")
    func badToken() async throws {
        try await withExecutor { executor in
            let telegram = try TelegramStandIn()
            let agent = try AgentFixture(
                executor, telegram, extra: ["TELEGRAM_BOT_TOKEN": "987654321:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawd"])
            #expect(await agent.program.exitStatus() == 2)
            let error = await agent.program.standardError()
            #expect(error.contains("TELEGRAM_BOT_TOKEN") && !error.contains("AAHdqTcv"))
        }
    }
}
