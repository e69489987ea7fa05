import AgentCore
package import AgentMemory
package import ExecutorAPI
import Synchronization

/// The chat on a terminal, over the same handler.
package final class TerminalFrontEnd: Sendable {
    /// The user and chat of whoever sits at the terminal.
    package static let userID: Int64 = 0
    package static let prompt = "> "

    private let handler: ChatHandler
    private let store: AgentStore
    private let readLine: @Sendable (String) async -> String?
    private let write: @Sendable (String) -> Void
    private let words = Mutex(Words(.russian))

    /// - Parameters:
    ///   - readLine: Shows the prompt and gives the next line, `nil` at the end of input.
    ///   - write: Shows one block of text, and ends its line.
    package init(
        handler: ChatHandler, store: AgentStore, readLine: @escaping @Sendable (String) async -> String?,
        write: @escaping @Sendable (String) -> Void
    ) {
        (self.handler, self.store, self.readLine, self.write) = (handler, store, readLine, write)
    }

    /// Until the input ends or the task is cancelled.
    package func run() async {
        write(handler.words(for: "").start)
        while !Task.isCancelled, let line = await readLine(Self.prompt) {
            if !line.allSatisfy(\.isWhitespace) { _ = await once(line) }
        }
    }

    /// - Returns: the exit code: 0 done, 1 failed or refused.
    package func once(_ text: String) async -> Int32 {
        let message = ChatMessage(text: text, userID: Self.userID, chatID: Self.userID)
        let words = handler.words(for: message.text)
        guard OneTimeCode(message.text) == nil else {
            write(words.noCodeAsked)
            return 1
        }
        self.words.withLock { $0 = words }
        guard let answer = await handler.answer(message, onProgress: { [write] in write($0) }) else { return 1 }
        write(answer.text)
        do {
            try await remember(answer)
        } catch {
            write(words.memoryFailed)
            return 1
        }
        return answer.outcome == .done ? 0 : 1
    }

    private func remember(_ answer: ChatAnswer) async throws {
        if let exchange = answer.exchange, let session = answer.sessionID {
            try await store.append(exchange: exchange, sessionID: session)
        }
        if let incident = answer.incident { try await store.saveIncident(incident) }
    }
}

extension TerminalFrontEnd: ApprovalPrompter {
    package func ask(_ question: ApprovalQuestion, actor: Actor) async -> ApprovalReply {
        let words = words.withLock { $0 }
        write(words.text(of: question))
        let line = await readLine(question.asksForCode ? words.terminalCode : words.terminalChoice)
        let answer = ChatMessage.cleaned(line ?? "").lowercased()
        if question.asksForCode { return OneTimeCode(answer).map { .code($0) } ?? .no }
        return ["y", "yes", "д", "да"].contains(answer) ? .yes : .no
    }
}
