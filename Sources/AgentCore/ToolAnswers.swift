package import ExecutorAPI
import StrictJSON

/// What a tool answered, in the person's language: sentences from what it says to programs; what it quotes (log lines,
/// a command's output, a sentence nobody here knows) as it is.
package enum ToolAnswers {
    /// `system_health`.
    package static func health(_ result: ToolResult, _ language: Language) -> String {
        if let problem = problem(result, language) { return problem }
        let findings = HealthFinding.all(in: result.metadata).map { "\($0.grade.mark) \($0.sentence(language))" }
        let well = language == .russian ? "✅ Всё в порядке." : "✅ All is well."
        let verdict = findings.isEmpty ? [well] : findings
        guard language == .russian, result.metadata["memory"] != nil else {
            return (verdict + [result.output]).joined(separator: "\n")
        }
        return (verdict + disks(result.metadata, language) + figures(result.metadata)).joined(separator: "\n")
    }

    private static let fullPercent = 90
    /// File systems that are no disk: worth a word only where they are nearly full.
    private static let inMemory: Set<String> = ["tmpfs", "ramfs"]

    /// A line for each disk.
    static func disks(_ metadata: [String: JSONValue], _ language: Language) -> [String] {
        (metadata["disks"]?.arrayValue ?? []).compactMap { disk in
            let percent = disk["used_percent"]?.doubleValue.map { Int($0.rounded()) } ?? 0
            guard percent >= fullPercent || !inMemory.contains(disk["type"]?.stringValue ?? "") else { return nil }
            let (free, size) = (bytes(disk["free_bytes"]), bytes(disk["size_bytes"]))
            let said =
                language == .russian
                ? "занято \(percent)%, свободно \(free) из \(size)" : "\(percent)% used, \(free) of \(size) free"
            return "\(percent >= fullPercent ? "❌" : "✅") \(disk["mount"]?.stringValue ?? "?"): \(said)"
        }
    }

    private static func figures(_ metadata: [String: JSONValue]) -> [String] {
        let (memory, load) = (metadata["memory"], metadata["load"])
        let average = (load?["average"]?.arrayValue ?? []).compactMap(\.doubleValue).map(hundredths)
        let seconds = metadata["uptime_seconds"]?.intValue
        return [
            "Память: доступно \(bytes(memory?["available_bytes"])) из \(bytes(memory?["total_bytes"]))",
            processes(metadata["largest"], "Больше всего памяти") { bytes($0["resident_bytes"]) },
            processes(metadata["busiest"], "Больше всего процессора") {
                "\(Int($0["cpu_percent"]?.doubleValue ?? 0))%"
            },
            average.isEmpty
                ? nil : "Нагрузка: \(average.joined(separator: " ")), ядер: \(load?["cores"]?.intValue ?? 1)",
            seconds.map { "Работает без перезагрузки: \($0 >= 86400 ? "\($0 / 86400) д " : "")\($0 % 86400 / 3600) ч" },
        ].compactMap { $0 }
    }

    /// The first of a list of processes, in one line.
    private static func processes(_ list: JSONValue?, _ title: String, _ figure: (JSONValue) -> String) -> String? {
        let shown = (list?.arrayValue ?? []).prefix(3).map { "\($0["name"]?.stringValue ?? "?") \(figure($0))" }
        return shown.isEmpty ? nil : "\(title): \(shown.joined(separator: ", "))"
    }

    /// `check_service`.
    package static func service(_ name: String, _ result: ToolResult, _ language: Language) -> String {
        if result.refusal != nil { return refused(result, language) }
        let call = ToolCall(.checkService, id: "", ["service": .string(name)])
        let head = ToolPhrases.service(call, result, language)
        let rest = language == .russian ? serviceDetails(result.metadata) : []
        // The tool's first line is the state, which the head says.
        let lines = result.output.split(separator: "\n").dropFirst().map(String.init)
        if rest.isEmpty, result.success {
            return ([head] + lines.map { sentence($0, language) }).joined(separator: "\n")
        }
        let keeper = lines.filter { line in RussianSentences.aboutKeepers.contains { line.hasPrefix($0) } }
        return ([head] + keeper.map { sentence($0, language) } + rest).joined(separator: "\n")
    }

    /// The first line of ``service(_:_:_:)``.
    package static func serviceState(_ name: String, _ result: ToolResult, _ language: Language) -> String {
        result.refusal.map { "❌ \(name): \($0.message)" }
            ?? ToolPhrases.service(ToolCall(.checkService, id: "", ["service": .string(name)]), result, language)
    }

    private static func serviceDetails(_ metadata: [String: JSONValue]) -> [String] {
        let ports = (metadata["ports"]?.arrayValue ?? []).compactMap(\.intValue).map { "\($0)" }
        let errors = (metadata["errors"]?.arrayValue ?? []).compactMap(\.stringValue).map { "  \($0)" }
        let restarts = metadata["restarts"]?.intValue ?? 0
        return [
            metadata["since"]?.stringValue.map { "С какого времени: \($0)" },
            metadata["exit"]?.stringValue.map { "Последнее завершение: \($0)" },
            metadata["memory_bytes"]?.intValue == nil ? nil : "Память: \(bytes(metadata["memory_bytes"]))",
            restarts > 0 ? "Перезапусков systemd: \(restarts)" : nil,
            metadata["load_state"] == "masked" ? "Юнит замаскирован: его ничто не запустит." : nil,
            metadata["needs_daemon_reload"] == true
                ? "Файл юнита изменился: нужен systemctl daemon-reload." : nil,
            ports.isEmpty ? nil : "Слушает порты: \(ports.joined(separator: ", "))",
            errors.isEmpty ? nil : "Последние ошибки в логе:",
        ].compactMap { $0 } + errors
    }

    /// `check_port`.
    static func port(_ port: Int, _ result: ToolResult, _ language: Language) -> String {
        let listeners = result.metadata["listeners"]?.arrayValue ?? []
        let russian = language == .russian
        guard !listeners.isEmpty else {
            return russian
                ? "Порт \(port) свободен: его никто не занимает." : "Port \(port) is free: nobody listens on it."
        }
        let holders = listeners.map { PortHolder($0).text }.reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        return holders.map { russian ? "Порт \(port) занимает \($0)" : "Port \(port) is held by \($0)" }
            .joined(separator: "\n")
    }

    /// A refusal, or a failure that has nothing of its own to show; `nil` for what went well.
    package static func problem(_ result: ToolResult, _ language: Language) -> String? {
        if result.refusal != nil { return refused(result, language) }
        guard !result.success, result.metadata["service_active"] == nil else { return nil }
        let failed = language == .russian ? "не удалось" : "failed"
        return ["❌ \(sentence(result.error ?? failed, language))", result.output].filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    /// Anything else: its text, or what is wrong with it.
    package static func plain(_ result: ToolResult, _ language: Language) -> String {
        problem(result, language) ?? sentence(result.output, language)
    }

    /// The tool's own sentence in the person's language, where it is known in it.
    static func sentence(_ text: String, _ language: Language) -> String {
        language == .russian ? RussianSentences.answer(text) : text
    }

    // MARK: Figures

    static func bytes(_ value: JSONValue?) -> String {
        var (amount, unit) = (value?.doubleValue ?? 0, 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while amount >= 1024, unit < units.count - 1 { (amount, unit) = (amount / 1024, unit + 1) }
        return "\((amount * 10).rounded() / 10) \(units[unit])"
    }

    private static func hundredths(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}

// MARK: Refusals

extension ToolAnswers {
    private static func refused(_ result: ToolResult, _ language: Language) -> String {
        result.refusal.map { refused($0, language) } ?? ""
    }

    /// What was refused, by which rule, and what would be accepted.
    package static func refused(_ refusal: Refusal, _ language: Language) -> String {
        guard language == .russian else {
            return [
                "❌ Refused: \(refusal.message)", refusal.rule.map { "Rule: \($0)" },
                "What would be accepted: \(refusal.alternative)",
            ].compactMap { $0 }.joined(separator: "\n")
        }
        return [
            "❌ Запрещено: \(reason(refusal.code)).",
            RussianSentences.translate(refusal.message) ?? "Исполнитель: «\(refusal.message)»",
            refusal.rule.map { "Правило: \($0)" },
            "Что допустимо: \(RussianSentences.translate(refusal.alternative) ?? "«\(refusal.alternative)»")",
        ].compactMap { $0 }.joined(separator: "\n")
    }

    static func reason(_ code: Refusal.Code) -> String {
        switch code {
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
    }
}

/// Who listens on a port.
struct PortHolder {
    /// The service's name: its unit, else its program.
    let name: String?
    /// As a person reads it.
    let text: String

    init(_ listener: JSONValue) {
        let unit = listener["unit"]?.stringValue.flatMap { $0.hasSuffix(".service") ? ChangeTarget.name($0) : nil }
        let program = listener["program"]?.stringValue
        let pid = listener["pid"]?.intValue.map { " (pid \($0))" } ?? ""
        (name, text) = (unit ?? program, "\(program ?? unit ?? "?")\(pid)")
    }
}
