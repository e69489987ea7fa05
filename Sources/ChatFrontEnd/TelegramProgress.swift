import Logging
import Telegram

/// One message that says what is being done, edited as it goes on; the newest line wins.
struct TelegramProgress {
    /// Between two edits: Telegram allows about one message a second in a chat.
    static let pace = Duration.milliseconds(1200)

    let client: TelegramClient
    let chatID: Int64
    let logger: Logger

    /// Shows each line until the stream ends. A line that cannot be shown is not missed.
    func show(_ lines: AsyncStream<String>) async {
        var (message, shown) = (Int64?.none, [String]())
        for await line in lines {
            shown.append(line)
            let text = shown.suffix(10).joined(separator: "\n")
            do {
                if let message {
                    try await client.editMessageText(chatID: chatID, messageID: message, text: text)
                } else {
                    message = try await client.sendMessage(chatID: chatID, text: text)
                }
            } catch {
                logger.debug("Progress could not be shown", metadata: ["error": "\(error)"])
                if case .flood(let wait) = error.code { try? await Task.sleep(for: wait) }
            }
            try? await Task.sleep(for: Self.pace)
        }
    }
}
