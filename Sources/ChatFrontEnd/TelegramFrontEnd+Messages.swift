import AgentMemory
import Logging
import StrictJSON
import Telegram

// One update, from its place in the chat to its answer.
extension TelegramFrontEnd {
    static func content(of stored: StoredUpdate) -> TelegramUpdate.Content? {
        let json = try? JSONValue(parsing: stored.payload, options: .lenient)
        return json.flatMap { TelegramUpdate(json: $0) }?.content
    }

    /// The chat in whose order an update is taken up; `nil` for the answer to a question that is open meanwhile.
    static func orderedChatID(_ content: TelegramUpdate.Content?) -> Int64? {
        switch content {
        case .message(let message), .edited(let message): message.chatID
        case .callback(let callback): asksForInvestigation(callback) ? callback.chatID : nil
        case .unknown, nil: nil
        }
    }

    /// - Parameter arrival: Is left as soon as the next update of this chat may be taken up.
    func handle(_ content: TelegramUpdate.Content?, of stored: StoredUpdate, _ arrival: ChatPlace?) async throws {
        switch content {
        case .message(let message): try await handle(message, of: stored, arrival)
        case .edited(let message): try await refuseEdit(message, of: stored)
        case .callback(let callback): try await handle(callback, of: stored, arrival)
        case .unknown, nil: try await store.ignore(updateID: stored.id)
        }
    }

    private func handle(_ received: TelegramMessage, of stored: StoredUpdate, _ arrival: ChatPlace?) async throws {
        let hasWords = received.text != nil || received.isMedia
        guard let from = received.from, !from.isBot, hasWords, await identity.isAddressed(by: received) else {
            try await store.ignore(updateID: stored.id)
            return
        }
        let text = await identity.withoutMention(received.text ?? "")
        var message = ChatMessage(text: text, userID: from.id, chatID: received.chatID)
        message.answered = received.answeredText.map(ChatMessage.cleaned)
        message.isForwarded = received.isForwarded
        try await handle(message, of: stored, arrival)
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

    /// What is refused is said at once; questions are answered in the order they came.
    func handle(_ message: ChatMessage, of stored: StoredUpdate, _ arrival: ChatPlace?) async throws {
        // Whoever wants to stop it has no patience for a limit.
        if handler.isKnown(message.userID), message.asksToStop, running.stop(in: message.chatID) {
            try await store.answer(
                updateID: stored.id, chatID: message.chatID, text: handler.words(for: message.text).stopping)
            return await outbox.wake()
        }
        switch await handler.admit(message) {
        case .silent: try await store.ignore(updateID: stored.id)
        case .refused(let text):
            try await store.answer(updateID: stored.id, chatID: message.chatID, text: text)
        case .admitted where message.text == Self.hiddenCode:
            try await store.answer(
                updateID: stored.id, chatID: message.chatID, text: handler.words(for: "").noCodeAsked)
        case .admitted:
            guard let place = questions.place(in: message.chatID) else {
                try await store.answer(
                    updateID: stored.id, chatID: message.chatID, text: handler.words(for: message.text).busy)
                break
            }
            defer { place.leave() }
            arrival?.leave()
            try await answer(message, of: stored, place)
        }
        await outbox.wake()
    }

    /// The place is left only when the answer is stored: the next question's history has it, and its answer is behind.
    private func answer(_ message: ChatMessage, of stored: StoredUpdate, _ place: ChatPlace) async throws {
        let stop = running.begin(in: message.chatID)
        defer { running.end(stop, in: message.chatID) }
        await place.turn()
        var message = message
        message.incidentID = "update-\(stored.id)"
        guard let answer = await answer(message, stop) else { return }
        try await keep {
            try await store.answer(
                updateID: stored.id, messages: drafts(answer.text, chatID: message.chatID),
                exchange: answer.exchange, sessionID: answer.sessionID, incident: answer.incident)
        }
    }

    /// Stores an answer, trying again until it can be: a disk that is full for a while loses none.
    private func keep(_ write: () async throws -> Void) async throws {
        var pause = Self.firstWritePause
        while true {
            do { return try await write() } catch {
                // What the store itself refuses it will refuse again.
                guard !isStopping, !(error is AgentStoreError), !(error is CancellationError) else { throw error }
                logger.error("An answer cannot be stored yet", metadata: ["error": "\(error)"])
            }
            await rest(until: .now + pause)
            pause = min(pause * 2, Self.longestWritePause)
        }
    }

    private func drafts(_ text: String, chatID: Int64) -> [OutgoingDraft] {
        MessageText.parts(of: text).map { OutgoingDraft(chatID: chatID, text: $0) }
    }

    private func answer(_ message: ChatMessage, _ stop: Signal) async -> ChatAnswer? {
        let (lines, show) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(10))
        let progress = TelegramProgress(client: client, chatID: message.chatID, logger: logger)
        async let _: Void = progress.show(lines)
        let answer = await withTaskGroup(of: ChatAnswer?.self) { group in
            group.addTask { await handler.answer(message, isStopped: { stop.isSet }) { show.yield($0) } }
            group.addTask {
                await stop.wait()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // What is stopped still answers, with what it has done.
            let second = await group.next() ?? nil
            return first ?? second
        }
        show.finish()
        // Leaving the scope cancels what is still being shown: the answer does not wait for it.
        return answer
    }
}
