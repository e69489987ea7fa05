import ExecutorAPI
import StrictJSON

/// The next step for an intent, from what has been done so far.
struct BrainPlan: Sendable {
    enum Step: Sendable {
        case call(ToolName, [String: JSONValue])
        case say(String)
    }

    let steps: BrainSteps
    let language: Language

    mutating func next(for intent: Intent) -> Step {
        switch intent {
        case .containers: return show(.dockerPs, [:])
        case .containerLogs(let name): return show(.dockerLogs, ["container": .string(name)])
        case .diagnose(let name): return diagnose(name)
        case .disk: return ask(.systemHealth, [:]) { disk($0) }
        case .health: return ask(.systemHealth, [:]) { ToolAnswers.health($0, language) }
        case .help: return .say(help)
        case .logs(let name): return show(.readLogs, ["service": .string(name), "lines": 50])
        case .port(let port): return ask(.checkPort, ["port": JSONValue(port)]) { ToolAnswers.port(port, $0, language) }
        case .restart(let name): return restart(name)
        case .restartContainer(let name): return restartContainer(name)
        case .run(let command): return run(command)
        case .start(let name): return start(name)
        case .status(let name):
            return ask(.checkService, ["service": .string(name)]) { ToolAnswers.service(name, $0, language) }
        case .statuses(let names): return statuses(names)
        case .thanks: return .say(words("Пожалуйста.", "You are welcome."))
        case .unable: return .say("\(unable)\n\(help)")
        case .stop(let name):
            return ask(.runCommand, ["command": .string("systemctl stop \(name)")]) { stopped(name, $0) }
        }
    }

    private func ask(_ tool: ToolName, _ arguments: [String: JSONValue], _ answer: (ToolResult) -> String) -> Step {
        guard let result = steps.result(tool, arguments) else { return .call(tool, arguments) }
        return .say(problem(result) ?? answer(result))
    }

    private func statuses(_ names: [String]) -> Step {
        var lines: [String] = []
        for name in names.prefix(Self.maximumStatuses) {
            let service: [String: JSONValue] = ["service": .string(name)]
            guard let state = steps.result(.checkService, service) else { return .call(.checkService, service) }
            lines.append(problem(state) ?? ToolAnswers.service(name, state, language))
        }
        return .say(lines.joined(separator: "\n"))
    }

    /// A turn of the loop each.
    private static let maximumStatuses = 6

    private func show(_ tool: ToolName, _ arguments: [String: JSONValue]) -> Step {
        ask(tool, arguments) {
            $0.text.isEmpty ? words("Пусто.", "Nothing.") : ToolAnswers.sentence($0.output, language)
        }
    }

    private func words(_ russian: String, _ english: String) -> String { language == .russian ? russian : english }

    private func disk(_ result: ToolResult) -> String {
        let lines = ToolAnswers.disks(result.metadata, language)
        guard !lines.isEmpty else { return result.output }
        return ([words("Место на дисках:", "Disk space:")] + lines).joined(separator: "\n")
    }

    private func problem(_ result: ToolResult) -> String? { ToolAnswers.problem(result, language) }
}

// MARK: - Repairs

extension BrainPlan {
    private func verify(_ name: String, port: Int? = nil) -> [String: JSONValue] {
        let url: [String: JSONValue] = port.map { ["test_url": .string("http://localhost:\($0)")] } ?? [:]
        return url.merging(["service": .string(name)]) { $1 }
    }

    private func restart(_ name: String) -> Step {
        let service: [String: JSONValue] = ["service": .string(name)]
        guard steps.result(.checkService, service) != nil else { return .call(.checkService, service) }
        guard let restarted = steps.result(.restartService, service) else { return .call(.restartService, service) }
        if restarted.refusal != nil { return .say(problem(restarted) ?? "") }
        return finish(name, verify(name), did: words("\(name) перезапущен", "\(name) restarted"), restarted)
    }

    private func start(_ name: String) -> Step {
        let command: [String: JSONValue] = ["command": .string("systemctl start \(name)")]
        guard let started = steps.result(.runCommand, command) else { return .call(.runCommand, command) }
        if started.refusal != nil { return .say(problem(started) ?? "") }
        return finish(name, verify(name), did: words("\(name) запущен", "\(name) started"), started)
    }

    private func stopped(_ name: String, _ result: ToolResult) -> String {
        words("Команда остановки \(name) выполнена.", "The command to stop \(name) was run.")
    }

    private func restartContainer(_ name: String) -> Step {
        ask(.dockerRestart, ["container": .string(name)]) { result in
            words(
                "Контейнер \(name) перезапущен.\n\(result.output)", "Container \(name) was restarted.\n\(result.output)"
            )
        }
    }

    private func run(_ command: String) -> Step {
        ask(.runCommand, ["command": .string(command)]) { result in
            result.output.isEmpty ? words("✅ Выполнено, вывода нет.", "✅ Done, no output.") : result.output
        }
    }

    /// Verifies, then reports: what was done, and what the executor says now.
    private func finish(
        _ name: String, _ check: [String: JSONValue], did: String, _ change: ToolResult, cause: String? = nil
    ) -> Step {
        guard change.success else {
            return .say(
                [
                    cause,
                    "❌ \(name): \(ToolAnswers.sentence(change.error ?? words("не удалось", "failed"), language))",
                    ToolAnswers.sentence(change.output, language),
                ].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "\n"))
        }
        guard let verified = steps.result(.verifyFix, check) else { return .call(.verifyFix, check) }
        let lines = ToolPhrases.verification(ToolCall(.verifyFix, id: "", check), verified, language)
        let isFixed = verified.success && verified.metadata["verified"]?.boolValue ?? true
        let verdict =
            isFixed
            ? words("Проблема решена: \(did), \(name) работает.", "Solved: \(did), \(name) is active.")
            : words(
                "Проблема не решена: проверка \(name) не пройдена.", "Not solved: \(name) did not pass verification.")
        return .say(
            ([cause, isFixed ? "✅ \(did)" : nil].compactMap { $0 } + lines + [verdict]).joined(separator: "\n"))
    }

    /// The plan's dialogue: state, log, who holds the port, stop that, start this, verify.
    private func diagnose(_ name: String) -> Step {
        let service: [String: JSONValue] = ["service": .string(name)]
        let logs: [String: JSONValue] = ["service": .string(name), "lines": 50]
        guard let state = steps.result(.checkService, service) else { return .call(.checkService, service) }
        if state.refusal != nil { return .say(problem(state) ?? "") }
        guard let log = steps.result(.readLogs, logs) else { return .call(.readLogs, logs) }
        let line = ToolPhrases.service(ToolCall(.checkService, id: "", service), state, language)
        if state.metadata["service_active"]?.boolValue == true {
            guard let verified = steps.result(.verifyFix, service) else { return .call(.verifyFix, service) }
            let lines = ToolPhrases.verification(ToolCall(.verifyFix, id: "", service), verified, language)
            let tail = tail(log)
            return .say(
                (lines + [
                    words("\(name) запущен. Последние строки лога:", "\(name) is running. Its last log lines:"), tail,
                ])
                .joined(separator: "\n"))
        }
        guard let (port, evidence) = PortConflict.find(in: log.output + "\n" + state.output) else {
            return startAgain(name, cause: line, log)
        }
        let portArguments: [String: JSONValue] = ["port": JSONValue(port)]
        guard let holders = steps.result(.checkPort, portArguments) else { return .call(.checkPort, portArguments) }
        let listener = (holders.metadata["listeners"]?.arrayValue ?? []).first { PortHolder($0).name != name }
        guard let listener, let other = PortHolder(listener).name else {
            return startAgain(name, cause: "\(line)\n\(evidence)", log, port: port)
        }
        let stop: [String: JSONValue] = ["command": .string("systemctl stop \(other)")]
        let cause =
            "\(line)\n\(evidence)\n"
            + words(
                "Порт \(port) занимал \(PortHolder(listener).text)",
                "Port \(port) was held by \(PortHolder(listener).text)")
        guard let stopped = steps.result(.runCommand, stop) else { return .call(.runCommand, stop) }
        guard stopped.success else { return .say("\(cause)\n\(problem(stopped) ?? "❌")") }
        return startAgain(
            name, cause: cause + words("\n✅ \(other) остановлен", "\n✅ \(other) stopped"), log, port: port,
            stopped: other)
    }

    private func startAgain(_ name: String, cause: String, _ log: ToolResult, port: Int? = nil, stopped: String? = nil)
        -> Step
    {
        let start: [String: JSONValue] = ["command": .string("systemctl start \(name)")]
        guard let started = steps.result(.runCommand, start) else { return .call(.runCommand, start) }
        if started.refusal != nil { return .say("\(cause)\n\(problem(started) ?? "")") }
        let also = stopped.map { words(", \($0) был остановлен", ", \($0) was stopped") } ?? ""
        let context = started.success ? cause : "\(cause)\n\(tail(log))"
        return finish(
            name, verify(name, port: port), did: words("\(name) запущен\(also)", "\(name) started\(also)"), started,
            cause: context)
    }

    private func tail(_ log: ToolResult) -> String {
        ToolAnswers.sentence(log.output, language).split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    private var unable: String {
        words(
            """
            Этого встроенный режим не делает, и ничего не сделано: он не ставит и не обновляет программы, не удаляет файлы, \
            не меняет пользователей и сеть, не делает копий и не перезагружает сервер целиком.
            """,
            """
            The built-in mode does not do that, and nothing was done: it neither installs nor updates programs, deletes no \
            files, changes no users and no network, makes no copies and does not restart the machine as a whole.
            """)
    }

    private var help: String {
        words(
            """
            Я понимаю: «какой статус nginx?», «покажи логи nginx», «nginx не отвечает», «перезапусти nginx», \
            «кто занимает порт 80?», «сколько места на диске?», «состояние системы», «покажи контейнеры», \
            «выполни df -h».
            """,
            """
            I understand: "status of nginx", "show logs of nginx", "nginx is down", "restart nginx", \
            "who holds port 80?", "how much disk space?", "system health", "list containers", "run df -h".
            """)
    }
}
