import AgentCore
import ExecutorAPI
import StrictJSON
import Testing

@Suite("The loop, driven")
struct AgentTests {
    private static func answer(
        _ request: AgentRequest, model: any Model, fallback: any Model = BuiltInBrain(), _ toolbox: ScriptedToolbox,
        limits: AgentLimits = AgentLimits()
    ) async -> AgentReport {
        await Agent(model: model, fallback: fallback, toolbox: toolbox, limits: limits).answer(request) { _ in }
    }

    @Test("an executor that is away is said at once, and no model is asked")
    func executorAway() async {
        final class Away: Toolbox {
            func tools() async throws -> [ToolDefinition] { throw ToolboxError("nobody listens") }
            func call(
                _ call: ToolCall, operation: String, actor: Actor, onOutput: @escaping @Sendable (String) -> Void
            ) async throws -> ToolResult { throw ToolboxError("nobody listens") }
        }
        let model = ScriptedModel([.success(.say("hello"))])
        let report = await Agent(model: model, fallback: BuiltInBrain(), toolbox: Away()).answer(.ask("привет")) { _ in
        }
        #expect(report.ending == .executorAway && !report.success && model.prompts.isEmpty)
        #expect(report.text.contains("(nobody listens)"))
    }

    @Test("a change that the model does not verify is verified by the loop, and only the executor's word counts")
    func enforced() async {
        let toolbox = ScriptedToolbox { call, _ in
            call.name == "verify_fix" ? .verified(true) : .success("restarted", metadata: ["effect": "change"])
        }
        let model = ScriptedModel([
            .success(.call("restart_service", ["service": "nginx"], id: "t1")), .success(.say("Перезапустил nginx.")),
        ])
        let report = await Self.answer(.ask("перезапусти nginx"), model: model, toolbox)
        #expect(toolbox.calls.map(\.name) == ["restart_service", "verify_fix"])
        #expect(toolbox.calls.last?.arguments["service"] == "nginx")
        #expect(report.verification == .passed && report.success && report.text.contains("✅"))
    }

    @Test("a verification that fails goes back to the model; what stays unverified is reported so")
    func failedVerification() async {
        let toolbox = ScriptedToolbox { call, _ in
            call.name == "verify_fix" ? .verified(false) : .success("restarted", metadata: ["effect": "change"])
        }
        let model = ScriptedModel([
            .success(.call("restart_service", ["service": "nginx"], id: "t1")), .success(.say("✅ nginx работает")),
            .success(.say("✅ nginx работает")),
        ])
        let report = await Self.answer(.ask("перезапусти nginx"), model: model, toolbox)
        #expect(model.prompts.count >= 3 && report.verification == .failed && !report.success)
        #expect(report.text.contains("❌"))
    }

    @Test(
        "a change that was refused, or failed though its target is well, is said beside the model's claim",
        arguments: [
            ("restart_service", ["service": "nginx"], true, "⚠️ nginx: отказано, ничего не сделано"),
            ("run_command", ["command": "systemctl stop nginx"], true, "⚠️ nginx: отказано, ничего не сделано"),
            ("docker_restart", ["container": "web"], true, "⚠️ web: отказано, ничего не сделано"),
            ("restart_service", ["service": "nginx"], false, "⚠️ nginx: само действие не удалось"),
        ] as [(String, [String: JSONValue], Bool, String)])
    func changeNotMade(_ tool: String, _ arguments: [String: JSONValue], _ isRefused: Bool, _ line: String) async {
        let refusal = Refusal(.notAllowed, rule: nil, message: "No rule.", alternative: "None.")
        let toolbox = ScriptedToolbox { call, _ in
            call.name == "verify_fix" ? .verified(true) : isRefused ? .refused(refusal) : .failure("It failed.")
        }
        let model = ScriptedModel([.success(.call(tool, arguments, id: "t1")), .success(.say("✅ Всё сделано."))])
        let report = await Self.answer(.ask("почини"), model: model, toolbox)
        #expect(report.text.contains(line), "\(report.text)")
        #expect(report.success == !isRefused)
    }

    @Test(
        "a success that a model claims of nothing in particular is taken away where the verification failed",
        arguments: [
            ("✅ Всё исправлено и работает.", false), ("✅ Готово!", false), ("✅ Problem solved", false),
            ("✅ All services are running", false), ("✅ диск: занято 20%", true), ("✅ apache2 остановлен", true),
        ])
    func vagueClaim(_ line: String, _ stays: Bool) async {
        let toolbox = ScriptedToolbox { call, _ in
            call.name == "verify_fix" ? .verified(false) : .success("restarted", metadata: ["effect": "change"])
        }
        let model = ScriptedModel(
            [.success(.call("restart_service", ["service": "nginx"], id: "t1"))]
                + (0..<9).map { _ in .success(.say(line)) })
        let report = await Self.answer(.ask("почини"), model: model, toolbox)
        #expect(report.text.contains(line) == stays && report.text.contains("❌ nginx"), "\(report.text)")
    }

    @Test("what was refused and then changed after all is reported as it is now")
    func changedAfterRefusal() async {
        let refusal = Refusal(.notAllowed, rule: nil, message: "No rule.", alternative: "None.")
        let toolbox = ScriptedToolbox { call, _ in
            switch call.name {
            case "verify_fix": .verified(true)
            case "run_command": .refused(refusal)
            default: .success("restarted", metadata: ["effect": "change"])
            }
        }
        let model = ScriptedModel([
            .success(.call("run_command", ["command": "systemctl restart nginx"], id: "t1")),
            .success(.call("restart_service", ["service": "nginx"], id: "t2")), .success(.say("Перезапустил.")),
        ])
        let report = await Self.answer(.ask("перезапусти nginx"), model: model, toolbox)
        #expect(report.success && !report.text.contains("отказано"), "\(report.text)")
    }

    @Test("reading alone needs no verification")
    func reading() async {
        let toolbox = ScriptedToolbox { _, _ in .success("free", metadata: ["effect": "read"]) }
        let model = ScriptedModel([
            .success(.call("run_command", ["command": "df -h"], id: "t1")), .success(.say("Свободно.")),
        ])
        let report = await Self.answer(.ask("сколько места?"), model: model, toolbox)
        #expect(report.verification == .notNeeded && report.success && toolbox.calls.count == 1)
    }

    @Test(
        "a model that fails is replaced by the built-in brain, which is named",
        arguments: [ModelError.Code.unavailable, .unauthorized, .spent, .unknownModel("x")])
    func replaced(_ code: ModelError.Code) async {
        let toolbox = ScriptedToolbox { _, _ in
            .success("d", metadata: ["disks": [["mount": "/", "used_percent": 42, "free_bytes": 1, "size_bytes": 2]]])
        }
        let model = ScriptedModel([.failure(ModelError(code, "the model is away"))])
        let report = await Self.answer(.ask("сколько места на диске?"), model: model, toolbox)
        #expect(report.model == "built-in" && report.text.contains("42%") && report.text.contains("встроенн"))
    }

    @Test("turns without an end are stopped at the limit, and every call has its answer in the next prompt")
    func iterations() async {
        let toolbox = ScriptedToolbox { call, _ in .success("x\(call.id)") }
        let model = ScriptedModel(
            (0..<30).map { .success(.call("check_port", ["port": JSONValue(1000 + $0)], id: "t\($0)")) })
        let report = await Self.answer(
            .ask("посмотри порты"), model: model, toolbox, limits: AgentLimits(maximumIterations: 4))
        #expect(report.iterations <= 4 && report.ending != .answered || report.iterations <= 5)
        for prompt in model.prompts {
            let used = prompt.messages.flatMap(\.content).compactMap { content -> String? in
                if case .toolUse(let call) = content { call.id } else { nil }
            }
            let answered = prompt.messages.flatMap(\.content).compactMap { content -> String? in
                if case .toolResult(let id, _, _) = content { id } else { nil }
            }
            #expect(used == answered)
        }
    }

    @Test("before its last turn a model is told to report, so that what was found is not lost")
    func lastTurn() async {
        let toolbox = ScriptedToolbox { _, _ in .success("x") }
        let model = ScriptedModel(
            (0..<3).map { .success(.call("check_port", ["port": JSONValue(1000 + $0)], id: "t\($0)")) }
                + [.success(.say("Нашёл: порт свободен."))])
        let report = await Self.answer(
            .ask("посмотри порты"), model: model, toolbox, limits: AgentLimits(maximumIterations: 4))
        #expect(report.ending == .answered && report.text.contains("Нашёл"))
        let told = model.prompts.map { "\($0.messages)".contains("This is your last turn") }
        #expect(told == [false, false, false, true])
    }

    @Test("the prompt only grows: what was sent once is sent again, byte for byte")
    func appendOnly() async {
        let toolbox = ScriptedToolbox { _, _ in .success("ok") }
        let model = ScriptedModel([
            .success(.call("check_port", ["port": 80], id: "a")), .success(.call("check_port", ["port": 81], id: "b")),
            .success(.say("ok")),
        ])
        let past = PastIncident(time: "t", query: "nginx упал", resolution: "порт", tools: [], success: true)
        _ = await Self.answer(.ask("nginx опять упал", incidents: [past]), model: model, toolbox)
        let prompts = model.prompts
        #expect(prompts.count == 3 && Set(prompts.map(\.system)).count == 1)
        for (earlier, later) in zip(prompts, prompts.dropFirst()) {
            #expect(Array(later.messages.prefix(earlier.messages.count)) == earlier.messages)
        }
        #expect(prompts[0].messages.description.contains("nginx упал") || prompts[0].system.contains("nginx упал"))
        #expect(Set(toolbox.operations).count == toolbox.operations.count)
    }
}

@Suite("The built-in brain")
struct BuiltInBrainTests {
    private static func report(
        _ text: String, _ language: Language = .russian, _ answer: @escaping ScriptedToolbox.Answer
    ) async -> (AgentReport, [ToolCall]) {
        let toolbox = ScriptedToolbox(answer)
        let report = await Agent(model: BuiltInBrain(), fallback: BuiltInBrain(), toolbox: toolbox)
            .answer(.ask(text, language)) { _ in }
        return (report, toolbox.calls)
    }

    @Test(
        "a question leads to its tool",
        arguments: [
            ("какой статус nginx?", "check_service"), ("what is the status of nginx?", "check_service"),
            ("покажи логи nginx", "read_logs"), ("show nginx logs", "read_logs"),
            ("кто занимает порт 8080?", "check_port"), ("who is using port 8080?", "check_port"),
            ("сколько места на диске?", "system_health"), ("how much disk space is left?", "system_health"),
            ("покажи контейнеры", "docker_ps"), ("выполни df -h", "run_command"), ("run df -h", "run_command"),
        ])
    func intents(_ text: String, _ tool: String) async {
        let language: Language = text.unicodeScalars.contains { $0.value > 127 } ? .russian : .english
        let (report, calls) = await Self.report(text, language) { _, _ in .success("x") }
        #expect(calls.first?.name == tool, "\(calls.map(\.name)) \(report.text)")
    }

    @Test("a refusal is passed on with its rule and what would be accepted")
    func refusal() async {
        let refusal = Refusal(.blocked, rule: "blocked/x", message: "It is blocked.", alternative: "Do something else.")
        let (report, _) = await Self.report("выполни rm -rf /") { _, _ in .refused(refusal) }
        for words in ["запрещено", "blocked/x", "do something else."] {
            #expect(report.text.lowercased().contains(words))
        }
    }

    @Test("the plan's dialogue: the port's holder is stopped, the service started and verified, in this order")
    func dialogue() async {
        let (report, calls) = await Self.report("nginx не отвечает") { call, before in
            switch call.name {
            case "check_service":
                return .success(
                    "nginx: inactive (dead)",
                    metadata: ["service": "nginx", "service_active": false, "state": "inactive", "sub_state": "dead"])
            case "read_logs": return .success("[error] bind() to 0.0.0.0:80 failed (98: Address already in use)")
            case "check_port":
                return .success(
                    "port 80: apache2 (pid 1234)",
                    metadata: [
                        "port": 80,
                        "listeners": [
                            ["pid": 1234, "program": "apache2", "unit": "apache2.service", "address": "0.0.0.0"]
                        ],
                    ])
            case "verify_fix": return .verified(true)
            default: return .success("ok", metadata: ["effect": "change"])
            }
        }
        let commands = calls.compactMap { $0.arguments["command"]?.stringValue }
        #expect(calls.prefix(3).map(\.name) == ["check_service", "read_logs", "check_port"])
        #expect(
            commands.count == 2 && commands[0].hasPrefix("systemctl stop apache2")
                && commands[1].hasPrefix("systemctl start nginx"))
        #expect(calls.last?.name == "verify_fix" && report.verification == .passed)
        for words in ["apache2", "nginx", "✅", "❌"] { #expect(report.text.contains(words), "\(report.text)") }
    }
}

@Suite("Time-outs of the loop")
struct LoopDeadlineTests {
    /// A model that never answers.
    private struct Silent: Model {
        let name = "silent"
        func respond(to prompt: ModelPrompt) async throws -> ModelTurn {
            try await Task.sleep(for: .seconds(3600))
            throw CancellationError()
        }
    }

    @Test("a model without an answer in its time is replaced; where nobody answers in time, the report says so")
    func deadline() async {
        let toolbox = ScriptedToolbox { _, _ in .success("x") }
        let limits = AgentLimits(iterationTimeout: .milliseconds(20))
        let replaced = await Agent(model: Silent(), fallback: BuiltInBrain(), toolbox: toolbox, limits: limits)
            .answer(.ask("привет")) { _ in }
        #expect(replaced.ending == .answered && replaced.model == BuiltInBrain.modelName)
        for (language, words) in [(Language.russian, "Время вышло"), (.english, "Out of time")] {
            let report = await Agent(model: Silent(), fallback: Silent(), toolbox: toolbox, limits: limits)
                .answer(.ask("привет", language)) { _ in }
            #expect(report.ending == .timedOut && !report.success && report.text.contains(words))
        }
    }
}
