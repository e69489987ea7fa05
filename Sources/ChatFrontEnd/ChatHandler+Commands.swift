import AgentCore
import AgentMemory
import ExecutorAPI
import Monitoring

/// The commands: a name, and what answers it.
extension ChatHandler {
    private typealias Command = @Sendable (ChatHandler, String, Actor, Words) async throws -> ChatAnswer

    private static let incidentsShown = 10

    private static let commands: [String: Command] = [
        "start": { _, _, _, words in ChatAnswer(words.start) },
        "help": { _, _, _, words in ChatAnswer(words.help) },
        "health": { handler, _, actor, words in try await handler.health(actor, words) },
        "logs": { handler, argument, actor, words in try await handler.logs(argument, actor, words) },
        "status": { handler, _, _, words in try await handler.status(words) },
        "stop": { _, _, _, words in ChatAnswer(words.nothingToStop) },
        "history": { handler, _, _, words in try await handler.history(words) },
    ]

    func command(_ message: ChatMessage, _ words: Words) async throws -> ChatAnswer {
        let parts = message.text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        let name = message.command ?? ""
        guard let command = Self.commands[name] else {
            return ChatAnswer(words.unknownCommand(String(name.prefix(32))), .refused)
        }
        let actor = Actor(userID: String(message.userID), chatID: String(message.chatID))
        return try await command(self, parts.count > 1 ? String(parts[1]) : "", actor, words)
    }

    private func health(_ actor: Actor, _ words: Words) async throws -> ChatAnswer {
        let result = try await executor.health(actor: actor)
        return ChatAnswer(ToolAnswers.health(result, words.language), result.success ? .done : .failed)
    }

    private func logs(_ argument: String, _ actor: Actor, _ words: Words) async throws -> ChatAnswer {
        guard !argument.isEmpty else { return ChatAnswer(words.logsUsage, .refused) }
        let isName =
            argument.utf8.count <= 128 && argument.first != "-"
            && argument.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789._@:-".unicodeScalars.contains($0))
            }
        guard isName else { return ChatAnswer(words.badService, .refused) }
        let result = try await executor.logs(of: argument, actor: actor)
        return ChatAnswer(ToolAnswers.plain(result, words.language), result.success ? .done : .failed)
    }

    private func status(_ words: Words) async throws -> ChatAnswer {
        let report = StatusReport(
            uptime: uptime, model: agent.modelName, executor: await executorState(),
            alerts: try await store.alerts().compactMap { Alert(key: $0.key, json: $0.state) }.filter(\.isPresent),
            quietUntil: try await store.state(ScheduledChecks.quietUntil).flatMap { Int64($0) },
            statistics: try await store.statistics(), now: LocalTime.now(), words: words)
        return ChatAnswer(report.text, report.isWell ? .done : .failed)
    }

    private func executorState() async -> StatusReport.Executor {
        do {
            return .connected(try await executor.status())
        } catch {
            return .away((error as? ToolboxError)?.message ?? "\(error)")
        }
    }

    private func history(_ words: Words) async throws -> ChatAnswer {
        let incidents = try await store.recentIncidents(limit: Self.incidentsShown)
        guard !incidents.isEmpty else { return ChatAnswer(words.noIncidents) }
        let today = LocalTime.now().day
        let lines = incidents.map { words.line(of: $0, today: today) }
        return ChatAnswer(([words.incidentsTitle] + lines).joined(separator: "\n"))
    }
}
