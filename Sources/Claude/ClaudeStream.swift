import HTTPClient
import StrictJSON

/// Puts a turn together from the events of its stream.
struct ClaudeStream {
    private struct Block {
        var value: [String: JSONValue]
        var text = ""
        var partialJSON = ""
        var signature: String?
        var isOpen = true
    }

    /// Why a turn may end in the middle of a call's arguments.
    private static let cuttingReasons: Set<String> = ["max_tokens", "model_context_window_exceeded", "refusal"]

    private var blocks: [Int: Block] = [:]
    private var usage: [String: Int] = [:]
    private var stopReason: String?
    private var isWhole = false

    /// - Throws: ``ClaudeError`` for an error that comes in mid-stream, or an event that cannot be read.
    mutating func receive(_ event: ServerSentEvents.Event) throws(ClaudeError) {
        guard let json = try? JSONValue(parsing: event.data, options: .lenient) else {
            throw ClaudeError(.unavailable, "Claude's stream has an event that is no JSON.")
        }
        switch json["type"]?.stringValue {
        case "message_start": take(usage: json["message"]?["usage"])
        case "content_block_start":
            guard let index = json["index"]?.intValue, let block = json["content_block"]?.objectValue else { return }
            blocks[index] = Block(
                value: block, text: block["text"]?.stringValue ?? block["thinking"]?.stringValue ?? "")
        case "content_block_delta": receive(delta: json["delta"], index: json["index"]?.intValue ?? -1)
        case "content_block_stop": blocks[json["index"]?.intValue ?? -1]?.isOpen = false
        case "message_delta":
            stopReason = json["delta"]?["stop_reason"]?.stringValue ?? stopReason
            take(usage: json["usage"])
        case "message_stop": isWhole = true
        case "error":
            let type = json["error"]?["type"]?.stringValue ?? "error"
            throw ClaudeError(.unavailable, "Claude broke the answer off: \(type.prefix(64)).")
        // Pings, and what this program has never heard of.
        default: break
        }
    }

    private mutating func receive(delta: JSONValue?, index: Int) {
        switch delta?["type"]?.stringValue {
        case "text_delta": blocks[index]?.text += delta?["text"]?.stringValue ?? ""
        case "thinking_delta": blocks[index]?.text += delta?["thinking"]?.stringValue ?? ""
        case "input_json_delta": blocks[index]?.partialJSON += delta?["partial_json"]?.stringValue ?? ""
        case "signature_delta": blocks[index]?.signature = delta?["signature"]?.stringValue
        default: break
        }
    }

    private mutating func take(usage json: JSONValue?) {
        for (name, value) in json?.objectValue ?? [:] { usage[name] = value.intValue ?? usage[name] }
    }

    /// The whole turn.
    ///
    /// - Throws: ``ClaudeError`` where the stream ended before `message_stop`: none of its tools may run.
    func turn() throws(ClaudeError) -> ClaudeTurn {
        guard isWhole, let stopReason, !blocks.values.contains(where: \.isOpen) else {
            throw ClaudeError(.unavailable, "Claude's answer was cut off.")
        }
        var content: [ClaudeBlock] = []
        for (_, block) in blocks.sorted(by: { $0.key < $1.key }) {
            if let value = try value(of: block) { content.append(value) }
        }
        return ClaudeTurn(
            content: content, stopReason: stopReason, inputTokens: usage["input_tokens"] ?? 0,
            cacheWriteTokens: usage["cache_creation_input_tokens"] ?? 0,
            cacheReadTokens: usage["cache_read_input_tokens"] ?? 0, outputTokens: usage["output_tokens"] ?? 0)
    }

    private func value(of block: Block) throws(ClaudeError) -> ClaudeBlock? {
        var value = block.value
        switch value["type"]?.stringValue {
        case "text":
            // A text block of white space alone may not be sent back.
            if block.text.allSatisfy(\.isWhitespace) { return nil }
            value["text"] = .string(block.text)
        case "thinking":
            value["thinking"] = .string(block.text)
            if let signature = block.signature { value["signature"] = .string(signature) }
        case "tool_use":
            let text = block.partialJSON.isEmpty ? value["input"]?.text ?? "" : block.partialJSON
            guard let input = try? JSONValue(parsing: text, options: .lenient), input.objectValue != nil else {
                // The turn is whole, and its last call is not: what stands in its place never runs.
                if Self.cuttingReasons.contains(stopReason ?? "") {
                    return ClaudeBlock(value, input: [:], spelled: "{}")
                }
                throw ClaudeError(.unavailable, "Claude's tool call has no readable arguments.")
            }
            return ClaudeBlock(value, input: input, spelled: text)
        default: break
        }
        return ClaudeBlock(.object(value))
    }
}
