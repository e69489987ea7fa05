import AgentCore
package import AgentMemory
package import ExecutorAPI
package import Logging
package import Telegram
import StrictJSON

/// The chat over Telegram: long polling, a durable inbox, a durable outbox.
package struct TelegramFrontEnd: Sendable {
    private static let poll = Duration.seconds(50)
    /// What has been begun may go on for so long after ``stop()``.
    package static let stopPatience = Duration.seconds(5)

    let client: TelegramClient
    let handler: ChatHandler
    let store: AgentStore
    let outbox: Outbox
    let approvals: TelegramApprovals
    let checks: ScheduledChecks?
    let logger: Logger
    private let identity: BotIdentity
    private let stopping = Signal()

    /// - Parameter checks: What is looked at without anybody asking; `nil` for nothing.
    package init(
        client: TelegramClient, handler: ChatHandler, store: AgentStore, checks: ScheduledChecks? = nil, logger: Logger
    ) {
        (self.client, self.handler, self.store, self.logger) = (client, handler, store, logger)
        (self.checks, identity) = (checks, BotIdentity(client: client))
        outbox = Outbox(client: client, store: store, logger: logger)
        approvals = TelegramApprovals(client: client, logger: logger)
    }

    /// Ends ``run()``: nothing more is taken in, what has been begun is finished or left for the next start.
    package func stop() { stopping.set() }

    /// Polls and answers until ``stop()``, or until the task is cancelled.
    ///
    /// - Throws: ``TelegramError`` when the token is not accepted; ``AgentStoreError``.
    package func run() async throws {
        let pending = try await store.pendingUpdates()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await outbox.run() }
            group.addTask { await introduce() }
            if let checks { group.addTask { await runUntilStopped(checks) } }
            let work = WorkCount()
            for update in pending { begin(update, work, &group) }
            try await takeIn(work, &group)
            let patience = Self.stopPatience
            _ = try? await first({ await work.waitUntilNone() }) { try await Task.sleep(for: patience) }
            _ = try? await first({ await outbox.finish() }) { try await Task.sleep(for: patience) }
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
    }

    private func runUntilStopped(_ checks: ScheduledChecks) async {
        _ = try? await first({ await stopping.wait() }) { await checks.run { await outbox.wake() } }
    }

    private func takeIn(_ work: WorkCount, _ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        var backoff = Backoff()
        while !stopping.isSet, !Task.isCancelled {
            do {
                let offset = try await store.nextOffset()
                let polled = try await first({ try await client.getUpdates(offset: offset, timeout: Self.poll) }) {
                    await stopping.wait()
                    return []
                }
                backoff.succeeded()
                var updates: [StoredUpdate] = []
                for update in polled ?? [] { updates.append(await withoutCode(update)) }
                guard !updates.isEmpty else { continue }
                let known = Set(try await store.pendingUpdates().map(\.id))
                try await store.storeUpdates(updates)
                for update in try await store.pendingUpdates() where !known.contains(update.id) {
                    begin(update, work, &group)
                }
            } catch let error as TelegramError {
                try await wait(after: error, &backoff)
            }
        }
    }

    private func wait(after error: TelegramError, _ backoff: inout Backoff) async throws {
        guard error.code != .cancelled else { return }
        if error.code == .webhookSet { try? await client.deleteWebhook() }
        guard error.code != .badToken else { throw error }
        logger.warning("Telegram gave no updates", metadata: ["error": "\(error)"])
        let pause = backoff.failed(error)
        _ = try? await first({ await stopping.wait() }) { try await Task.sleep(for: pause) }
    }

    private func begin(
        _ update: StoredUpdate, _ work: WorkCount, _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        work.begin()
        group.addTask {
            defer { work.end() }
            do {
                try await handle(update)
            } catch {
                logger.error("An update could not be handled", metadata: ["error": "\(error)"])
            }
        }
    }

    /// The menu of commands; a bot without it works all the same.
    private func introduce() async {
        do {
            for language in Language.allCases {
                let commands = Words(language).commands.map { BotCommand($0.name, $0.description) }
                try await client.setMyCommands(commands, languageCode: language == .english ? nil : language.rawValue)
            }
        } catch {
            logger.info("The menu of commands could not be set", metadata: ["error": "\(error)"])
        }
    }
}

// MARK: One update

extension TelegramFrontEnd {
    func handle(_ stored: StoredUpdate) async throws {
        let json = try? JSONValue(parsing: stored.payload, options: .lenient)
        switch json.flatMap({ TelegramUpdate(json: $0) })?.content {
        case .message(let message): try await handle(message, of: stored)
        case .edited(let message): try await refuseEdit(message, of: stored)
        case .callback(let callback): try await handle(callback, of: stored)
        case .unknown, nil: try await store.ignore(updateID: stored.id)
        }
    }

    private func handle(_ received: TelegramMessage, of stored: StoredUpdate) async throws {
        let hasWords = received.text != nil || received.isMedia
        guard let from = received.from, !from.isBot, hasWords, await identity.isAddressed(by: received) else {
            try await store.ignore(updateID: stored.id)
            return
        }
        let text = await identity.withoutMention(received.text ?? "")
        try await handle(ChatMessage(text: text, userID: from.id, chatID: received.chatID), of: stored)
    }

    /// An edited message is not read: what it asked for may be under way already.
    private func refuseEdit(_ received: TelegramMessage, of stored: StoredUpdate) async throws {
        guard let from = received.from, handler.isKnown(from.id), received.isPrivate else {
            try await store.ignore(updateID: stored.id)
            return
        }
        let message = ChatMessage(text: "", userID: from.id, chatID: received.chatID)
        guard await handler.admit(message) == .admitted else { return _ = try await store.ignore(updateID: stored.id) }
        try await store.answer(
            updateID: stored.id, chatID: message.chatID, text: handler.words(for: "").editsNotRead)
        await outbox.wake()
    }

    func handle(_ message: ChatMessage, of stored: StoredUpdate) async throws {
        switch await handler.admit(message) {
        case .silent: try await store.ignore(updateID: stored.id)
        case .refused(let text):
            try await store.answer(updateID: stored.id, chatID: message.chatID, text: text)
        case .admitted where message.text == Self.hiddenCode:
            try await store.answer(
                updateID: stored.id, chatID: message.chatID, text: handler.words(for: "").noCodeAsked)
        case .admitted:
            guard let answer = await answer(message) else { return }
            try await store.answer(
                updateID: stored.id, messages: drafts(answer.text, chatID: message.chatID),
                exchange: answer.exchange, sessionID: answer.sessionID, incident: answer.incident)
        }
        await outbox.wake()
    }

    private func drafts(_ text: String, chatID: Int64) -> [OutgoingDraft] {
        MessageText.parts(of: text).map { OutgoingDraft(chatID: chatID, text: $0) }
    }

    private func answer(_ message: ChatMessage) async -> ChatAnswer? {
        let (lines, show) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(10))
        let progress = TelegramProgress(client: client, chatID: message.chatID, logger: logger)
        async let _: Void = progress.show(lines)
        let answer = await handler.answer(message) { show.yield($0) }
        show.finish()
        // Leaving the scope cancels what is still being shown: the answer does not wait for it.
        return answer
    }
}

extension TelegramFrontEnd: ApprovalPrompter {
    package func ask(_ question: ApprovalQuestion, actor: Actor) async -> ApprovalReply {
        guard let chat = actor.chatID.flatMap({ Int64($0) }), let user = actor.userID.flatMap({ Int64($0) }) else {
            return .no
        }
        return await approvals.ask(question, chatID: chat, userID: user, words: handler.words(for: ""))
    }
}
