import Telegram

/// Who the bot is, asked once: in a group it answers only what is said to it.
actor BotIdentity {
    private let client: TelegramClient
    private var me: TelegramUser?

    init(client: TelegramClient) { self.client = client }

    /// In a group: a command that names no other bot, an answer to the bot's own message, or its name in the text.
    func isAddressed(by message: TelegramMessage) async -> Bool {
        guard !message.isPrivate else { return true }
        let text = message.text ?? ""
        let command = text.hasPrefix("/") ? text.prefix { !$0.isWhitespace }.lowercased() : nil
        if let command, !command.contains("@") { return true }
        guard let me = await whoAmI() else { return false }
        if let name = me.username?.lowercased() {
            if let command { return command.hasSuffix("@\(name)") }
            if Self.mention(of: name, in: text) != nil { return true }
        }
        return message.answeredUserID == me.id
    }

    /// The text without the name it began with or held: "@devops_bot nginx is down" is about nginx alone.
    func withoutMention(_ text: String) -> String {
        guard !text.hasPrefix("/"), let name = me?.username?.lowercased(), let range = Self.mention(of: name, in: text)
        else { return text }
        return text.replacingCharacters(in: range, with: " ")
    }

    private func whoAmI() async -> TelegramUser? {
        if me == nil { me = try? await client.getMe() }
        return me
    }

    private static func mention(of name: String, in text: String) -> Range<String.Index>? {
        var start = text.startIndex
        while let at = text[start...].firstIndex(of: "@") {
            let end = text[text.index(after: at)...].firstIndex { !($0.isLetter || $0.isNumber || $0 == "_") }
            let range = at..<(end ?? text.endIndex)
            if text[range].dropFirst().lowercased() == name { return range }
            start = range.upperBound
        }
        return nil
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
