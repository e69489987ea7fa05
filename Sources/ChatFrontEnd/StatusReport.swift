import AgentCore
import AgentMemory
import Foundation
import Monitoring
import StrictJSON

/// What `/status` says: whether the two daemons work, what is wrong now, and what happened last.
struct StatusReport: Sendable {
    enum Executor: Sendable {
        case connected(JSONValue)
        case away(String)
    }

    private static let alertsShown = 5

    var uptime: Duration
    var model: String
    var executor: Executor
    /// What is wrong now, as far as the last check saw.
    var alerts: [Alert]
    /// Until then alerts are held back; milliseconds since 1970.
    var quietUntil: Int64?
    var statistics: StoreStatistics
    var now: LocalTime
    var words: Words

    /// Whether both daemons do what they are there for.
    var isWell: Bool {
        guard case .connected(let status) = executor else { return false }
        return words.faults(ofExecutor: status).isEmpty
    }

    var text: String {
        let known = [words.agentWorks(for: uptime, model: model)] + executorLines + alertLines
        return (known + [quietLine, incidentLine, waitingLine].compactMap { $0 }).joined(separator: "\n")
    }

    private var executorLines: [String] {
        switch executor {
        case .away(let reason): return [words.executorAway(reason)]
        case .connected(let status):
            let faults = words.faults(ofExecutor: status).map { "❌ \($0.text)" }
            guard faults.isEmpty else { return faults }
            return [words.executorWorks(for: .seconds(status["uptime_s"]?.intValue ?? 0))]
        }
    }

    private var alertLines: [String] {
        guard !alerts.isEmpty else { return [] }
        let worst = alerts.sorted { $0.grade > $1.grade }
        let rest = worst.count - Self.alertsShown
        return [words.wrongNow] + worst.prefix(Self.alertsShown).map { "\($0.grade.mark) \($0.text)" }
            + (rest > 0 ? [words.more(rest)] : [])
    }

    private var quietLine: String? {
        quietUntil.flatMap { $0 > now.instant ? words.quietUntil(LocalTime.clock($0)) : nil }
    }

    private var incidentLine: String {
        guard let last = statistics.lastIncident else { return words.noIncidents }
        return words.incidentCount(
            statistics.incidents, successful: statistics.successfulIncidents,
            last: LocalTime(last).shown(today: now.day))
    }

    /// The question for the status itself is one of those that wait.
    private var waitingLine: String? {
        let others = max(0, statistics.pendingUpdates - 1)
        return others + statistics.pendingOutgoing > 0
            ? words.waiting(questions: others, messages: statistics.pendingOutgoing) : nil
    }
}

extension Words {
    func agentWorks(for uptime: Duration, model: String) -> String {
        let brain = model == BuiltInBrain.modelName ? pick("встроенный режим, без ИИ", "built-in mode, no AI") : model
        return pick(
            "✅ Агент: работает \(length(uptime)), отвечает \(brain)",
            "✅ Agent: running for \(length(uptime)), answers by \(brain)")
    }
    func executorWorks(for uptime: Duration) -> String {
        pick(
            "✅ Исполнитель: на связи, работает \(length(uptime))",
            "✅ Executor: connected, running for \(length(uptime))")
    }
    var wrongNow: String { pick("Сейчас не в порядке:", "Wrong at the moment:") }
    func incidentCount(_ count: Int, successful: Int, last: String) -> String {
        pick(
            "Инцидентов: \(count), успешных: \(successful), последний: \(last)",
            "Incidents: \(count), successful: \(successful), last: \(last)")
    }
    func waiting(questions: Int, messages: Int) -> String {
        pick(
            "Ещё ждут ответа: \(questions), отправки: \(messages)",
            "Also waiting for an answer: \(questions), to be sent: \(messages)")
    }

    // MARK: History

    /// When it was, how long it took, what was asked, and how the answer ended.
    func line(of incident: StoredIncident, today: String) -> String {
        let time = LocalTime(incident.time).shown(today: today)
        let head = "\(incident.success ? "✅" : "❌") \(time) (\(length(incident.duration))) "
        // The last lines say how it is now; a line in brackets is who answered.
        let lines = incident.resolution.split(separator: "\n").filter { !$0.hasPrefix("(") }.suffix(2)
        return ([head + Self.cut(incident.query)] + lines.map { "   \(Self.cut(String($0)))" }).joined(separator: "\n")
    }

    private static func cut(_ text: String) -> String {
        let line = text.split(separator: "\n").joined(separator: " ")
        return line.count > 120 ? line.prefix(119) + "…" : line
    }
}

extension LocalTime {
    /// `02:47` on the day that is today, else `2026-01-31 02:47`.
    func shown(today: String) -> String { day == today ? Self.clock(instant) : "\(day) \(Self.clock(instant))" }
}
