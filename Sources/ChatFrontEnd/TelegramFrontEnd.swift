import AgentCore
package import AgentMemory
package import ExecutorAPI
package import Logging
package import Telegram
import StrictJSON

/// The chat over Telegram: long polling, a durable inbox, a durable outbox.
package struct TelegramFrontEnd: Sendable {
    private static let poll = Duration.seconds(50)
    /// From one poll that brought nothing to the next: a server that does not wait is not asked without a pause.
    static let shortestPoll = Duration.milliseconds(500)
    /// Between two tries to store an answer; twice as long each time.
    static let firstWritePause = Duration.milliseconds(500)
    static let longestWritePause = Duration.seconds(30)
    /// What has been begun may go on for so long after ``stop()``.
    package static let stopPatience = Duration.seconds(5)
    /// Questions of one chat that wait behind the one being answered.
    private static let maximumWaiting = 3

    let client: TelegramClient
    let handler: ChatHandler
    let store: AgentStore
    let outbox: Outbox
    let approvals: TelegramApprovals
    let checks: ScheduledChecks?
    let logger: Logger
    let identity: BotIdentity
    /// Updates of a chat pass in the order they came until their place among the questions is taken.
    let arrivals = ChatQueue(maximumWaiting: .max)
    /// One question at a time in each chat, until its answer is stored.
    let questions = ChatQueue(maximumWaiting: maximumWaiting)
    let running = RunningAnswers()
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
        while !isStopping {
            do {
                let (offset, began) = (try await store.nextOffset(), ContinuousClock.now)
                let polled = try await first({ try await client.getUpdates(offset: offset, timeout: Self.poll) }) {
                    await stopping.wait()
                    return []
                }
                backoff.succeeded()
                var updates: [StoredUpdate] = []
                for update in polled ?? [] { updates.append(await withoutCode(update)) }
                guard !updates.isEmpty else {
                    await rest(until: began + Self.shortestPoll)
                    continue
                }
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

    var isStopping: Bool { stopping.isSet || Task.isCancelled }

    func rest(until end: ContinuousClock.Instant) async {
        _ = try? await first({ await stopping.wait() }) { try await Task.sleep(until: end, clock: .continuous) }
    }

    private func wait(after error: TelegramError, _ backoff: inout Backoff) async throws {
        guard error.code != .cancelled else { return }
        if error.code == .webhookSet { try? await client.deleteWebhook() }
        guard error.code != .badToken else { throw error }
        logger.warning("Telegram gave no updates", metadata: ["error": "\(error)"])
        await rest(until: .now + backoff.failed(error))
    }

    private func begin(
        _ stored: StoredUpdate, _ work: WorkCount, _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        work.begin()
        let content = Self.content(of: stored)
        // Tasks start in any order, so the place is taken before.
        let arrival = Self.orderedChatID(content).flatMap { arrivals.place(in: $0) }
        group.addTask {
            defer {
                arrival?.leave()
                work.end()
            }
            await arrival?.turn()
            guard !Task.isCancelled else { return }
            do {
                try await handle(content, of: stored, arrival)
            } catch {
                logger.error("An update could not be handled", metadata: ["error": "\(error)"])
            }
        }
    }

    /// The menu of commands; a bot without it works all the same. At a start of the machine the network may be late.
    private func introduce() async {
        var backoff = Backoff()
        while !isStopping, let error = await setMenu(), error.isTransient {
            await rest(until: .now + backoff.failed(error))
        }
    }

    private func setMenu() async -> TelegramError? {
        do throws(TelegramError) {
            for language in Language.allCases {
                let commands = Words(language).commands.map { BotCommand($0.name, $0.description) }
                try await client.setMyCommands(commands, languageCode: language == .english ? nil : language.rawValue)
            }
            return nil
        } catch {
            logger.info("The menu of commands could not be set", metadata: ["error": "\(error)"])
            return error
        }
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
