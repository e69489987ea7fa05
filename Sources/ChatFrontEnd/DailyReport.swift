import AgentCore
import AgentMemory
import ExecutorAPI
import StrictJSON

/// What the bot says of itself once a day: how the machine is, what happened, and where the audit log stands. The chat
/// keeps the log's head, so whoever rewrites the log has the chat against them.
struct DailyReport: Sendable {
    private static let incidentsShown = 5

    /// `nil` where the executor was away.
    var health: ToolResult?
    var services: [String]
    var status: JSONValue?
    /// Of the last day, newest first.
    var incidents: [StoredIncident]
    var words: Words

    var text: String {
        let state = health.map { ToolAnswers.health($0, words.language) } ?? words.executorIsAway("")
        return ([words.reportTitle, state] + services + incidentLines + auditLines).joined(separator: "\n")
    }

    private var incidentLines: [String] {
        guard !incidents.isEmpty else { return [words.noIncidentsToday] }
        let title = words.incidentsToday(incidents.count, successful: incidents.count { $0.success })
        return [title]
            + incidents.prefix(Self.incidentsShown).map { "\($0.success ? "✅" : "❌") \($0.query.prefix(100))" }
    }

    private var auditLines: [String] {
        guard let audit = status?["audit"], let head = audit["head"]?.stringValue, let number = audit["seq"]?.intValue
        else { return [words.auditHeadUnknown] }
        return [words.auditHead(number, head)]
    }
}
