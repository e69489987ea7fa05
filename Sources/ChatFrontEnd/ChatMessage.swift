import AgentCore
package import AgentMemory

/// What a person wrote, whichever front end it came by.
package struct ChatMessage: Sendable, Hashable {
    /// UTF-16 units that are read of one message: as long as Telegram's longest.
    package static let maximumUnits = 4096

    package var text: String
    package var userID: Int64
    package var chatID: Int64
    /// The same each time this message is worked on, so that what a call changed before a crash is not done again;
    /// `nil` where it is worked on once.
    package var incidentID: String?
    /// The agent's own message that it answers.
    package var answered: String?
    /// Whether another wrote it, and the person has passed it on.
    package var isForwarded = false

    /// - Parameter text: Is cleaned: control characters, the invisible ones that turn text round, and what is too
    ///   long go.
    package init(text: String, userID: Int64, chatID: Int64) {
        (self.text, self.userID, self.chatID) = (Self.cleaned(text), userID, chatID)
    }

    /// The name of the command that it is; `nil` for any other text. In a group Telegram adds the bot's: `/help@name`.
    var command: String? {
        guard text.hasPrefix("/") else { return nil }
        let word = text.dropFirst().prefix { !$0.isWhitespace }
        return word.split(separator: "@").first.map { $0.lowercased() } ?? ""
    }

    var asksToStop: Bool { command == "stop" || ["стоп", "stop"].contains(text.lowercased()) }

    static func cleaned(_ text: String) -> String {
        var units = 0
        let beginning = text.unicodeScalars.prefix { scalar in
            units += scalar.utf16.count
            return units <= maximumUnits
        }
        let whole = VisibleText.of(Substring(beginning)).drop(while: \.isWhitespace)
        return String(whole.reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// An answer, and what is to be remembered with it.
package struct ChatAnswer: Sendable {
    package enum Outcome: Sendable, Hashable { case done, failed, refused }

    package var text: String
    package var outcome: Outcome
    package var exchange: StoredExchange?
    package var sessionID: Int64?
    package var incident: StoredIncident?

    init(_ text: String, _ outcome: Outcome = .done) { (self.text, self.outcome) = (text, outcome) }
}

/// Which language a text is answered in.
enum LanguageOf {
    /// Any Cyrillic letter makes it Russian, any other letter English (`nginx` alone says nothing: a name).
    static func text(_ text: String, otherwise standard: Language) -> Language {
        var words = 0
        for scalar in text.unicodeScalars {
            if (0x0400...0x04FF).contains(scalar.value) { return .russian }
            if scalar == " " { words += 1 }
        }
        let letters = text.unicodeScalars.contains { $0.properties.isAlphabetic }
        return words > 0 && letters && !text.hasPrefix("/") ? .english : standard
    }
}
