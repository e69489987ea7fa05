import ExecutorAPI
import StrictJSON

/// What a person is shown of the tools: a phrase when one starts, a line with ✅ or ❌ for a state that was found.
package enum ToolPhrases {
    /// «Проверяю статус nginx…»
    package static func progress(_ call: ToolCall, _ language: Language) -> String {
        let service = ChangeTarget.name(call.argument("service"))
        let container = call.argument("container")
        let russian = language == .russian
        switch ToolName(rawValue: call.name) {
        case .checkPort:
            let port = call.arguments["port"]?.intValue ?? 0
            return russian ? "Проверяю, что занимает порт \(port)…" : "Checking what holds port \(port)…"
        case .checkService: return russian ? "Проверяю статус \(service)…" : "Checking the status of \(service)…"
        case .dockerLogs: return russian ? "Читаю логи контейнера \(container)…" : "Reading the log of \(container)…"
        case .dockerPs: return russian ? "Смотрю контейнеры…" : "Looking at the containers…"
        case .dockerRestart:
            return russian ? "Перезапускаю контейнер \(container)…" : "Restarting container \(container)…"
        case .readLogs: return russian ? "Читаю логи \(service)…" : "Reading the logs of \(service)…"
        case .restartService: return russian ? "Перезапускаю \(service)…" : "Restarting \(service)…"
        case .runCommand: return command(call.argument("command"), language)
        case .systemHealth: return russian ? "Смотрю состояние системы…" : "Looking at the system's health…"
        case .verifyFix: return russian ? "Верифицирую \(service)…" : "Verifying \(service)…"
        case nil: return russian ? "Вызываю \(call.name)…" : "Calling \(call.name)…"
        }
    }

    /// What `verify_fix` found: the service, then the probe, each as the executor returned it.
    static func verification(_ call: ToolCall, _ result: ToolResult, _ language: Language) -> [String] {
        let name = ChangeTarget.name(call.argument("service"))
        let isVerified = result.success && result.metadata["verified"]?.boolValue ?? true
        var lines: [String] = []
        if let isActive = result.metadata["service_active"]?.boolValue {
            let state = words(result.metadata) ?? (isActive ? "active" : "inactive")
            lines.append("\(isActive ? "✅" : "❌") \(name): \(state)")
        }
        if let status = result.metadata["http_status"]?.intValue {
            let url = call.argument("test_url")
            let shown = url.hasPrefix("http://") ? String(url.dropFirst(7)) : url
            let isGood = (200..<400).contains(status)
            lines.append("\(isGood ? "✅" : "❌") curl \(shown) → \(status)\(status == 200 ? " OK" : "")")
        }
        if isVerified, lines.isEmpty { lines.append("✅ \(name): \(firstLine(result.output, "verified"))") }
        if !isVerified, !lines.contains(where: { $0.hasPrefix("❌") }) {
            let prefix = language == .russian ? "проверка не пройдена" : "not verified"
            lines.append("❌ \(name): \(prefix): \(firstLine(result.error ?? result.output, ""))")
        }
        return lines
    }

    static func service(_ call: ToolCall, _ result: ToolResult, _ language: Language) -> String {
        let name = ChangeTarget.name(call.argument("service"))
        let active = result.metadata["service_active"]?.boolValue
        guard let state = words(result.metadata), active != nil else {
            let unknown = language == .russian ? "состояние неизвестно" : "state unknown"
            return ["⚠️ \(name): \(unknown)", result.error].compactMap { $0 }.joined(separator: ". ")
        }
        let pid = result.metadata["pid"]?.intValue.map { ", pid \($0)" } ?? ""
        return "\(active == true ? "✅" : "❌") \(name): \(state)\(pid)"
    }

    /// `active (running)`
    private static func words(_ metadata: [String: JSONValue]) -> String? {
        guard let state = metadata["state"]?.stringValue else { return nil }
        return state + (metadata["sub_state"]?.stringValue.map { " (\($0))" } ?? "")
    }

    private static func command(_ line: String, _ language: Language) -> String {
        let words = line.split(separator: " ").map(String.init)
        let russian = language == .russian
        if words.count == 3, words[0] == "systemctl" {
            let name = ChangeTarget.name(words[2])
            switch words[1] {
            case "start": return russian ? "Запускаю \(name)…" : "Starting \(name)…"
            case "stop": return russian ? "Останавливаю \(name)…" : "Stopping \(name)…"
            case "restart": return russian ? "Перезапускаю \(name)…" : "Restarting \(name)…"
            case "status": return russian ? "Проверяю статус \(name)…" : "Checking the status of \(name)…"
            default: break
            }
        }
        return russian ? "Выполняю: \(line)" : "Running: \(line)"
    }

    private static func firstLine(_ text: String, _ fallback: String) -> String {
        let line = text.split(separator: "\n").first.map(String.init) ?? fallback
        return line.count > 300 ? line.prefix(300) + "…" : line
    }
}
