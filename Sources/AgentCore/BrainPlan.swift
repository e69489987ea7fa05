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
        case .health: return ask(.systemHealth, [:]) { health($0) }
        case .help: return .say(help)
        case .logs(let name): return show(.readLogs, ["service": .string(name), "lines": 50])
        case .port(let port): return ask(.checkPort, ["port": JSONValue(port)]) { holders(of: port, $0) }
        case .restart(let name): return restart(name)
        case .restartContainer(let name): return restartContainer(name)
        case .run(let command): return run(command)
        case .start(let name): return start(name)
        case .status(let name): return ask(.checkService, ["service": .string(name)]) { status(name, $0) }
        case .stop(let name):
            return ask(.runCommand, ["command": .string("systemctl stop \(name)")]) { stopped(name, $0) }
        }
    }

    private func ask(_ tool: ToolName, _ arguments: [String: JSONValue], _ answer: (ToolResult) -> String) -> Step {
        guard let result = steps.result(tool, arguments) else { return .call(tool, arguments) }
        return .say(problem(result) ?? answer(result))
    }

    private func show(_ tool: ToolName, _ arguments: [String: JSONValue]) -> Step {
        ask(tool, arguments) { $0.text.isEmpty ? words("Пусто.", "Nothing.") : $0.output }
    }

    private func words(_ russian: String, _ english: String) -> String { language == .russian ? russian : english }

    /// A refusal, or a failure that has nothing to show.
    private func problem(_ result: ToolResult) -> String? {
        if let refusal = result.refusal { return Self.refused(refusal, language) }
        guard !result.success, result.metadata["service_active"] == nil else { return nil }
        return ["❌ \(result.error ?? words("не удалось", "failed"))", result.output].filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    static func refused(_ refusal: Refusal, _ language: Language) -> String {
        guard language == .russian else {
            return [
                "❌ Refused: \(refusal.message)", refusal.rule.map { "Rule: \($0)" },
                "What would be accepted: \(refusal.alternative)",
            ].compactMap { $0 }.joined(separator: "\n")
        }
        let reason =
            switch refusal.code {
            case .blocked: "такие команды заблокированы всегда"
            case .protected: "эта цель защищена"
            case .notAllowed: "такого нет в списке разрешённого"
            case .malformed: "это не одна простая команда"
            case .approvalRequired: "нужно подтверждение оператора"
            case .approvalInvalid: "подтверждение недействительно"
            case .invalidArguments: "неверные параметры"
            case .policyInvalid: "файл политики не принят, поэтому запрещено всё"
            case .auditUnavailable: "журнал аудита недоступен для записи"
            case .cannotUndo: "это нельзя вернуть"
            case .limit: "превышен предел"
            case .stopping: "исполнитель останавливается"
            case .unknown: "так решила политика"
            }
        return [
            "❌ Запрещено: \(reason). \(refusal.message)", refusal.rule.map { "Правило: \($0)" },
            "Что допустимо: \(refusal.alternative)",
        ].compactMap { $0 }.joined(separator: "\n")
    }

    private func disk(_ result: ToolResult) -> String {
        let disks = result.metadata["disks"]?.arrayValue ?? []
        guard !disks.isEmpty else { return result.output }
        let lines = disks.map { disk -> String in
            let percent = disk["used_percent"]?.doubleValue.map { Int($0.rounded()) } ?? 0
            let (free, size) = (Self.bytes(disk["free_bytes"]), Self.bytes(disk["size_bytes"]))
            let mount = disk["mount"]?.stringValue ?? "?"
            return "\(percent >= 90 ? "❌" : "✅") \(mount): "
                + words("занято \(percent)%, свободно \(free) из \(size)", "\(percent)% used, \(free) of \(size) free")
        }
        return ([words("Место на дисках:", "Disk space:")] + lines).joined(separator: "\n")
    }

    private static func bytes(_ value: JSONValue?) -> String {
        var (amount, unit) = (value?.doubleValue ?? 0, 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while amount >= 1024, unit < units.count - 1 { (amount, unit) = (amount / 1024, unit + 1) }
        return "\((amount * 10).rounded() / 10) \(units[unit])"
    }

    private func health(_ result: ToolResult) -> String {
        let findings = (result.metadata["findings"]?.arrayValue ?? []).compactMap { finding -> String? in
            finding["text"]?.stringValue.map { (finding["grade"]?.stringValue == "critical" ? "❌ " : "⚠️ ") + $0 }
        }
        let verdict = findings.isEmpty ? [words("✅ Всё в порядке.", "✅ All is well.")] : findings
        return (verdict + [result.output]).joined(separator: "\n")
    }

    private func status(_ name: String, _ result: ToolResult) -> String {
        let call = ToolCall(.checkService, id: "", ["service": .string(name)])
        return [ToolPhrases.service(call, result, language), result.output].filter { !$0.isEmpty }.joined(
            separator: "\n")
    }

    private func holders(of port: Int, _ result: ToolResult) -> String {
        let listeners = result.metadata["listeners"]?.arrayValue ?? []
        guard !listeners.isEmpty else {
            return words("Порт \(port) свободен: его никто не занимает.", "Port \(port) is free: nobody listens on it.")
        }
        return
            (listeners.map { Self.holder($0).text }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } })
            .map { words("Порт \(port) занимает \($0)", "Port \(port) is held by \($0)") }.joined(separator: "\n")
    }

    /// A listener's service name (its unit, else its program), and as a person reads it.
    private static func holder(_ listener: JSONValue) -> (name: String?, text: String) {
        let unit = listener["unit"]?.stringValue.flatMap { $0.hasSuffix(".service") ? ChangeTarget.name($0) : nil }
        let program = listener["program"]?.stringValue
        let pid = listener["pid"]?.intValue.map { " (pid \($0))" } ?? ""
        return (unit ?? program, "\(program ?? unit ?? "?")\(pid)")
    }
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
                [cause, "❌ \(name): \(change.error ?? words("не удалось", "failed"))", change.output].compactMap { $0 }
                    .filter { !$0.isEmpty }.joined(separator: "\n"))
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
            let tail = Self.tail(log.output)
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
        let listener = (holders.metadata["listeners"]?.arrayValue ?? []).first { Self.holder($0).name != name }
        guard let listener, let other = Self.holder(listener).name else {
            return startAgain(name, cause: "\(line)\n\(evidence)", log, port: port)
        }
        let stop: [String: JSONValue] = ["command": .string("systemctl stop \(other)")]
        let cause =
            "\(line)\n\(evidence)\n"
            + words(
                "Порт \(port) занимал \(Self.holder(listener).text)",
                "Port \(port) was held by \(Self.holder(listener).text)")
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
        let context = started.success ? cause : "\(cause)\n\(Self.tail(log.output))"
        return finish(
            name, verify(name, port: port), did: words("\(name) запущен\(also)", "\(name) started\(also)"), started,
            cause: context)
    }

    private static func tail(_ text: String) -> String { text.split(separator: "\n").suffix(5).joined(separator: "\n") }

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
