import AgentCore
import ExecutorAPI
import Logging
import Telegram

/// Questions answered with a button, or with a one-time code as the next message: only by the person who asked for
/// the action.
actor TelegramApprovals {
    private enum Answer: Sendable, Equatable {
        case reply(ApprovalReply)
        case nobody
    }

    private struct Question {
        var number: Int
        var userID: Int64
        var chatID: Int64
        var asksForCode: Bool
        var answer: CheckedContinuation<Answer, Never>?
        var given: Answer?
    }

    private let client: TelegramClient
    private let logger: Logger
    private let lifetime: Duration
    private var questions: [String: Question] = [:]
    private var count = 0

    init(client: TelegramClient, logger: Logger, lifetime: Duration = ExecutorLimits.approvalLifetime) {
        (self.client, self.logger, self.lifetime) = (client, logger, lifetime)
    }

    func ask(_ question: ApprovalQuestion, chatID: Int64, userID: Int64, words: Words) async -> ApprovalReply {
        let text = words.text(of: question)
        // A command is shown whole or not at all: nobody approves what they cannot see.
        guard text.utf16.count <= MessageText.maximumUnits else { return .no }
        let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
        count += 1
        questions[nonce] = Question(number: count, userID: userID, chatID: chatID, asksForCode: question.asksForCode)
        defer { questions[nonce] = nil }
        do {
            let message = try await client.sendMessage(
                chatID: chatID, text: text, replyMarkup: InlineButton.keyboard(Self.buttons(question, nonce, words)))
            let answer = await wait(for: nonce)
            let whole = "\(question.command)\n\(Self.ending(answer, words))"
            try? await client.editMessageText(chatID: chatID, messageID: message, text: whole)
            if case .reply(let reply) = answer { return reply }
        } catch {
            logger.warning("An approval could not be asked for", metadata: ["error": "\(error)"])
        }
        return .no
    }

    private static func buttons(_ question: ApprovalQuestion, _ nonce: String, _ words: Words) -> [InlineButton] {
        let deny = InlineButton(text: words.deny, data: "n:\(nonce)")
        return question.asksForCode ? [deny] : [InlineButton(text: words.allow, data: "y:\(nonce)"), deny]
    }

    private static func ending(_ answer: Answer, _ words: Words) -> String {
        switch answer {
        case .reply(.yes): words.allowed
        case .reply(.no): words.denied
        case .reply(.code): words.codeSent
        case .nobody: words.expired
        }
    }
}

// What people do.
extension TelegramApprovals {
    func receive(_ callback: TelegramCallback, words: Words) async {
        let parts = (callback.data ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        let reply: ApprovalReply? = parts.first == "y" ? .yes : parts.first == "n" ? .no : nil
        let note =
            parts.count == 2
            ? take(parts[1], reply, userID: callback.from.id, words) : words.questionOver
        do {
            try await client.answerCallbackQuery(id: callback.id, text: note)
        } catch {
            logger.info("A pressed button could not be confirmed", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: what the person who pressed is told.
    private func take(_ nonce: String, _ reply: ApprovalReply?, userID: Int64, _ words: Words) -> String {
        guard let question = questions[nonce], question.given == nil, let reply else { return words.questionOver }
        guard question.userID == userID else { return words.notYours }
        // A question for a code has no button that says yes.
        guard !question.asksForCode || reply == .no else { return words.questionOver }
        give(.reply(reply), to: nonce)
        return Self.ending(.reply(reply), words)
    }

    /// A code that this person wrote in this chat goes to the oldest question that waits for one.
    ///
    /// - Returns: `false` where none does.
    func take(_ code: OneTimeCode, chatID: Int64, userID: Int64) -> Bool {
        let waiting = questions.filter { _, question in
            question.asksForCode && question.given == nil && question.userID == userID && question.chatID == chatID
        }
        guard let oldest = waiting.min(by: { $0.value.number < $1.value.number }) else { return false }
        give(.reply(.code(code)), to: oldest.key)
        return true
    }
}

// Waiting.
extension TelegramApprovals {
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
