package import StrictJSON

/// One update: what this program reads of it, and the whole as it came.
package struct TelegramUpdate: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case message(TelegramMessage)
        /// A message as it reads now, after it was received once.
        case edited(TelegramMessage)
        case callback(TelegramCallback)
        /// A kind this program does not read, or one that does not hold what it should.
        case unknown
    }

    package var id: Int64
    package var content: Content
    package var payload: JSONValue

    /// - Returns: `nil` where there is not even an id.
    package init?(json: JSONValue) {
        guard let id = json["update_id"]?.intValue else { return nil }
        (self.id, payload) = (Int64(id), json)
        if let message = json["message"].flatMap({ TelegramMessage(json: $0) }) {
            content = .message(message)
        } else if let message = json["edited_message"].flatMap({ TelegramMessage(json: $0) }) {
            content = .edited(message)
        } else if let callback = json["callback_query"].flatMap({ TelegramCallback(json: $0) }) {
            content = .callback(callback)
        } else {
            content = .unknown
        }
    }
}

package struct TelegramUser: Sendable, Hashable {
    package var id: Int64
    package var isBot: Bool
    package var username: String?
    package var languageCode: String?

    package init?(json: JSONValue) {
        guard let id = json["id"]?.intValue, let isBot = json["is_bot"]?.boolValue else { return nil }
        (self.id, self.isBot) = (Int64(id), isBot)
        (username, languageCode) = (json["username"]?.stringValue, json["language_code"]?.stringValue)
    }
}

package struct TelegramMessage: Sendable, Hashable {
    package var id: Int64
    package var chatID: Int64
    /// `nil` in channels.
    package var from: TelegramUser?
    package var text: String?
    /// Between one person and the bot; else a group or a channel.
    package var isPrivate: Bool
    /// Whose message it answers.
    package var answeredUserID: Int64?
    /// What the message says that it answers, where a bot wrote that.
    package var answeredText: String?
    /// Somebody else's message, passed on.
    package var isForwarded: Bool
    /// Something a person sent that is no text: a picture, a voice message, a place.
    package var isMedia: Bool

    package init?(json: JSONValue) {
        guard let id = json["message_id"]?.intValue, let chat = json["chat"]?["id"]?.intValue else { return nil }
        (self.id, chatID) = (Int64(id), Int64(chat))
        (from, text) = (json["from"].flatMap { TelegramUser(json: $0) }, json["text"]?.stringValue)
        isPrivate = json["chat"]?["type"] == "private"
        answeredUserID = json["reply_to_message"]?["from"]?["id"]?.intValue.map { Int64($0) }
        if json["reply_to_message"]?["from"]?["is_bot"] == true {
            answeredText = json["reply_to_message"]?["text"]?.stringValue
        }
        isForwarded = json["forward_origin"] != nil
        isMedia = json.objectValue?.keys.contains { Self.media.contains($0) } ?? false
    }

    /// The members of `Message` that hold what somebody sent; the rest tells of the chat itself (who came, what was
    /// pinned), and nobody waits for an answer to that.
    private static let media: Set<String> = [
        "animation", "audio", "checklist", "contact", "dice", "document", "game", "location", "paid_media", "photo",
        "poll", "sticker", "story", "venue", "video", "video_note", "voice",
    ]
}

/// A button under a message was pressed.
package struct TelegramCallback: Sendable, Hashable {
    package var id: String
    package var from: TelegramUser
    package var data: String?
    package var chatID: Int64?
    package var messageID: Int64?
    /// The message's text; absent where Telegram keeps it no longer.
    package var messageText: String?

    package init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue, let from = json["from"].flatMap({ TelegramUser(json: $0) }) else {
            return nil
        }
        (self.id, self.from, data) = (id, from, json["data"]?.stringValue)
        chatID = json["message"]?["chat"]?["id"]?.intValue.map { Int64($0) }
        messageID = json["message"]?["message_id"]?.intValue.map { Int64($0) }
        messageText = json["message"]?["text"]?.stringValue
    }
}

package struct InlineButton: Sendable, Hashable {
    /// Bytes of `data` at most.
    package static let maximumDataBytes = 64

    package var text: String
    package var data: String
    package init(text: String, data: String) { (self.text, self.data) = (text, data) }

    /// The reply markup of these buttons in one row.
    package static func keyboard(_ buttons: [InlineButton]) -> JSONValue {
        let row = buttons.map { JSONValue.object(["text": .string($0.text), "callback_data": .string($0.data)]) }
        return ["inline_keyboard": .array([.array(row)])]
    }
}

package struct BotCommand: Sendable, Hashable {
    package var command: String
    package var description: String
    package init(_ command: String, _ description: String) { (self.command, self.description) = (command, description) }
}

package enum ParseMode: String, Sendable, Hashable { case html = "HTML" }
