package import StrictJSON
import Synchronization

/// The Bot API, strict: what the real one refuses is refused in its own words, and recorded.
package final class TelegramStandIn: Sendable {
    package static let token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawc"
    package static let botID = 123_456_789

    /// A message the bot has sent, as it reads after the last edit.
    package struct Sent: Sendable {
        package var id: Int
        package var chatID: Int
        package var text: String
        package var buttons: [(text: String, data: String)]
        package var edits: Int
    }

    /// How the next call of a method fails.
    package enum Fault: Sendable {
        case error(code: Int, description: String, parameters: JSONValue? = nil)
        case closeBeforeAnswer
        /// The call is carried out, and its answer is lost.
        case answerLost
        case notJSON
    }

    private struct State {
        var token = TelegramStandIn.token
        var updates: [(id: Int, json: JSONValue)] = []
        var nextUpdate = 1000
        var nextMessage = 1
        var sent: [Sent] = []
        var calls: [String] = []
        var violations: [String] = []
        var faults: [String: [Fault]] = [:]
        var answeredCallbacks: Set<String> = []
        var pollNumber = 0
        var waiters: [(matches: @Sendable (Sent) -> Bool, continuation: CheckedContinuation<Sent, Never>)] = []
        var polled: [CheckedContinuation<Void, Never>] = []
    }

    private final class Box: Sendable { let state = Mutex(State()) }

    private let box = Box()
    private let server: StandInServer

    /// - Parameters:
    ///   - port: 0 takes any that is free.
    ///   - firstUpdate: The id of the first update; a bot that has seen later ones would not get it.
    package init(port: UInt16 = 0, firstUpdate: Int = 1000) throws {
        box.state.withLock { $0.nextUpdate = firstUpdate }
        server = try StandInServer(port: port) { [box] in TelegramStandIn.reply(to: $0, box) }
    }

    package var url: String { server.url }
    package func stop() { server.stop() }
    package var violations: [String] { box.state.withLock { $0.violations } + server.violations }
    package var sent: [Sent] { box.state.withLock { $0.sent } }
    /// Methods in the order they were called.
    package var calls: [String] { box.state.withLock { $0.calls } }
    /// Updates that were not confirmed.
    package var unconfirmed: Int { box.state.withLock { $0.updates.count } }

    package func fail(_ method: String, _ faults: Fault...) {
        box.state.withLock { $0.faults[method, default: []] += faults }
    }

    /// BotFather's /revoke: from now on only `token` is accepted.
    package func revokeToken(for token: String) { box.state.withLock { $0.token = token } }

    // MARK: People

    /// Somebody writes to the bot in a private chat or a group, perhaps in answer to an earlier message: one of theirs
    /// with this text, or one of the bot's, with that one.
    @discardableResult
    package func send(
        _ text: String, from user: Int = 7, inAnswerTo earlier: String? = nil, in group: Int? = nil,
        answersBot: Bool = false
    ) -> Int {
        var members: [String: JSONValue] = ["text": .string(text)]
        if earlier != nil || answersBot {
            members["reply_to_message"] = .object(
                Self.message(1, answersBot ? Self.botID : user, group, ["text": .string(earlier ?? "an answer")]))
        }
        return deliver(members, from: user, in: group)
    }

    /// A message with any members, such as `photo`; or an edited one.
    @discardableResult
    package func deliver(
        _ members: [String: JSONValue], from user: Int = 7, in group: Int? = nil, as kind: String = "message"
    ) -> Int {
        box.state.withLock { state in
            defer { state.nextMessage += 1 }
            return Self.add([kind: .object(Self.message(state.nextMessage, user, group, members))], &state)
        }
    }

    private static func message(
        _ id: Int, _ from: Int, _ group: Int?, _ members: [String: JSONValue]
    ) -> [String: JSONValue] {
        let chat: JSONValue =
            group.map { ["id": JSONValue($0), "type": "supergroup", "title": "Team"] }
            ?? ["id": JSONValue(from), "type": "private", "first_name": "Test"]
        return members.merging([
            "message_id": JSONValue(id), "date": 1_795_000_000, "from": user(from), "chat": chat,
        ]) { $1 }
    }

    /// Somebody presses a button of a message.
    package func tap(_ data: String, on message: Sent, from user: Int = 7) {
        box.state.withLock { state in
            let callback: JSONValue = [
                "id": .string("cb\(state.nextUpdate)"), "from": Self.user(user), "chat_instance": "1",
                "data": .string(data),
                "message": [
                    "message_id": JSONValue(message.id), "date": 1_795_000_000,
                    "chat": ["id": JSONValue(message.chatID), "type": message.chatID > 0 ? "private" : "supergroup"],
                    "text": .string(message.text),
                ],
            ]
            Self.add(["callback_query": callback], &state)
        }
    }

    /// Waits for a message, or an edit of one, that matches.
    package func waitForMessage(where matches: @escaping @Sendable (Sent) -> Bool) async -> Sent {
        await withCheckedContinuation { continuation in
            let found = box.state.withLock { state -> Sent? in
                if let sent = state.sent.first(where: matches) { return sent }
                state.waiters.append((matches, continuation))
                return nil
            }
            if let found { continuation.resume(returning: found) }
        }
    }

    /// Waits for the next poll to arrive.
    package func waitForPoll() async {
        await withCheckedContinuation { continuation in box.state.withLock { $0.polled.append(continuation) } }
    }

    private static func user(_ id: Int) -> JSONValue {
        ["id": JSONValue(id), "is_bot": .bool(id == botID), "first_name": "Test", "language_code": "ru"]
    }

    @discardableResult
    private static func add(_ content: [String: JSONValue], _ state: inout State) -> Int {
        let id = state.nextUpdate
        state.nextUpdate += 1
        state.updates.append((id, .object(content.merging(["update_id": JSONValue(id)]) { $1 })))
        return id
    }

    // MARK: Answering

    private static func reply(to request: StandInRequest, _ box: Box) -> StandInReply {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].hasPrefix("bot") else { return error(404, "Not Found") }
        guard parts[0] == "bot\(box.state.withLock { $0.token })" else { return error(401, "Unauthorized") }
        let method = String(parts[1])
        guard let rules = BotMethod.all[method] else {
            return violation("unknown method \(method)", box, 404, "Not Found: method not found")
        }
        guard let params = parameters(of: request), let fault = Optional(rules.fault(in: params)) else {
            return violation("\(method): the body is no JSON object", box, 400, "Bad Request: can't parse JSON")
        }
        if let fault { return violation("\(method): \(fault)", box, 400, "Bad Request: \(fault)") }
        let scripted = box.state.withLock { state -> Fault? in
            state.calls.append(method)
            guard state.faults[method]?.isEmpty == false else { return nil }
            return state.faults[method]?.removeFirst()
        }
        switch scripted {
        case .error(let code, let description, let parameters): return error(code, description, parameters)
        case .closeBeforeAnswer: return .closeBeforeAnswer
        case .notJSON: return .text("<html>502 Bad Gateway</html>", status: 502)
        case .answerLost:
            _ = perform(method, params, box)
            return .closeBeforeAnswer
        case nil: return perform(method, params, box)
        }
    }

    private static func parameters(of request: StandInRequest) -> [String: JSONValue]? {
        if request.body.isEmpty { return [:] }
        guard request.headers["content-type"]?.hasPrefix("application/json") == true else { return nil }
        return (try? JSONValue(parsing: request.body))?.objectValue
    }

    private static func violation(_ sentence: String, _ box: Box, _ code: Int, _ description: String) -> StandInReply {
        box.state.withLock { $0.violations.append(sentence) }
        return error(code, description)
    }

    private static func error(_ code: Int, _ description: String, _ parameters: JSONValue? = nil) -> StandInReply {
        let body = JSONValue.object(compacting: [
            "ok": false, "error_code": JSONValue(code), "description": .string(description), "parameters": parameters,
        ])
        return .json(body.text, status: code)
    }

    private static func good(_ result: JSONValue) -> StandInReply {
        .json(JSONValue.object(["ok": true, "result": result]).text)
    }

    private static func perform(_ method: String, _ params: [String: JSONValue], _ box: Box) -> StandInReply {
        switch method {
        case "getMe": good(["id": JSONValue(botID), "is_bot": true, "first_name": "DevOps", "username": "devops_bot"])
        case "getUpdates": poll(params, box)
        case "sendMessage": sendMessage(params, box)
        case "editMessageText": edit(params, box)
        case "answerCallbackQuery": good(true)
        default: good(true)
        }
    }

    /// Confirms what lies below the offset; waits for something to give, or until a newer poll comes.
    private static func poll(_ params: [String: JSONValue], _ box: Box) -> StandInReply {
        let (number, waiting) = box.state.withLock { state -> (Int, [CheckedContinuation<Void, Never>]) in
            state.pollNumber += 1
            if let offset = params["offset"]?.intValue { state.updates.removeAll { $0.id < offset } }
            defer { state.polled = [] }
            return (state.pollNumber, state.polled)
        }
        for continuation in waiting { continuation.resume() }
        let timeout = params["timeout"]?.intValue ?? 0
        return .stream(status: 200, headers: [("Content-Type", "application/json")]) { writer in
            let deadline = ContinuousClock.now + .seconds(timeout)
            while writer.isOpen {
                let (updates, isOld) = box.state.withLock { ($0.updates.map(\.json), $0.pollNumber != number) }
                if isOld {
                    let body: JSONValue = [
                        "ok": false, "error_code": 409,
                        "description":
                            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                    ]
                    return writer.write(body.text)
                }
                if !updates.isEmpty || .now >= deadline {
                    return writer.write(JSONValue.object(["ok": true, "result": .array(updates)]).text)
                }
                writer.pause(.milliseconds(5))
            }
        }
    }

    private static func sendMessage(_ params: [String: JSONValue], _ box: Box) -> StandInReply {
        let chat = params["chat_id"]?.intValue ?? 0
        let id = box.state.withLock { state -> Int in
            defer { state.nextMessage += 1 }
            return state.nextMessage
        }
        publish(
            Sent(id: id, chatID: chat, text: params["text"]?.stringValue ?? "", buttons: buttons(params), edits: 0), box
        )
        return good(message(id, chat, params))
    }

    private static func edit(_ params: [String: JSONValue], _ box: Box) -> StandInReply {
        let id = params["message_id"]?.intValue ?? 0
        let known = box.state.withLock { $0.sent.first { $0.id == id } }
        guard var sent = known else { return error(400, "Bad Request: message to edit not found") }
        let text = params["text"]?.stringValue ?? ""
        let buttons = buttons(params)
        if text == sent.text, buttons.map(\.data) == sent.buttons.map(\.data) {
            return error(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
            )
        }
        (sent.text, sent.buttons, sent.edits) = (text, buttons, sent.edits + 1)
        publish(sent, box)
        return good(message(id, sent.chatID, params))
    }

    private static func publish(_ sent: Sent, _ box: Box) {
        let ready = box.state.withLock { state -> [CheckedContinuation<Sent, Never>] in
            state.sent.removeAll { $0.id == sent.id }
            state.sent.append(sent)
            let matching = state.waiters.filter { $0.matches(sent) }.map(\.continuation)
            state.waiters.removeAll { $0.matches(sent) }
            return matching
        }
        for continuation in ready { continuation.resume(returning: sent) }
    }

    private static func message(_ id: Int, _ chat: Int, _ params: [String: JSONValue]) -> JSONValue {
        [
            "message_id": JSONValue(id), "date": 1_795_000_000, "chat": ["id": JSONValue(chat), "type": "private"],
            "from": ["id": JSONValue(botID), "is_bot": true, "first_name": "DevOps"], "text": params["text"] ?? "",
        ]
    }

    private static func buttons(_ params: [String: JSONValue]) -> [(text: String, data: String)] {
        let rows = params["reply_markup"]?["inline_keyboard"]?.arrayValue ?? []
        return rows.flatMap { $0.arrayValue ?? [] }.map {
            ($0["text"]?.stringValue ?? "", $0["callback_data"]?.stringValue ?? "")
        }
    }
}

/// The methods this bot uses, with what the official description says of their parameters (Bot API 10.3).
private struct BotMethod {
    enum Kind { case integer, string, bool, object, array }

    let required: [String: Kind]
    let optional: [String: Kind]
    var check: @Sendable ([String: JSONValue]) -> String? = { _ in nil }

    static let all: [String: BotMethod] = [
        "getMe": BotMethod(required: [:], optional: [:]),
        "getUpdates": BotMethod(
            required: [:],
            optional: ["offset": .integer, "limit": .integer, "timeout": .integer, "allowed_updates": .array],
            check: { params in
                let limit = params["limit"]?.intValue ?? 100
                return (1...100).contains(limit) ? nil : "limit is from 1 to 100"
            }),
        "sendMessage": BotMethod(required: ["chat_id": .integer, "text": .string], optional: message, check: text),
        "editMessageText": BotMethod(
            required: ["text": .string],
            optional: [
                "chat_id": .integer, "message_id": .integer, "inline_message_id": .string, "parse_mode": .string,
                "entities": .array, "link_preview_options": .object, "reply_markup": .object,
            ],
            check: {
                text($0)
                    ?? ($0["chat_id"] == nil || $0["message_id"] == nil ? "message identifier is not specified" : nil)
            }),
        "sendChatAction": BotMethod(
            required: ["chat_id": .integer, "action": .string], optional: ["message_thread_id": .integer],
            check: { $0["action"] == "typing" ? nil : "wrong parameter action in request" }),
        "answerCallbackQuery": BotMethod(
            required: ["callback_query_id": .string],
            optional: ["text": .string, "show_alert": .bool, "url": .string, "cache_time": .integer],
            check: { ($0["text"]?.stringValue?.count ?? 0) <= 200 ? nil : "text is too long" }),
        "setMyCommands": BotMethod(
            required: ["commands": .array], optional: ["scope": .object, "language_code": .string], check: commands),
        "deleteWebhook": BotMethod(required: [:], optional: ["drop_pending_updates": .bool]),
    ]

    private static let message: [String: Kind] = [
        "parse_mode": .string, "entities": .array, "link_preview_options": .object, "reply_markup": .object,
        "disable_notification": .bool, "protect_content": .bool, "reply_parameters": .object,
    ]

    func fault(in params: [String: JSONValue]) -> String? {
        for (name, kind) in required {
            guard let value = params[name] else { return "parameter \(name) is required" }
            guard Self.isKind(value, kind) else { return "parameter \(name) has the wrong type" }
        }
        for (name, value) in params where required[name] == nil {
            guard let kind = optional[name] else { return "unknown parameter \(name)" }
            guard Self.isKind(value, kind) else { return "parameter \(name) has the wrong type" }
        }
        return check(params)
    }

    private static func isKind(_ value: JSONValue, _ kind: Kind) -> Bool {
        switch kind {
        case .integer: value.intValue != nil
        case .string: value.stringValue != nil
        case .bool: value.boolValue != nil
        case .object: value.objectValue != nil
        case .array: value.arrayValue != nil
        }
    }

    @Sendable private static func text(_ params: [String: JSONValue]) -> String? {
        let text = params["text"]?.stringValue ?? ""
        let isBlank = text.allSatisfy(\.isWhitespace)
        if isBlank { return "message text is empty" }
        if text.unicodeScalars.count > 4096 { return "message is too long" }
        if params["parse_mode"] == "HTML", let fault = entities(text) { return "can't parse entities: \(fault)" }
        for row in params["reply_markup"]?["inline_keyboard"]?.arrayValue ?? [] {
            for button in row.arrayValue ?? [] {
                guard let data = button["callback_data"]?.stringValue, (1...64).contains(data.utf8.count),
                    button["text"]?.stringValue?.isEmpty == false
                else { return "BUTTON_DATA_INVALID" }
            }
        }
        return nil
    }

    private static let tags: Set<String> = [
        "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote", "tg-spoiler",
    ]

    /// Known tags, closed in order; entities of the four kinds.
    private static func entities(_ text: String) -> String? {
        var open: [String] = []
        var rest = text[...]
        while let index = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
            let tail = rest[index...]
            if rest[index] == "&" {
                guard let end = tail.prefix(10).firstIndex(of: ";") else { return "unexpected end of entity" }
                rest = rest[rest.index(after: end)...]
                continue
            }
            guard let end = tail.firstIndex(of: ">") else { return "unclosed start tag" }
            let inside = rest[rest.index(after: index)..<end]
            let name = inside.drop { $0 == "/" }.prefix { $0 != " " }.lowercased()
            guard tags.contains(name) else { return "unsupported start tag \"\(name)\"" }
            if inside.hasPrefix("/") {
                guard open.popLast() == name else { return "unexpected end tag" }
            } else {
                open.append(name)
            }
            rest = rest[rest.index(after: end)...]
        }
        return open.isEmpty ? nil : "can't find end tag corresponding to start tag \(open.last ?? "")"
    }

    @Sendable private static func commands(_ params: [String: JSONValue]) -> String? {
        for command in params["commands"]?.arrayValue ?? [] {
            let name = command["command"]?.stringValue ?? ""
            let isGood =
                (1...32).contains(name.count)
                && name.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
            guard isGood, (1...256).contains(command["description"]?.stringValue?.count ?? 0) else {
                return "BOT_COMMAND_INVALID"
            }
        }
        return nil
    }
}
