import AgentCore
import ExecutorAPI
import Logging
import Telegram

/// Questions with two buttons: only the person who asked for the action may press them.
actor TelegramApprovals {
    enum Answer: Sendable { case allowed, denied, nobody }

    private struct Question {
        var userID: Int64
        var answer: CheckedContinuation<Answer, Never>?
        var given: Answer?
    }

    private let client: TelegramClient
    private let logger: Logger
    private let lifetime: Duration
    private var questions: [String: Question] = [:]

    init(client: TelegramClient, logger: Logger, lifetime: Duration = ExecutorLimits.approvalLifetime) {
        (self.client, self.logger, self.lifetime) = (client, logger, lifetime)
    }

    func ask(_ question: ApprovalQuestion, chatID: Int64, userID: Int64, words: Words) async -> Bool {
        let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
        questions[nonce] = Question(userID: userID)
        defer { questions[nonce] = nil }
        let text = words.question(
            command: question.command, reason: [question.rule, question.justification ?? ""].joined(separator: "\n"))
        let buttons = [
            InlineButton(text: words.allow, data: "y:\(nonce)"), InlineButton(text: words.deny, data: "n:\(nonce)"),
        ]
        // A command is shown whole or not at all: nobody approves what they cannot see.
        guard text.utf16.count <= MessageText.maximumUnits else { return false }
        do {
            let message = try await client.sendMessage(
                chatID: chatID, text: text, replyMarkup: InlineButton.keyboard(buttons))
            let answer = await wait(for: nonce)
            let ending = answer == .allowed ? words.allowed : answer == .denied ? words.denied : words.expired
            let whole = "\(question.command)\n\(ending)"
            try? await client.editMessageText(chatID: chatID, messageID: message, text: whole)
            return answer == .allowed
        } catch {
            logger.warning("An approval could not be asked for", metadata: ["error": "\(error)"])
            return false
        }
    }

    func receive(_ callback: TelegramCallback, words: Words) async {
        let parts = (callback.data ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        let note =
            parts.count == 2
            ? take(parts[1], isYes: parts[0] == "y", userID: callback.from.id, words) : words.questionOver
        do {
            try await client.answerCallbackQuery(id: callback.id, text: note)
        } catch {
            logger.info("A pressed button could not be confirmed", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: what the person who pressed is told.
    private func take(_ nonce: String, isYes: Bool, userID: Int64, _ words: Words) -> String {
        guard let question = questions[nonce], question.given == nil else { return words.questionOver }
        guard question.userID == userID else { return words.notYours }
        give(isYes ? .allowed : .denied, to: nonce)
        return isYes ? words.allowed : words.denied
    }

    /// The first answer stands.
    private func give(_ answer: Answer, to nonce: String) {
        guard questions[nonce] != nil, questions[nonce]?.given == nil else { return }
        questions[nonce]?.given = answer
        questions[nonce]?.answer?.resume(returning: answer)
        questions[nonce]?.answer = nil
    }

    private func wait(for nonce: String) async -> Answer {
        let answer = try? await first({ await self.given(nonce) }) { [lifetime] in
            try? await Task.sleep(for: lifetime)
            await self.give(.nobody, to: nonce)
            return .nobody
        }
        return answer ?? .nobody
    }

    private func given(_ nonce: String) async -> Answer {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let given = questions[nonce]?.given { return continuation.resume(returning: given) }
                if Task.isCancelled || questions[nonce] == nil { return continuation.resume(returning: .nobody) }
                questions[nonce]?.answer = continuation
            }
        } onCancel: {
            // The handler is not isolated to the actor; the question is closed as soon as the actor is free.
            Task { await self.give(.nobody, to: nonce) }
        }
    }
}
