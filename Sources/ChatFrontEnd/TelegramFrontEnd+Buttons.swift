import AgentMemory
import Logging
import StrictJSON
import Telegram

// Buttons: those of questions, and those under alerts.
extension TelegramFrontEnd {
    static func asksForInvestigation(_ callback: TelegramCallback) -> Bool {
        AlertButton.read(callback.data)?.0 == .investigate
    }

    func handle(_ callback: TelegramCallback, of stored: StoredUpdate, _ arrival: ChatPlace?) async throws {
        guard handler.isKnown(callback.from.id) else {
            await handler.notePress(userID: callback.from.id, chatID: callback.chatID ?? callback.from.id)
            try await store.ignore(updateID: stored.id)
            return
        }
        let words = handler.words(for: "")
        guard let (button, id) = AlertButton.read(callback.data), let checks else {
            await approvals.receive(callback, words: words)
            try await store.ignore(updateID: stored.id)
            return
        }
        switch button {
        case .investigate: try await investigate(id, callback, words, of: stored, arrival)
        case .quiet:
            let note = words.quietUntil(try await checks.beQuiet())
            await confirm(callback, note)
            await handler.noteQuiet(userID: callback.from.id, chatID: callback.chatID ?? callback.from.id)
            await show(note, under: callback, buttons: [AlertButton.investigate.button(id, words)])
            try await store.ignore(updateID: stored.id)
        }
    }

    /// Whoever pressed first asks the agent, as if they had written the question. The update stays open until it is
    /// answered, so a restart goes on with it.
    private func investigate(
        _ id: String, _ callback: TelegramCallback, _ words: Words, of stored: StoredUpdate, _ arrival: ChatPlace?
    ) async throws {
        guard let chatID = callback.chatID, let question = try await store.takeAlertPost(id: id, updateID: stored.id)
        else {
            await confirm(callback, words.alreadyTaken)
            try await store.ignore(updateID: stored.id)
            return
        }
        async let marked: Void = markTaken(callback, words)
        try await handle(ChatMessage(text: question, userID: callback.from.id, chatID: chatID), of: stored, arrival)
        await marked
    }

    private func markTaken(_ callback: TelegramCallback, _ words: Words) async {
        await confirm(callback, words.beingLookedInto)
        await show(words.beingLookedInto, under: callback, buttons: [])
    }

    private func confirm(_ callback: TelegramCallback, _ note: String) async {
        do {
            try await client.answerCallbackQuery(id: callback.id, text: note)
        } catch {
            logger.info("A pressed button could not be confirmed", metadata: ["error": "\(error)"])
        }
    }

    /// The message goes on with a line, and other buttons; one whose text is not known any more stays as it is.
    private func show(_ line: String, under callback: TelegramCallback, buttons: [InlineButton]) async {
        guard let chatID = callback.chatID, let message = callback.messageID, let text = callback.messageText else {
            return
        }
        // A bare `nil` would be JSON's null here.
        let markup: JSONValue? = buttons.isEmpty ? .none : InlineButton.keyboard(buttons)
        do {
            try await client.editMessageText(
                chatID: chatID, messageID: message, text: "\(text)\n\(line)", replyMarkup: markup)
        } catch {
            logger.info("An alert could not be marked", metadata: ["error": "\(error)"])
        }
    }
}
