package import AgentCore
package import AgentMemory
import ExecutorAPI
package import Logging
import StrictJSON

/// Who may use the chat.
package enum Audience: Sendable, Hashable {
    case users(Set<Int64>)
    /// Whoever sits at this terminal is root's choice already.
    case everyone

    func includes(_ userID: Int64) -> Bool {
        switch self {
        case .users(let ids): ids.contains(userID)
        case .everyone: true
        }
    }
}

/// What becomes of a message before anything is done for it.
package enum Admission: Sendable, Equatable {
    case admitted
    /// Too many messages: said once.
    case refused(String)
    /// A stranger, or one more of too many: no answer.
    case silent
}

/// Turns what a person wrote into an answer; the same for every front end.
package actor ChatHandler {
    /// Strangers noted to the audit log in an hour, all together: a flood of them must not fill it.
    private static let strangerNotesPerHour = 20
    private static let similarIncidents = 3
    /// Of a stranger's text: no note is so long, in bytes, that the executor would not take it.
    private static let notedScalars = 200

    let agent: any Answering
    let store: AgentStore
    let executor: any ExecutorGateway
    let logger: Logger
    private let audience: Audience
    private let standardLanguage: Language
    private let now: @Sendable () -> ContinuousClock.Instant
    private let started: ContinuousClock.Instant
    private var limiter = RateLimiter()
    private var strangers = RateLimiter(capacity: strangerNotesPerHour, refill: .seconds(3600 / strangerNotesPerHour))

    package init(
        agent: any Answering, store: AgentStore, executor: any ExecutorGateway, audience: Audience,
        language: Language, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        (self.agent, self.store, self.executor) = (agent, store, executor)
        (self.audience, standardLanguage, self.logger, self.now) = (audience, language, logger, now)
        started = now()
    }

    package nonisolated func words(for text: String) -> Words {
        Words(LanguageOf.text(text, otherwise: standardLanguage))
    }

    var uptime: Duration { now() - started }

    package nonisolated func isKnown(_ userID: Int64) -> Bool { audience.includes(userID) }

    package func admit(_ message: ChatMessage) async -> Admission {
        guard audience.includes(message.userID) else {
            await noteStranger(message, "stranger")
            return .silent
        }
        switch limiter.decide(userID: message.userID, now: now()) {
        case .admitted: return .admitted
        case .refused: return .refused(words(for: message.text).tooMany)
        case .silent: return .silent
        }
    }

    /// Somebody who may not use the chat pressed a button in it.
    package func notePress(userID: Int64, chatID: Int64) async {
        await noteStranger(ChatMessage(text: "", userID: userID, chatID: chatID), "stranger_button")
    }

    /// Somebody asked for quiet: who did is in the audit log.
    package func noteQuiet(userID: Int64, chatID: Int64) async {
        let actor = Actor(userID: String(userID), chatID: String(chatID))
        do {
            try await executor.note("alerts_quiet", detail: [:], actor: actor)
        } catch {
            logger.warning("The wish for quiet could not be noted in the audit log", metadata: ["error": "\(error)"])
        }
    }

    private func noteStranger(_ message: ChatMessage, _ event: String) async {
        guard strangers.decide(userID: 0, now: now()) == .admitted else { return }
        logger.warning("A stranger wrote", metadata: ["user": "\(message.userID)"])
        let actor = Actor(userID: String(message.userID), chatID: String(message.chatID))
        let beginning = String(String.UnicodeScalarView(message.text.unicodeScalars.prefix(Self.notedScalars)))
        do {
            try await executor.note(event, detail: ["text": .string(beginning)], actor: actor)
        } catch {
            logger.warning("The stranger could not be noted in the audit log", metadata: ["error": "\(error)"])
        }
    }

    /// Answers a message that was admitted. One at a time in each chat: what was said before is to be stored by then.
    ///
    /// - Parameter isStopped: Whether a person wants no more of it, which the task's end alone does not say.
    /// - Returns: `nil` where the task was cancelled otherwise: the message is still to be answered.
    package func answer(
        _ message: ChatMessage, isStopped: @Sendable () -> Bool = { false },
        onProgress: @escaping @Sendable (String) async -> Void
    ) async -> ChatAnswer? {
        let words = words(for: message.text)
        if isStopped() { return ChatAnswer(words.stopped, .refused) }
        let answer = Task.isCancelled ? nil : await respond(to: message, words, onProgress)
        return Task.isCancelled && !isStopped() ? nil : answer
    }

    private func respond(
        to message: ChatMessage, _ words: Words, _ onProgress: @escaping @Sendable (String) async -> Void
    ) async -> ChatAnswer {
        do {
            if message.text.isEmpty { return ChatAnswer(words.onlyText, .refused) }
            if message.text.hasPrefix("/") { return try await command(message, words) }
            return try await ask(message, words, onProgress)
        } catch let error as ToolboxError {
            return ChatAnswer(words.executorAway(error.message), .failed)
        } catch is CancellationError {
            return ChatAnswer(words.stopped, .refused)
        } catch {
            logger.error("A message could not be answered", metadata: ["error": "\(error)"])
            return ChatAnswer(words.memoryFailed, .failed)
        }
    }

    private func ask(
        _ message: ChatMessage, _ words: Words, _ onProgress: @escaping @Sendable (String) async -> Void
    ) async throws -> ChatAnswer {
        let session = try await store.session(chatID: message.chatID, userID: message.userID)
        let history = try await store.history(sessionID: session.id)
        let incidents = try await store.incidents(resembling: message.text, limit: Self.similarIncidents)
        let actor = Actor(
            userID: String(message.userID), chatID: String(message.chatID), sessionID: String(session.id),
            incidentID: message.incidentID)
        let request = AgentRequest(
            text: message.text, language: words.language, actor: actor,
            history: history.map { Exchange(question: $0.question, answer: $0.answer) },
            incidents: incidents.map(PastIncident.init), answered: message.answered, isForwarded: message.isForwarded)
        let report = await agent.answer(request) { [logger] event in
            if case .modelReplaced(_, let reason) = event {
                logger.warning("The model gave no answer", metadata: ["reason": "\(reason)"])
            }
            if let line = words.progress(of: event) { await onProgress(line) }
        }
        return remembered(report, message, session, words)
    }

    private func remembered(
        _ report: AgentReport, _ message: ChatMessage, _ session: StoredSession, _ words: Words
    ) -> ChatAnswer {
        var answer = ChatAnswer(report.text, report.success ? .done : .failed)
        answer.exchange = StoredExchange(question: message.text, answer: report.text)
        answer.sessionID = session.id
        guard !report.tools.isEmpty else { return answer }
        answer.incident = StoredIncident(
            userID: message.userID, query: message.text, resolution: report.text, tools: report.tools,
            success: report.success, duration: report.duration)
        return answer
    }
}

extension PastIncident {
    init(_ stored: StoredIncident) {
        self.init(
            time: stored.timeText, query: stored.query, resolution: stored.resolution, tools: stored.tools,
            success: stored.success)
    }
}

extension Words {
    func progress(of event: AgentEvent) -> String? {
        switch event {
        // What a model asks for may be long, and of any characters: progress is a line.
        case .toolStarted(let call):
            return VisibleText.of(
                ToolPhrases.progress(call, language).prefix(120).split(whereSeparator: \.isNewline)
                    .joined(separator: " "))
        case .modelReplaced(let name, _): return modelReplaced(by: name)
        case .toolFinished: return nil
        }
    }
}
