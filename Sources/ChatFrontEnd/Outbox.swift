import AgentCore
import AgentMemory
import Logging
import StrictJSON
import Telegram

/// Sends what the store holds to be sent, in order in each chat; what fails for now is tried again.
///
/// Telegram has no way to send a message at most once. So what may have arrived (the answer was lost, or the program was
/// killed under way) is sent again with a line that says so: a doubled message is better than a lost one.
actor Outbox {
    /// A message that Telegram itself failed to take so often is given up. A network that is away gives nothing up.
    static let maximumAttempts = 20

    /// What a sending came to.
    private enum Outcome {
        case settled
        /// This chat takes nothing for so long; others do.
        case held(Duration)
        /// It is tried again in this chat after a while; others go on meanwhile.
        case failedHere(TelegramError)
        /// Nothing can be sent anywhere now.
        case failed(TelegramError)
    }

    /// Why a sending left something to be sent.
    private enum Failure {
        case everywhere(TelegramError)
        case inSomeChats(TelegramError)
    }

    private let client: TelegramClient
    private let store: AgentStore
    private let logger: Logger
    private var wakeUp = Signal()
    /// Set while nobody sends.
    private var idle: Signal
    private var isSending = false
    private var isFinishing = false
    private var holds: [Int64: ContinuousClock.Instant] = [:]
    /// The pauses of chats whose last message failed.
    private var pauses: [Int64: Backoff] = [:]
    private let pause: Backoff

    /// - Parameter pause: Between two tries in a chat that fails.
    init(client: TelegramClient, store: AgentStore, logger: Logger, pause: Backoff = Backoff()) {
        (self.client, self.store, self.logger, idle, self.pause) = (client, store, logger, Signal(), pause)
        idle.set()
    }

    /// Something has been queued.
    func wake() { wakeUp.set() }

    /// Until ``finish()``, or until the task is cancelled.
    func run() async {
        var backoff = Backoff()
        while !Task.isCancelled, !isFinishing {
            wakeUp = Signal()
            if case .everywhere(let error) = await sendPending() {
                let pause = backoff.failed(error)
                try? await Task.sleep(for: pause)
            } else {
                backoff.succeeded()
                await waitForWork(wakeUp)
            }
        }
    }

    /// Until something is queued, or a chat takes messages again.
    private func waitForWork(_ wakeUp: Signal) async {
        guard let next = holds.values.min() else { return await wakeUp.wait() }
        _ = try? await first({ await wakeUp.wait() }) { try await Task.sleep(until: next, clock: .continuous) }
    }

    /// The last sending: what is under way is waited for, not cut off, and then what is queued is sent.
    func finish() async {
        isFinishing = true
        wakeUp.set()
        while isSending, !Task.isCancelled { await idle.wait() }
        for chat in pauses.keys { holds[chat] = nil }
        await flush()
    }

    /// Sends what there is.
    ///
    /// - Returns: why something was not sent.
    @discardableResult
    func flush() async -> TelegramError? {
        switch await sendPending() {
        case .everywhere(let error), .inSomeChats(let error): error
        case nil: nil
        }
    }

    /// One sender at a time: two would send the same message twice.
    private func sendPending() async -> Failure? {
        guard !isSending else { return nil }
        (isSending, idle) = (true, Signal())
        defer {
            isSending = false
            idle.set()
        }
        do {
            return try await sendAll()
        } catch {
            logger.error("The outbox cannot be used", metadata: ["error": "\(error)"])
            return .everywhere(TelegramError(.server, "The outbox cannot be used."))
        }
    }

    private func sendAll() async throws -> Failure? {
        var failed: [Int64: TelegramError] = [:]
        while let message = try await next(outside: Set(failed.keys)) {
            let chat = message.draft.chatID
            switch try await send(message) {
            case .settled: pauses[chat] = nil
            case .held(let wait): holds[chat] = .now + wait
            case .failedHere(let error):
                failed[chat] = error
                holds[chat] = .now + pauses[chat, default: pause].failed(error)
            case .failed(let error): return .everywhere(error)
            }
        }
        return failed.values.first.map { .inSomeChats($0) }
    }

    private func next(outside failed: Set<Int64>) async throws -> OutgoingMessage? {
        holds = holds.filter { $0.value > .now }
        return try await store.pendingOutgoing().first {
            holds[$0.draft.chatID] == nil && !failed.contains($0.draft.chatID)
        }
    }

    private func send(_ message: OutgoingMessage) async throws -> Outcome {
        try await store.markBegun(id: message.id)
        do throws(TelegramError) {
            let id = try await client.sendMessage(
                chatID: message.draft.chatID, text: text(of: message),
                replyMarkup: message.draft.options[OutgoingDraft.replyMarkup])
            return await mark(sent: message, as: id)
        } catch {
            return try await settle(message, error)
        }
    }

    private func text(of message: OutgoingMessage) -> String {
        guard message.mayHaveArrived else { return message.draft.text }
        let marked = "\(words(message).repeated)\n\(message.draft.text)"
        return marked.utf16.count <= MessageText.maximumUnits ? marked : message.draft.text
    }

    private func words(_ message: OutgoingMessage) -> Words {
        Words(LanguageOf.text(message.draft.text, otherwise: .russian))
    }

    private func mark(sent message: OutgoingMessage, as id: Int64) async -> Outcome {
        do {
            try await store.markSent(id: message.id, messageID: id)
            return .settled
        } catch {
            return .failed(TelegramError(.server, "A message was sent and could not be marked so."))
        }
    }

    private func settle(_ message: OutgoingMessage, _ error: TelegramError) async throws -> Outcome {
        let (id, chat) = (message.id, message.draft.chatID)
        switch error.code {
        // Whether it arrived nobody knows: it stays begun.
        case .cancelled: return .failed(error)
        case .network(mayHaveBeenSent: true): return .failedHere(error)
        case .network(mayHaveBeenSent: false), .badToken, .conflict:
            try await store.markNotSent(id: id, isFailure: false)
            return .failed(error)
        case .flood(let wait):
            try await store.markNotSent(id: id, isFailure: false)
            return .held(wait)
        case .server where message.attempts < Self.maximumAttempts:
            try await store.markNotSent(id: id, isFailure: true)
            return .failedHere(error)
        case .forbidden:
            logger.warning("A chat takes no messages", metadata: ["chat": "\(chat)", "error": "\(error)"])
            try await store.abandonOutgoing(chatID: chat, reason: error.message)
        case .migrated(let newID):
            logger.notice("A group has another id", metadata: ["chat": "\(chat)", "new": "\(newID)"])
            try await store.redirectOutgoing(from: chat, to: newID)
        default: try await giveUp(message, error)
        }
        return .settled
    }

    /// What Telegram does not take as it is: the person is told at least that there was an answer.
    private func giveUp(_ message: OutgoingMessage, _ error: TelegramError) async throws {
        logger.warning("A message was given up", metadata: ["error": "\(error)"])
        guard message.draft.options[OutgoingDraft.isNotice] == nil else {
            return try await store.markAbandoned(id: message.id, reason: error.message)
        }
        try await store.replaceOutgoing(
            id: message.id, text: words(message).notTaken(error.message), options: [OutgoingDraft.isNotice: true])
    }
}

extension OutgoingDraft {
    /// The names of its options: the buttons, and that it stands for a message Telegram did not take.
    static let replyMarkup = "reply_markup"
    static let isNotice = "notice"

    /// A message with buttons.
    init(chatID: Int64, text: String, buttons: [InlineButton]) {
        self.init(
            chatID: chatID, text: text,
            options: buttons.isEmpty ? [:] : [Self.replyMarkup: InlineButton.keyboard(buttons)])
    }
}
