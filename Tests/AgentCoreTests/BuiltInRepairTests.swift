import ExecutorAPI
import StrictJSON
import Testing

@testable import AgentCore

@Suite("The built-in brain's repairs")
struct BuiltInRepairTests {
    /// Asks the brain over a toolbox; its own calls, those of the loop after them.
    private static func ask(
        _ text: String, _ language: Language = .russian, _ answer: @escaping ScriptedToolbox.Answer
    ) async -> (report: AgentReport, calls: [String]) {
        let toolbox = ScriptedToolbox(answer)
        let agent = Agent(model: BuiltInBrain(), fallback: BuiltInBrain(), toolbox: toolbox)
        let report = await agent.answer(.ask(text, language)) { _ in }
        return (report, toolbox.calls.map { $0.name == "run_command" ? $0.argument("command") : $0.name })
    }

    private static let refused = ToolResult.refused(
        Refusal(.protected, rule: "protected/x", message: "x is protected.", alternative: "Read it."))

    private static func state(_ isActive: Bool) -> ToolResult {
        let word = isActive ? "active" : "inactive"
        return .success(
            "nginx: \(word)", metadata: ["service_active": .bool(isActive), "state": .string(word), "sub_state": "x"])
    }

    @Test("of several services that are asked about, each has its line")
    func statuses() async {
        let (report, calls) = await Self.ask("проверь nginx и redis") { call, _ in
            Self.state(call.argument("service") == "nginx")
        }
        #expect(report.text.hasPrefix("✅ nginx: active (x)\n❌ redis: inactive (x)"), "\(report.text)")
        #expect(calls == ["check_service", "check_service"])
    }

    @Test(
        "what names nothing is about the message that it answers; what is forwarded changes nothing",
        arguments: [
            ("почини", "❌ nginx: не работает", false, ["check_service"]),
            ("почини redis:", nil, false, ["check_service"]),
            ("fix it", "❌ nginx is not running", false, ["check_service"]),
            ("перезапусти", "❌ nginx: не работает", false, ["restart_service"]),
            ("перезапусти redis", "❌ nginx: не работает", false, ["restart_service"]),
            ("перезапусти nginx", nil, true, ["check_service"]),
            ("выполни systemctl stop nginx", nil, true, []), ("перезапусти", nil, false, []),
        ] as [(String, String?, Bool, [String])])
    func answered(_ text: String, _ answered: String?, _ isForwarded: Bool, _ calls: [String]) async {
        for language in [Language.russian, .english] {
            let toolbox = ScriptedToolbox { call, _ in
                call.name == "check_service" ? Self.state(true) : .failure("no")
            }
            let agent = Agent(model: BuiltInBrain(), fallback: BuiltInBrain(), toolbox: toolbox)
            var request = AgentRequest.ask(text, language)
            (request.answered, request.isForwarded) = (answered, isForwarded)
            _ = await agent.answer(request) { _ in }
            let called = toolbox.calls.map(\.name)
            #expect(calls.isEmpty ? called.isEmpty : called.contains(calls[0]), "\(text): \(called)")
            #expect(!isForwarded || !called.contains("restart_service"))
            if let service = toolbox.calls.first?.argument("service") {
                #expect(service == (text.contains("redis") ? "redis" : "nginx"))
            }
        }
    }

    @Test(
        "a change that is refused is not tried another way, and the refusal is the answer",
        arguments: [
            ("перезапусти nginx", "restart_service"), ("запусти nginx", "systemctl start nginx"),
            ("останови nginx", "systemctl stop nginx"), ("перезапусти контейнер web", "docker_restart"),
            ("nginx не отвечает", "systemctl start nginx"),
        ])
    func refusedChange(_ text: String, _ change: String) async {
        let (report, calls) = await Self.ask(text) { call, _ in
            switch call.name {
            case "check_service": Self.state(false)
            case "read_logs": .success("nothing of note")
            default: Self.refused
            }
        }
        #expect(calls.last == change && report.text.contains("Запрещено"), "\(calls) \(report.text)")
    }

    @Test("a change that fails is reported with its reason, and is not called verified")
    func failedChange() async {
        for (text, language) in [("запусти nginx", Language.russian), ("start nginx", .english)] {
            let (report, _) = await Self.ask(text, language) { call, _ in
                call.name == "run_command" ? .failure("exit 1", output: "no such file") : .verified(false)
            }
            #expect(report.text.contains("❌ nginx: exit 1\nno such file") && !report.text.contains("✅"))
        }
    }

    @Test(
        "a change that was made is verified, and the answer says what the executor found",
        arguments: [
            ("перезапусти nginx", Language.russian, true, "Проблема решена: nginx перезапущен, nginx работает."),
            ("restart nginx", .english, true, "Solved: nginx restarted, nginx is active."),
            ("запусти nginx", .russian, false, "Проблема не решена: проверка nginx не пройдена."),
            ("start nginx", .english, false, "Not solved: nginx did not pass verification."),
        ])
    func verifiedChange(_ text: String, _ language: Language, _ isGood: Bool, _ verdict: String) async {
        let (report, calls) = await Self.ask(text, language) { call, _ in
            switch call.name {
            case "check_service": Self.state(false)
            case "verify_fix": .verified(isGood)
            default: .success("done", metadata: ["effect": "change"])
            }
        }
        #expect(report.text.contains(verdict) && calls.contains("verify_fix"), "\(calls) \(report.text)")
        #expect(report.success == isGood)
    }

    @Test("a service that is said not to answer, and runs, is verified and shown with its last lines")
    func runningAlready() async {
        let (report, calls) = await Self.ask("nginx не отвечает") { call, _ in
            switch call.name {
            case "read_logs": .success((1...9).map { "line \($0)" }.joined(separator: "\n"))
            case "verify_fix": .verified(true)
            default: Self.state(true)
            }
        }
        #expect(calls == ["check_service", "read_logs", "verify_fix"])
        #expect(report.text.contains("line 9") && !report.text.contains("line 4"))
    }

    @Test("a port that nobody else holds stops nothing: the service is started again")
    func portIsFree() async {
        let (_, calls) = await Self.ask("nginx не отвечает") { call, _ in
            switch call.name {
            case "check_service": Self.state(false)
            case "read_logs": .success("bind() to 0.0.0.0:80 failed (98: Address already in use)")
            case "check_port": .success("free", metadata: ["listeners": []])
            case "verify_fix": .verified(true)
            default: .success("", metadata: ["effect": "change"])
            }
        }
        #expect(calls == ["check_service", "read_logs", "check_port", "systemctl start nginx", "verify_fix"])
    }

    @Test("stopping, containers and commands are answered in the language of the question")
    func others() async {
        let texts: [(String, Language, String)] = [
            ("останови nginx", .russian, "Команда остановки nginx выполнена."),
            ("stop nginx", .english, "The command to stop nginx was run."),
            ("перезапусти контейнер web", .russian, "Контейнер web перезапущен."),
            ("restart container web", .english, "Container web was restarted."),
            ("выполни uptime", .russian, "✅ Выполнено, вывода нет."), ("run uptime", .english, "✅ Done, no output."),
        ]
        for (text, language, words) in texts {
            let (report, _) = await Self.ask(text, language) { call, _ in
                switch call.name {
                case "check_service": Self.state(false)
                case "docker_ps": .success("web", metadata: ["containers": [["name": "web", "state": "running"]]])
                default: .success(call.name == "docker_restart" ? "web" : "")
                }
            }
            #expect(report.text.contains(words), "\(report.text)")
        }
    }
}
