import AgentMemory
import ExecutorAPI
import StrictJSON
import Telegram

// One-time codes are taken out before anything is stored: no code is in the inbox, the history or a prompt.
extension TelegramFrontEnd {
    /// What is stored in place of a code nobody asked for.
    static let hiddenCode = String(repeating: "*", count: OneTimeCode.length)

    /// The update as it may be stored; a code in it is given to the question that waits for it.
    func withoutCode(_ update: TelegramUpdate) async -> StoredUpdate {
        if case .edited = update.content {
            return StoredUpdate(id: update.id, payload: Self.hiding(update.payload, "edited_message").text)
        }
        guard case .message(let message) = update.content, let from = message.from, handler.isKnown(from.id) else {
            return StoredUpdate(id: update.id, payload: update.payload.text)
        }
        guard let code = OneTimeCode(ChatMessage.cleaned(message.text ?? "")) else {
            return StoredUpdate(id: update.id, payload: Self.withoutQuotes(update.payload).text)
        }
        let isTaken = await approvals.take(code, chatID: message.chatID, userID: from.id)
        return StoredUpdate(id: update.id, payload: isTaken ? "{}" : Self.hiding(update.payload, "message").text)
    }

    /// An answer to a message brings that message along, which may be a code: whose it is stays, what it says only where
    /// a bot wrote it.
    private static func withoutQuotes(_ payload: JSONValue) -> JSONValue {
        var whole = payload.objectValue ?? [:]
        var message = whole["message"]?.objectValue ?? [:]
        let answered = message["reply_to_message"]?.objectValue ?? [:]
        for name in ["reply_to_message", "quote", "external_reply"] { message[name] = nil }
        if let from = answered["from"] {
            message["reply_to_message"] = .object(
                compacting: ["from": from, "text": from["is_bot"] == true ? answered["text"] : nil])
        }
        whole["message"] = .object(message)
        return .object(whole)
    }

    /// Who wrote where, and nothing else of the message.
    private static func hiding(_ payload: JSONValue, _ member: String) -> JSONValue {
        var message = (payload[member]?.objectValue ?? [:]).filter {
            ["message_id", "chat", "from"].contains($0.key)
        }
        message["text"] = .string(hiddenCode)
        return .object(compacting: ["update_id": payload["update_id"], member: .object(message)])
    }
}
