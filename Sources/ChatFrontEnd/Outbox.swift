import AgentMemory
import Logging
import Telegram

/// Sends what the store holds to be sent, in order; what fails for now is tried again.
actor Outbox {
    /// A message refused so often, each time for another reason than a flood, is given up.
    private static let maximumAttempts = 20

    private let client: TelegramClient
    private let store: AgentStore
    private let logger: Logger
    private var wakeUp = Signal()
    private var isSending = false

    init(client: TelegramClient, store: AgentStore, logger: Logger) {
        (self.client, self.store, self.logger) = (client, store, logger)
    }

    /// Something has been queued.
    func wake() { wakeUp.set() }

    /// Until the task is cancelled.
    func run() async {
        var backoff = Backoff()
        while !Task.isCancelled {
            wakeUp = Signal()
            if let error = await flush() {
                let pause = backoff.failed(error)
                try? await Task.sleep(for: pause)
            } else {
                backoff.succeeded()
                await wakeUp.wait()
            }
        }
    }

    /// Sends what there is. One sender at a time: two would send the same message twice.
    ///
    /// - Returns: why it stopped before the end.
    @discardableResult
    func flush() async -> TelegramError? {
        guard !isSending else { return nil }
        isSending = true
        defer { isSending = false }
        do {
            while let message = try await store.pendingOutgoing().first {
                if let error = try await send(message) { return error }
            }
            return nil
        } catch {
            logger.error("The outbox cannot be read", metadata: ["error": "\(error)"])
            return TelegramError(.server, "The outbox cannot be read.")
        }
    }

    /// - Returns: the error after which sending has to wait.
    private func send(_ message: OutgoingMessage) async throws -> TelegramError? {
        do throws(TelegramError) {
            let id = try await client.sendMessage(chatID: message.draft.chatID, text: message.draft.text)
            return await mark(sent: message, as: id)
        } catch {
            if error.code == .cancelled { return error }
            if error.isTransient, message.attempts < Self.maximumAttempts {
                try await store.markAttempted(id: message.id)
                return error
            }
            logger.warning("A message was given up", metadata: ["error": "\(error)"])
            try await store.markAbandoned(id: message.id, reason: error.message)
            return nil
        }
    }

    private func mark(sent message: OutgoingMessage, as id: Int64) async -> TelegramError? {
        do {
            try await store.markSent(id: message.id, messageID: id)
            return nil
        } catch {
            return TelegramError(.server, "A message was sent and could not be marked so.")
        }
    }
}
