/// Why a call did not succeed. The token is in none of its words.
package struct TelegramError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// 401, or 404 for a token that has not the form of one: final.
        case badToken
        /// 403: the bot was blocked, kicked, or the user is gone.
        case forbidden
        /// 409: another program polls with this token.
        case conflict
        /// 409: a webhook is set, and `deleteWebhook` ends it.
        case webhookSet
        /// 429: nothing is accepted for so long.
        case flood(retryAfter: Duration)
        /// 400 `message is not modified`: what was wanted is so already.
        case notModified
        /// 400: the message to be edited is gone, or is not to be edited.
        case cannotEdit
        /// 400: the query is too old.
        case queryExpired
        /// 400 `can't parse entities`.
        case badEntities
        /// 400: the chat has another id now.
        case migrated(to: Int64)
        case badRequest
        /// 5xx: Telegram says that it failed.
        case server
        /// No answer of the Bot API's; the call may have been carried out or not.
        case network(mayHaveBeenSent: Bool)
        case cancelled
    }

    package var code: Code
    /// One sentence.
    package var message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    package var description: String { message }

    /// Whether the same call may succeed later.
    package var isTransient: Bool {
        switch code {
        case .conflict, .flood, .server, .network: true
        default: false
        }
    }
}

extension TelegramError {
    /// Reads the code out of what the server said: its numbers first, its words where a number says too little.
    init(method: String, status: Int, description: String, parameters: (retryAfter: Int?, migrateTo: Int?)) {
        let words = description.lowercased()
        let code: Code =
            switch status {
            case 401, 404: .badToken
            case 403: .forbidden
            case 409: words.contains("webhook") ? .webhookSet : .conflict
            case 429: .flood(retryAfter: .seconds(min(max(parameters.retryAfter ?? 1, 1), 3600)))
            case 500...: .server
            default: Self.meaning(of: words, migrateTo: parameters.migrateTo)
            }
        self.init(code, "Telegram refused \(method) (\(status)): \(String(description.prefix(300)))")
    }

    private static func meaning(of words: String, migrateTo: Int?) -> Code {
        if let migrateTo { return .migrated(to: Int64(migrateTo)) }
        return meanings.first { words.contains($0.0) }?.1 ?? .badRequest
    }

    private static let meanings: [(String, Code)] = [
        ("message is not modified", .notModified),
        ("message to edit not found", .cannotEdit),
        ("message can't be edited", .cannotEdit),
        ("query is too old", .queryExpired),
        ("query id is invalid", .queryExpired),
        ("can't parse entities", .badEntities),
    ]
}
