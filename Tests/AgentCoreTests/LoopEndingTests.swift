import ExecutorAPI
import StrictJSON
import Testing

@testable import AgentCore

@Suite("How the loop ends")
struct LoopEndingTests {
    private static func loop(
        _ language: Language = .russian, _ change: (inout AgentLimits) -> Void = { _ in }
    ) -> Loop {
        var limits = AgentLimits()
        change(&limits)
        let tools = ToolName.allCases.map {
            ToolDefinition(
                name: $0.rawValue, title: "t", description: "d", inputSchema: [:],
                readOnly: !ScriptedToolbox.changing.contains($0.rawValue))
        }
        var loop = Loop(request: .ask("nginx упал", language), tools: tools, limits: limits)
        _ = loop.receive(.begin)
        return loop
    }

    private static func conclusion(_ action: Loop.Action) throws -> Loop.Conclusion {
        guard case .finish(let conclusion) = action else { throw Unexpected() }
        return conclusion
    }

    private static func prompt(_ action: Loop.Action) throws -> ModelPrompt {
        guard case .askModel(let prompt, _) = action else { throw Unexpected() }
        return prompt
    }

    private struct Unexpected: Error {}

    private static func turn(_ stop: ModelTurn.Stop, _ content: [ModelContent] = []) -> Loop.Event {
        .modelTurn(ModelTurn(content: content, stop: stop))
    }

    @Test("a model that declines ends the incident, in both languages")
    func declined() throws {
        for (language, words) in [(Language.russian, "отказалась"), (.english, "declined")] {
            var loop = Self.loop(language)
            let end = try Self.conclusion(loop.receive(Self.turn(.refusal)))
            #expect(end.ending == .modelFailed && end.text.contains(words))
        }
    }

    @Test("an end without a word is asked about once, and the second is the end")
    func silent() throws {
        for (language, words) in [(Language.russian, "без ответа"), (.english, "without")] {
            var loop = Self.loop(language)
            let again = try Self.prompt(loop.receive(Self.turn(.endTurn)))
            #expect(again.messages.last?.role == .user)
            #expect(try Self.conclusion(loop.receive(Self.turn(.endTurn, [.text(" ")]))).text.contains(words))
        }
    }

    @Test("a conversation that does not fit is shortened once with what was found; after that it is the end")
    func contextFull() throws {
        for language in Language.allCases {
            var loop = Self.loop(language)
            let call = ToolCall(id: "1", name: "check_service", arguments: ["service": "nginx"])
            _ = loop.receive(Self.turn(.toolUse, [.toolUse(call)]))
            _ = loop.receive(.toolResults([(call, .success("nginx: dead"))]))
            let short = try Self.prompt(loop.receive(Self.turn(.contextFull)))
            #expect(short.messages.count == 1)
            let texts = short.messages[0].content.map { "\($0)" }.joined()
            #expect(texts.contains("nginx упал") && texts.contains("nginx: dead"))
            #expect(try Self.conclusion(loop.receive(Self.turn(.contextFull))).ending == .modelFailed)
        }
    }

    @Test("an answer cut at the token limit says so; a call cut there is not run")
    func cut() throws {
        for (language, words) in [(Language.russian, "обрезан"), (.english, "cut")] {
            var loop = Self.loop(language)
            let call = ToolCall(id: "1", name: "restart_service", arguments: ["service": "nginx"])
            let prompt = try Self.prompt(loop.receive(Self.turn(.maxTokens, [.toolUse(call)])))
            let said = "\(prompt.messages.last?.content ?? [])"
            #expect(said.contains("Not run"))
            #expect(try Self.conclusion(loop.receive(Self.turn(.maxTokens, [.text("x")]))).text.contains(words))
        }
    }

    @Test("the same call again and again is not run after the third time, and then the loop stops")
    func spinning() throws {
        for (language, words) in [(Language.russian, "повторяет"), (.english, "repeating")] {
            var loop = Self.loop(language)
            let call = ToolCall(id: "1", name: "check_service", arguments: ["service": "nginx"])
            for _ in 0..<3 {
                _ = loop.receive(Self.turn(.toolUse, [.toolUse(call)]))
                _ = loop.receive(.toolResults([(call, .success("x"))]))
            }
            _ = loop.receive(Self.turn(.toolUse, [.toolUse(call)]))
            let end = try Self.conclusion(loop.receive(Self.turn(.toolUse, [.toolUse(call)])))
            #expect(end.text.contains(words) && end.ending == .iterationsSpent)
        }
    }

    @Test("of more calls than a turn may have, the rest are answered as not run; after a failed change, so are changes")
    func limitedCalls() throws {
        var loop = Self.loop { $0.maximumCallsPerTurn = 2 }
        let calls = (1...3).map {
            ToolCall(id: "\($0)", name: "restart_service", arguments: ["service": .string("s\($0)")])
        }
        guard case .callTools(let first) = loop.receive(Self.turn(.toolUse, calls.map { .toolUse($0) })) else {
            throw Unexpected()
        }
        #expect(first.map(\.id) == ["1"])
        let prompt = try Self.prompt(loop.receive(.toolResults([(calls[0], .failure("no"))])))
        let said = "\(prompt.messages.last?.content ?? [])"
        #expect(said.contains("the action before it failed") && said.contains("at most 2 calls"))
    }

    @Test("tokens that are spent hand the incident to the built-in brain; when that fails too, it is the end")
    func spent() throws {
        var loop = Self.loop { $0.maximumTokens = 10 }
        let call = ToolCall(id: "1", name: "check_service", arguments: [:])
        _ = loop.receive(
            .modelTurn(
                ModelTurn(content: [.toolUse(call)], stop: .toolUse, usage: ModelUsage(inputTokens: 11))))
        guard case .askModel(_, .fallback) = loop.receive(.toolResults([(call, .success("x"))])) else {
            throw Unexpected()
        }
        #expect(loop.replacement?.code == .incidentSpent(limit: 10))
        let end = try Self.conclusion(loop.receive(.modelFailed(ModelError(.unavailable, "gone"))))
        #expect(end.ending == .modelFailed && end.text.contains("недоступна"))
    }

    @Test("a call of a tool that is not there is answered with those there are, and nobody else is asked")
    func unknownTool() throws {
        var loop = Self.loop()
        let call = ToolCall(id: "1", name: "delete_everything", arguments: [:])
        let prompt = try Self.prompt(loop.receive(Self.turn(.toolUse, [.toolUse(call)])))
        let said = "\(prompt.messages.last?.content ?? [])"
        #expect(said.contains("there is no tool of this name") && said.contains("check_port, check_service"))
    }

    @Test(
        "why the model gave no answer is said in the person's language, and what the server said is not",
        arguments: [
            (ModelError.Code.unavailable, "перегружена", "overloaded"), (.tooSlow, "вовремя", "in time"),
            (.unauthorized, "ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
            (.unknownModel("claude-x"), "claude-x", "claude-x"),
            (.spent, "лимит", "limit is spent"), (.incidentSpent(limit: 9), "9 токенов", "9 tokens"),
            (.badRequest, "не приняла", "refused"),
        ])
    func modelFailure(_ code: ModelError.Code, _ russian: String, _ english: String) throws {
        for (language, words) in [(Language.russian, russian), (.english, english)] {
            var loop = Self.loop(language)
            _ = loop.receive(.modelFailed(ModelError(code, "overloaded_error, request req_1")))
            #expect(loop.replacementReason == "overloaded_error, request req_1")
            let end = try Self.conclusion(loop.receive(Self.turn(.endTurn, [.text("ответ")])))
            #expect(
                end.text.contains(words) && end.text.contains("ответ") && !end.text.contains("req_1"), "\(end.text)")
        }
    }

    @Test("whoever cancels is told so, whatever was under way")
    func cancelled() throws {
        for (language, words) in [(Language.russian, "Отменено"), (.english, "Cancelled")] {
            var loop = Self.loop(language)
            let end = try Self.conclusion(loop.receive(.cancelled))
            #expect(end.ending == .cancelled && end.text.contains(words))
        }
    }

    @Test(
        "whoever cancels while something is being changed is told that it is not verified; what was not begun is not named"
    )
    func interrupted() throws {
        var loop = Self.loop()
        let calls = ["nginx", "redis"].map {
            ToolCall(id: $0, name: "restart_service", arguments: ["service": .string($0)])
        }
        guard case .callTools = loop.receive(Self.turn(.toolUse, calls.map { .toolUse($0) })) else {
            throw Unexpected()
        }
        let end = try Self.conclusion(loop.receive(.cancelled))
        #expect(end.text == "Отменено.\n⚠️ nginx: не проверено" && end.verification == .failed)
    }

    @Test(
        "what was changed and not verified is reported with what is known of it, in both languages",
        arguments: [
            (
                ChangeTarget.service("nginx"), ReportText.State.Outcome.unverified, "⚠️ nginx: не проверено",
                "not verified"
            ),
            (.stopped("nginx"), .failed, "❌ nginx: остановка не подтверждена", "not confirmed to be stopped"),
            (.stopped("nginx"), .verified, "✅ nginx: остановлен", "✅ nginx: stopped"),
            (.container("web"), .verified, "✅ web: работает", "✅ web: running"),
            (.container("web"), .failed, "❌ web: не работает", "❌ web: not running"),
        ])
    func states(
        _ target: ChangeTarget, _ outcome: ReportText.State.Outcome, _ russian: String, _ english: String
    ) {
        let isKnown = outcome != .unverified
        let state = ReportText.State(
            target: target, outcome: outcome, call: isKnown ? ToolCall(id: "1", name: "x", arguments: [:]) : nil,
            result: isKnown ? .success("x") : nil)
        for (language, words) in [(Language.russian, russian), (.english, english)] {
            let text = ReportText.compose("Готово.", states: [state], replacement: nil, isBuiltIn: false, language)
            #expect(text.contains(words), "\(text)")
        }
    }

    @Test(
        "what a person reads while a tool runs",
        arguments: [
            ("check_port", ["port": 80], "Проверяю, что занимает порт 80…", "Checking what holds port 80…"),
            ("docker_restart", ["container": "web"], "Перезапускаю контейнер web…", "Restarting container web…"),
            ("docker_logs", ["container": "web"], "Читаю логи контейнера web…", "Reading the log of web…"),
            ("run_command", ["command": "systemctl start a"], "Запускаю a…", "Starting a…"),
            ("run_command", ["command": "systemctl stop a"], "Останавливаю a…", "Stopping a…"),
            ("run_command", ["command": "systemctl restart a"], "Перезапускаю a…", "Restarting a…"),
            ("run_command", ["command": "systemctl status a"], "Проверяю статус a…", "Checking the status of a…"),
            ("run_command", ["command": "df -h"], "Выполняю: df -h", "Running: df -h"),
            ("my_tool", [:], "Вызываю my_tool…", "Calling my_tool…"),
        ] as [(String, [String: JSONValue], String, String)])
    func progress(_ tool: String, _ arguments: [String: JSONValue], _ russian: String, _ english: String) {
        let call = ToolCall(id: "1", name: tool, arguments: arguments)
        #expect(ToolPhrases.progress(call, .russian) == russian)
        #expect(ToolPhrases.progress(call, .english) == english)
    }

    @Test("a verification that says neither state nor status is said with its own words")
    func verificationWords() {
        let call = ToolCall(id: "1", name: "verify_fix", arguments: ["service": "nginx"])
        let failed = ToolResult.failure("port 80 is closed", metadata: ["verified": false])
        #expect(
            ToolPhrases.verification(call, failed, .russian) == ["❌ nginx: проверка не пройдена: port 80 is closed"])
        #expect(ToolPhrases.verification(call, .success("all well"), .english) == ["✅ nginx: all well"])
    }
}
