package import HTTPClient
package import StrictJSON

/// A typed client of the Bot API: one call, one answer; it neither waits nor repeats.
package struct TelegramClient: Sendable {
    /// Sends a request and gives the whole answer.
    package typealias Transport = @Sendable (HTTPRequest) async throws -> (status: Int, body: [UInt8])

    /// Longest poll; the server holds none longer.
    package static let maximumPoll = Duration.seconds(50)
    /// A poll is given up this long after its answer was due.
    private static let pollSlack = Duration.seconds(15)
    private static let callTimeout = Duration.seconds(30)
    /// "A response stops at about 4 MiB."
    package static let maximumAnswerBytes = 16 << 20

    private let address: String
    private let token: String
    private let proxy: String?
    private let transport: Transport

    /// - Parameter url: Such as `https://api.telegram.org`, without a slash at its end.
    package init(token: String, url: String, proxy: String? = nil, transport: @escaping Transport) {
        (address, self.token) = ("\(url)/bot\(token)/", token)
        (self.proxy, self.transport) = (proxy, transport)
    }

    package func getMe() async throws(TelegramError) -> TelegramUser {
        guard let me = TelegramUser(json: try await call("getMe")) else { throw Self.unexpected("getMe") }
        return me
    }

    /// Waits up to `timeout` for updates. Each is read by itself: one that is odd does not stop the rest.
    package func getUpdates(
        offset: Int64?, timeout: Duration, limit: Int = 100
    ) async throws(TelegramError) -> [TelegramUpdate] {
        let wait = min(timeout, Self.maximumPoll)
        let result = try await call(
            "getUpdates",
            [
                "offset": offset.map { .integer($0) }, "timeout": .integer(wait.components.seconds),
                "limit": JSONValue(limit), "allowed_updates": ["message", "edited_message", "callback_query"],
            ], timeout: wait + Self.pollSlack)
        guard let updates = result.arrayValue else { throw Self.unexpected("getUpdates") }
        return updates.compactMap { TelegramUpdate(json: $0) }
    }

    /// - Parameter text: 1 to 4096 UTF-16 units.
    /// - Returns: the message's id.
    package func sendMessage(
        chatID: Int64, text: String, parseMode: ParseMode? = nil, replyMarkup: JSONValue? = nil
    ) async throws(TelegramError) -> Int64 {
        let result = try await call(
            "sendMessage",
            [
                "chat_id": .integer(chatID), "text": .string(text),
                "parse_mode": parseMode.map { .string($0.rawValue) }, "reply_markup": replyMarkup,
                "link_preview_options": ["is_disabled": true],
            ], repetition: .harmful)
        guard let message = TelegramMessage(json: result) else { throw Self.unexpected("sendMessage") }
        return message.id
    }

    /// Text that is so already is a success. Without `replyMarkup` the buttons go.
    package func editMessageText(
        chatID: Int64, messageID: Int64, text: String, parseMode: ParseMode? = nil, replyMarkup: JSONValue? = nil
    ) async throws(TelegramError) {
        do throws(TelegramError) {
            _ = try await call(
                "editMessageText",
                [
                    "chat_id": .integer(chatID), "message_id": .integer(messageID), "text": .string(text),
                    "parse_mode": parseMode.map { .string($0.rawValue) }, "reply_markup": replyMarkup,
                    "link_preview_options": ["is_disabled": true],
                ])
        } catch {
            guard error.code == .notModified else { throw error }
        }
    }

    package func sendTyping(chatID: Int64) async throws(TelegramError) {
        _ = try await call("sendChatAction", ["chat_id": .integer(chatID), "action": "typing"])
    }

    package func answerCallbackQuery(id: String, text: String? = nil) async throws(TelegramError) {
        _ = try await call("answerCallbackQuery", ["callback_query_id": .string(id), "text": text.map { .string($0) }])
    }

    package func setMyCommands(_ commands: [BotCommand], languageCode: String? = nil) async throws(TelegramError) {
        let list = commands.map {
            JSONValue.object(["command": .string($0.command), "description": .string($0.description)])
        }
        _ = try await call(
            "setMyCommands", ["commands": .array(list), "language_code": languageCode.map { .string($0) }])
    }

    /// Ends a webhook; the updates that wait are kept.
    package func deleteWebhook() async throws(TelegramError) {
        _ = try await call("deleteWebhook", ["drop_pending_updates": false])
    }

    private func call(
        _ method: String, _ parameters: [String: JSONValue?] = [:], timeout: Duration = callTimeout,
        repetition: Repetition = .harmless
    ) async throws(TelegramError) -> JSONValue {
        let request = HTTPRequest(
            method: "POST", url: address + method, headers: [("Content-Type", "application/json")],
            body: JSONValue.object(compacting: parameters).encoded(), timeout: timeout, proxy: proxy,
            maximumBodyBytes: Self.maximumAnswerBytes, repetition: repetition)
        let answer: (status: Int, body: [UInt8])
        do {
            answer = try await transport(request)
        } catch {
            throw failure(of: method, error)
        }
        return try result(of: method, status: answer.status, body: answer.body)
    }

    private func failure(of method: String, _ error: any Error) -> TelegramError {
        if error is CancellationError || Task.isCancelled {
            return TelegramError(.cancelled, "\(method) was cancelled.")
        }
        guard let error = error as? HTTPError else {
            return TelegramError(.network(mayHaveBeenSent: true), "Telegram did not answer \(method).")
        }
        if error.code == .cancelled { return TelegramError(.cancelled, "\(method) was cancelled.") }
        return TelegramError(
            .network(mayHaveBeenSent: error.mayHaveBeenSent),
            "Telegram did not answer \(method): \(clean(error.message))")
    }

    private func result(of method: String, status: Int, body: [UInt8]) throws(TelegramError) -> JSONValue {
        guard let json = try? JSONValue(parsing: body, options: .lenient), let isGood = json["ok"]?.boolValue else {
            // A gateway's word, or a cut one: what became of the call it does not say.
            throw TelegramError(
                .network(mayHaveBeenSent: true), "Telegram's answer to \(method) (\(status)) is not the Bot API's.")
        }
        if isGood, let result = json["result"] { return result }
        guard !isGood else { throw Self.unexpected(method) }
        let parameters = json["parameters"]
        throw TelegramError(
            method: method, status: json["error_code"]?.intValue ?? status,
            description: clean(json["description"]?.stringValue ?? "no reason given"),
            parameters: (parameters?["retry_after"]?.intValue, parameters?["migrate_to_chat_id"]?.intValue))
    }

    /// Should a server or a proxy ever repeat the token, it does not get any further.
    private func clean(_ text: String) -> String {
        text.split(separator: token, omittingEmptySubsequences: false).joined(separator: "(token)")
    }

    private static func unexpected(_ method: String) -> TelegramError {
        TelegramError(.server, "Telegram's answer to \(method) has not the form the Bot API gives it.")
    }
}

/// Whatever holds a client may be printed whole, as a service group does at `debug`: neither the token nor the proxy's
/// password is in it.
extension TelegramClient: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "TelegramClient" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
