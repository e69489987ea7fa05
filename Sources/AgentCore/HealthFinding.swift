package import StrictJSON

/// One thing that `system_health` found, as the chat says it and as an alert knows it again.
package struct HealthFinding: Sendable, Hashable {
    package enum Grade: String, Sendable, Hashable, Comparable, CaseIterable {
        case warning = "warn"
        case critical

        package static func < (left: Grade, right: Grade) -> Bool { left == .warning && right == .critical }
        package var mark: String { self == .critical ? "❌" : "⚠️" }
    }

    package var grade: Grade
    /// Which check it is of, such as `disk_percent`.
    package var code: String
    /// What it is about, such as a mount point; `nil` for the machine.
    package var subject: String?
    package var value: Double?
    package var threshold: Double?
    /// The executor's own sentence, in English.
    package var text: String
    /// Of a thing that can happen again while it lasts (processes killed for lack of memory): how often so far, else 0.
    package var count = 0
    /// What the answer says beside the findings, and its sentence needs.
    private var detail: String?

    /// The same for the same thing whatever its figures, such as `disk_percent /`.
    package var key: String { subject.map { "\(code) \($0)" } ?? code }

    /// All findings of an answer, the worst first, as the executor orders them.
    package static func all(in metadata: [String: JSONValue]) -> [HealthFinding] {
        (metadata["findings"]?.arrayValue ?? []).compactMap { HealthFinding(json: $0, in: metadata) }
    }

    /// - Parameters:
    ///   - json: `{grade, code, subject, value, threshold, text}`; `nil` where it is no finding, or one that says that
    ///     all is well.
    ///   - metadata: The answer it stands in.
    package init?(json: JSONValue, in metadata: [String: JSONValue] = [:]) {
        guard let text = json["text"]?.stringValue, let code = json["code"]?.stringValue,
            let grade = json["grade"]?.stringValue.flatMap(Grade.init)
        else { return nil }
        (self.grade, self.code, self.text) = (grade, code, text)
        (subject, value) = (json["subject"]?.stringValue, json["value"]?.doubleValue)
        threshold = json["threshold"]?.doubleValue
        switch code {
        case "oom_kill": count = metadata["oom_kills"]?.intValue ?? Int(value ?? 0)
        case "failed_units":
            detail = metadata["failed_units"]?.arrayValue?.prefix(10).compactMap(\.stringValue).joined(separator: ", ")
        case "disk_percent":
            let disk = metadata["disks"]?.arrayValue?.first { $0["mount"]?.stringValue == subject }
            detail = disk.map { ToolAnswers.bytes($0["free_bytes"]) }
        default: break
        }
    }

    /// In Russian where the check is known, else the executor's words.
    package func sentence(_ language: Language) -> String { language == .russian ? russian ?? text : text }
}

extension HealthFinding {
    private var russian: String? {
        let (place, figure) = (subject ?? "", Self.number(value))
        switch code {
        case "disk_percent":
            return "диск \(place) заполнен на \(figure)%" + (detail.map { ", свободно \($0)" } ?? "") + limit("%")
        case "inodes_percent":
            return "на диске \(place) занято \(figure)% inode: новые файлы не создать, хотя место есть" + limit("%")
        case "read_only" where grade == .critical:
            return "диск \(place) переведён ядром в режим «только чтение», как после ошибки диска"
        case "read_only": return "диск \(place) смонтирован только для чтения"
        case "memory_available_percent": return "доступно лишь \(figure)% памяти" + limit("%")
        case "swap_percent": return "подкачка занята на \(figure)%" + limit("%")
        case "oom_kill":
            return "ядро завершило процессов из-за нехватки памяти (OOM): \(figure), "
                + (grade == .critical ? "с прошлой проверки" : "с загрузки")
        case "load_per_core": return "нагрузка на ядро за пять минут \(figure)" + limit()
        case "pressure_percent":
            let names = ["cpu": "процессор", "memory": "память", "io": "диски"]
            return "задачи ждали \(names[place] ?? place) \(figure)% времени за последние десять секунд" + limit("%")
        case "zombies": return "процессов-зомби, которых не забирают родители: \(figure)" + limit()
        case "blocked_processes":
            return "процессов, заблокированных в ядре (состояние D), как когда не отвечает диск: \(figure)" + limit()
        case "open_files_percent": return "открыто \(figure)% возможных файлов" + limit("%")
        case "process_files_percent": return "\(place): открыто \(figure)% дозволенных файлов" + limit("%")
        case "connections_percent": return "занято \(figure)% таблицы соединений (conntrack)" + limit("%")
        case "ephemeral_ports_percent": return "занято \(figure)% портов для исходящих соединений" + limit("%")
        case "failed_units": return "юнитов с ошибкой: \(figure)" + (detail.map { " (\($0))" } ?? "")
        case "unit_restarts": return "\(place) перезапускается снова и снова: раз — \(figure)" + limit()
        case "clock": return "часы не синхронизированы с сервером времени"
        case "certificate_days": return certificate(place)
        case "reboot": return "нужна перезагрузка: установлены обновления"
        case "temperature_celsius": return "\(place): \(figure) °C" + limit(" °C")
        default: return nil
        }
    }

    private func certificate(_ file: String) -> String {
        guard let days = value else { return "сертификат \(file) не прочитать" }
        return days < 0
            ? "сертификат \(file) истёк, дней назад: \(Self.number(-days))"
            : "сертификат \(file) истекает, дней осталось: \(Self.number(days))" + limit()
    }

    private func limit(_ unit: String = "") -> String {
        threshold == nil ? "" : " (порог \(Self.number(threshold))\(unit))"
    }

    /// At most one digit behind the point, and none for a whole number.
    private static func number(_ value: Double?) -> String {
        guard let value, value.isFinite, abs(value) < 1e15 else { return "?" }
        let tenths = (value * 10).rounded() / 10
        return Int(exactly: tenths).map { String($0) } ?? "\(tenths)"
    }
}
