package import StrictJSON
import Synchronization

/// The Messages API, strict: what the real one would answer with 400 is, and is recorded.
package final class AnthropicStandIn: Sendable {
    /// What a turn of the model is, or how the server fails.
    package enum Turn: Sendable {
        case text(String)
        /// Names and arguments; ids are made here. A thought comes first, and has to come back unchanged.
        case tools([(name: String, input: JSONValue)], saying: String = "", thinking: String? = nil)
        /// One call, whose arguments are spelled so.
        case spelledTool(String, input: String, reason: String = "tool_use")
        /// A thinking block before the text; it is signed with all that came before it.
        case thinking(String, then: String)
        case stop(reason: String, text: String)
        case error(
            status: Int, type: String, message: String = "as scripted", headers: [(String, String)] = [],
            details: JSONValue? = nil)
        /// An error event after the stream has begun.
        case brokenOff(type: String)
        /// The connection closes in mid-stream.
        case cut
        case hang
        case garbage
    }

    /// One request, read.
    package struct Request: Sendable {
        package var body: JSONValue
        /// The body as it came.
        package var text: String
        package var messages: [JSONValue] { body["messages"]?.arrayValue ?? [] }
        package var system: String { body["system"]?.arrayValue?.first?["text"]?.stringValue ?? "" }
        /// The results of the last message, oldest first.
        package var results: [JSONValue] {
            (messages.last?["content"]?.arrayValue ?? []).filter { $0["type"] == "tool_result" }
        }
    }

    private struct State {
        var script: [Turn] = []
        var requests: [Request] = []
        var violations: [String] = []
        var lastID = 0
        /// The thoughts of the turns in which each tool was called.
        var thoughts: [String: [JSONValue]] = [:]
    }

    package static let key = "sk-ant-test-0123456789abcdef"
    package static let model = "claude-sonnet-5-5"

    private final class Box: Sendable {
        let state = Mutex(State())
        let choose: (@Sendable (Request) -> Turn)?
        init(choose: (@Sendable (Request) -> Turn)?) { self.choose = choose }
    }

    private let server: StandInServer
    private let box: Box

    /// - Parameter script: Turns, one a request; when it is used up, an empty talk ends with "Done."
    package convenience init(script: [Turn], port: UInt16 = 0) throws {
        try self.init(port: port, choose: nil)
        box.state.withLock { $0.script = script }
    }

    /// - Parameter choose: Decides each turn from the request.
    package init(port: UInt16 = 0, choose: (@Sendable (Request) -> Turn)?) throws {
        let box = Box(choose: choose)
        self.box = box
        server = try StandInServer(port: port) { Self.reply(to: $0, box) }
    }

    package var url: String { server.url }
    package var requests: [Request] { box.state.withLock { $0.requests } }
    /// What the client did that the real server refuses, one sentence each.
    package var violations: [String] { box.state.withLock { $0.violations } + server.violations }
    package func stop() { server.stop() }
    /// More turns for a script that is used up.
    package func add(_ script: [Turn]) { box.state.withLock { $0.script += script } }

    // MARK: Answering

    private static func reply(to request: StandInRequest, _ box: Box) -> StandInReply {
        guard request.headers["x-api-key"] == key else {
            return error(401, "authentication_error", "invalid x-api-key")
        }
        if request.method == "GET", request.path == "/v1/models/\(model)" {
            let body: JSONValue = ["type": "model", "id": .string(model), "display_name": "A model"]
            return .json(body.text, headers: [("Date", "Sun, 06 Nov 1994 08:49:37 GMT")])
        }
        guard request.path == "/v1/messages", request.method == "POST" else {
            return error(404, "not_found_error", "Not found")
        }
        let thoughts = box.state.withLock { $0.thoughts }
        if let fault = MessagesRules.fault(in: request, thoughts: thoughts) {
            box.state.withLock { $0.violations.append(fault) }
            return error(400, "invalid_request_error", fault)
        }
        let body = (try? JSONValue(parsing: request.body)) ?? [:]
        guard body["model"]?.stringValue == model else { return error(404, "not_found_error", "model") }
        let read = Request(body: body, text: request.bodyText)
        let turn = box.state.withLock { state -> Turn in
            state.requests.append(read)
            return state.script.isEmpty ? .text("Done.") : state.script.removeFirst()
        }
        return reply(with: box.choose?(read) ?? turn, to: read, box)
    }

    private static func error(
        _ status: Int, _ type: String, _ message: String, headers: [(String, String)] = [], details: JSONValue? = nil
    ) -> StandInReply {
        let error = JSONValue.object(compacting: [
            "type": .string(type), "message": .string(message), "details": details,
        ])
        let body: JSONValue = ["type": "error", "error": error, "request_id": "req_1"]
        return .json(body.text, status: status, headers: headers + [("request-id", "req_1")])
    }

    private static func reply(with turn: Turn, to request: Request, _ box: Box) -> StandInReply {
        switch turn {
        case .error(let status, let type, let message, let headers, let details):
            return error(status, type, message, headers: headers, details: details)
        case .hang: return .hang
        case .garbage: return .garbage(Array("NOT HTTP AT ALL\r\n\r\n".utf8))
        case .cut:
            return stream { writer in
                writer.write(event(start()))
                writer.write(
                    event(["type": "content_block_start", "index": 0, "content_block": ["type": "text", "text": ""]]))
                writer.cut()
            }
        case .brokenOff(let type):
            return stream { writer in
                writer.write(event(start()))
                writer.write(event(["type": "error", "error": ["type": .string(type), "message": "x"]]))
            }
        case .text(let text): return whole([.object(["type": "text", "text": .string(text)])], "end_turn")
        case .stop(let reason, let text): return whole([["type": "text", "text": .string(text)]], reason)
        case .thinking(let thought, let text):
            return whole([signed(thought, request), ["type": "text", "text": .string(text)]], "end_turn")
        case .tools(let calls, let saying, let thinking):
            let thoughts = thinking.map { [signed($0, request)] } ?? []
            let words: [JSONValue] = saying.isEmpty ? [] : [["type": "text", "text": .string(saying)]]
            return whole(thoughts + words + calls.map { toolUse($0.name, $0.input, thoughts, box) }, "tool_use")
        case .spelledTool(let name, let text, let reason):
            return whole([toolUse(name, .string(text), [], box)], reason)
        }
    }

    private static func signed(_ thought: String, _ request: Request) -> JSONValue {
        let signature = ThinkingSignature.of(thought, after: request.messages, [], in: request.body)
        return ["type": "thinking", "thinking": .string(thought), "signature": .string(signature)]
    }

    /// - Parameter input: The arguments, or their text.
    private static func toolUse(_ name: String, _ input: JSONValue, _ thoughts: [JSONValue], _ box: Box) -> JSONValue {
        let id = box.state.withLock { state -> String in
            state.lastID += 1
            state.thoughts["toolu_\(state.lastID)"] = thoughts
            return "toolu_\(state.lastID)"
        }
        return ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
    }

    private static func stream(_ write: @escaping @Sendable (StandInWriter) -> Void) -> StandInReply {
        .stream(status: 200, headers: [("Content-Type", "text/event-stream"), ("request-id", "req_1")], write: write)
    }

    /// The events of a whole turn, in the shapes and the pieces of the real ones.
    private static func whole(_ blocks: [JSONValue], _ reason: String) -> StandInReply {
        stream { writer in
            writer.write(event(start()))
            writer.write(event(["type": "ping"]))
            for (index, block) in blocks.enumerated() {
                for each in events(of: block, at: index) { writer.write(event(each)) }
            }
            writer.write(
                event([
                    "type": "message_delta", "delta": ["stop_reason": .string(reason), "stop_sequence": nil],
                    "usage": ["output_tokens": 20],
                ]))
            writer.write(event(["type": "message_stop"]))
        }
    }

    private static func start() -> JSONValue {
        [
            "type": "message_start",
            "message": [
                "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": .string(model),
                "usage": [
                    "input_tokens": 10, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 2,
                    "output_tokens": 1,
                ],
            ],
        ]
    }

    private static func events(of block: JSONValue, at index: Int) -> [JSONValue] {
        var empty = block.objectValue ?? [:]
        var deltas: [JSONValue] = []
        switch block["type"]?.stringValue {
        case "text":
            empty["text"] = ""
            deltas = pieces(block["text"]?.stringValue ?? "").map { ["type": "text_delta", "text": .string($0)] }
        case "thinking":
            (empty["thinking"], empty["signature"]) = ("", "")
            deltas = [
                ["type": "thinking_delta", "thinking": block["thinking"] ?? ""],
                ["type": "signature_delta", "signature": block["signature"] ?? ""],
            ]
        default:
            empty["input"] = [:]
            // The first piece can be empty.
            deltas = ([""] + pieces(block["input"]?.stringValue ?? block["input"]?.text ?? "{}")).map {
                ["type": "input_json_delta", "partial_json": .string($0)]
            }
        }
        return [["type": "content_block_start", "index": JSONValue(index), "content_block": .object(empty)]]
            + deltas.map { ["type": "content_block_delta", "index": JSONValue(index), "delta": $0] }
            + [["type": "content_block_stop", "index": JSONValue(index)]]
    }

    private static func pieces(_ text: String) -> [String] {
        let characters = Array(text)
        return stride(from: 0, to: characters.count, by: 7).map {
            String(characters[$0..<min($0 + 7, characters.count)])
        }
    }

    private static func event(_ json: JSONValue) -> String {
        "event: \(json["type"]?.stringValue ?? "")\ndata: \(json.text)\n\n"
    }
}

/// The rules of a request that the real server answers with 400 when they are broken.
private enum MessagesRules {
    private static let members: Set<String> = [
        "cache_control", "max_tokens", "messages", "metadata", "model", "output_config", "stop_sequences", "stream",
        "system", "thinking", "tool_choice", "tools",
    ]

    /// - Parameter thoughts: What the model thought before each of its calls.
    static func fault(in request: StandInRequest, thoughts: [String: [JSONValue]]) -> String? {
        guard request.headers["content-type"]?.hasPrefix("application/json") == true else { return "content-type" }
        guard request.headers["anthropic-version"] == "2026-10-21" else { return "anthropic-version" }
        guard let body = try? JSONValue(parsing: request.body), let members = body.objectValue else {
            return "body: no JSON object"
        }
        if let unknown = members.keys.sorted().first(where: { !self.members.contains($0) }) {
            return "\(unknown): Extra inputs are not permitted"
        }
        guard let maximum = body["max_tokens"]?.intValue, maximum > 0 else { return "max_tokens" }
        guard body["stream"] == true else { return "stream" }
        guard let messages = body["messages"]?.arrayValue, !messages.isEmpty else { return "messages: at least one" }
        let tools = body["tools"]?.arrayValue ?? []
        return toolsFault(tools) ?? breakpointsFault(body) ?? messagesFault(messages, hasTools: !tools.isEmpty)
            ?? thinkingFault(messages, body, thoughts)
    }

    /// A thought is bound to all before it, and a call to the thoughts before it.
    private static func thinkingFault(
        _ messages: [JSONValue], _ body: JSONValue, _ thoughts: [String: [JSONValue]]
    ) -> String? {
        for (index, message) in messages.enumerated() where message["role"] == "assistant" {
            let content = message["content"]?.arrayValue ?? []
            for (place, block) in content.enumerated() {
                switch block["type"]?.stringValue {
                case "thinking":
                    let signature = ThinkingSignature.of(
                        block["thinking"]?.stringValue ?? "", after: Array(messages[..<index]),
                        Array(content[..<place]), in: body)
                    if block["signature"]?.stringValue != signature {
                        return "messages.\(index).content.\(place): thinking is bound to a different conversation"
                    }
                case "tool_use":
                    let thought = thoughts[block["id"]?.stringValue ?? ""] ?? []
                    guard content.starts(with: thought) else {
                        return "messages.\(index).content.0: expected `thinking`, but found something else"
                    }
                default: break
                }
            }
        }
        return nil
    }

    private static func toolsFault(_ tools: [JSONValue]) -> String? {
        var names: Set<String> = []
        for tool in tools {
            guard let name = tool["name"]?.stringValue, (1...64).contains(name.utf8.count),
                name.utf8.allSatisfy({
                    $0 == 0x5F || $0 == 0x2D || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                        || (0x61...0x7A).contains($0)
                })
            else { return "tools: name" }
            guard names.insert(name).inserted else { return "tools: names are unique" }
            guard tool["input_schema"]?["type"] == "object" else { return "tools: input_schema.type" }
            if ["anyOf", "oneOf", "allOf"].contains(where: { tool["input_schema"]?[$0] != nil }) {
                return "tools: no anyOf, oneOf or allOf at the root"
            }
            let known: Set = ["name", "description", "input_schema", "strict", "cache_control"]
            if let unknown = tool.objectValue?.keys.first(where: { !known.contains($0) }) { return "tools: \(unknown)" }
        }
        return nil
    }

    private static func breakpointsFault(_ body: JSONValue) -> String? {
        func count(_ value: JSONValue) -> Int {
            switch value {
            case .array(let values): values.reduce(0) { $0 + count($1) }
            case .object(let members):
                members.reduce(0) { $0 + ($1.key == "cache_control" ? 1 : $1.key == "input" ? 0 : count($1.value)) }
            default: 0
            }
        }
        return count(body) > 4 ? "at most 4 blocks with cache_control" : nil
    }

    private static func messagesFault(_ messages: [JSONValue], hasTools: Bool) -> String? {
        guard messages.first?["role"] == "user" else { return "messages: first message must use the user role" }
        guard messages.last?["role"] == "user" else { return "messages: no prefill" }
        var open: [String] = []
        var seen: Set<String> = []
        var previous: String?
        for (index, message) in messages.enumerated() {
            guard let role = message["role"]?.stringValue, ["user", "assistant"].contains(role) else {
                return "messages.\(index): role"
            }
            if role == previous { return "messages.\(index): roles must alternate" }
            previous = role
            guard let content = message["content"]?.arrayValue, !content.isEmpty else {
                return "messages.\(index): content is empty"
            }
            if let fault = blocksFault(content, role, &open, &seen, hasTools) { return "messages.\(index): \(fault)" }
        }
        return nil
    }

    private static func blocksFault(
        _ content: [JSONValue], _ role: String, _ open: inout [String], _ seen: inout Set<String>, _ hasTools: Bool
    ) -> String? {
        var answered: [String] = []
        var sawOther = false
        for block in content {
            switch block["type"]?.stringValue {
            case "text":
                sawOther = true
                guard block["text"]?.stringValue?.isEmpty == false else {
                    return "text content blocks must be non-empty"
                }
            case "tool_use" where role == "assistant":
                guard hasTools, block["input"]?.objectValue != nil, let id = block["id"]?.stringValue else {
                    return "tool_use"
                }
                guard seen.insert(id).inserted else { return "tool_use ids must be unique" }
                open.append(id)
            case "tool_result" where role == "user":
                guard !sawOther else { return "tool_result blocks come first" }
                guard let id = block["tool_use_id"]?.stringValue, open.contains(id) else {
                    return "unexpected tool_use_id"
                }
                guard !answered.contains(id) else { return "each tool_use has a single result" }
                if block["is_error"] == true, block["content"]?.stringValue?.isEmpty != false {
                    return "is_error needs content"
                }
                answered.append(id)
            case "thinking" where role == "assistant": break
            default: return "block type"
            }
        }
        if role == "user" {
            let missing = open.filter { !answered.contains($0) }
            guard missing.isEmpty else { return "tool_use without tool_result: \(missing)" }
            open = []
        }
        return nil
    }
}

/// What the real server signs a thought with, as far as a client can tell: everything that came before it.
private enum ThinkingSignature {
    /// - Parameters:
    ///   - messages: Those before the thought's own.
    ///   - blocks: Those before it in its own message.
    static func of(
        _ thought: String, after messages: [JSONValue], _ blocks: [JSONValue], in body: JSONValue
    ) -> String {
        let parts: [JSONValue] = [
            body["system"] ?? .null, body["tools"] ?? .null, .array(messages), .array(blocks), .string(thought),
        ]
        // FNV-1a, 64 bits.
        let digest = parts.map { unmarked($0).text }.joined().utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return "signed:\(String(digest, radix: 16))"
    }

    /// The marks of the cache may move.
    private static func unmarked(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let values): .array(values.map(unmarked))
        case .object(let members): .object(members.filter { $0.key != "cache_control" }.mapValues(unmarked))
        default: value
        }
    }
}
