package import AgentCore
package import Claude
import ExecutorAPI
import StrictJSON

/// Claude behind the loop's own words.
package struct ClaudeModel: Model {
    private let client: ClaudeClient

    package init(client: ClaudeClient) { self.client = client }

    package var name: String { client.configuration.model }

    package func respond(to prompt: ModelPrompt) async throws -> ModelTurn {
        let request = ClaudeRequest(
            system: prompt.system, tools: prompt.tools.map(Self.json), messages: prompt.messages.map(Self.message))
        do throws(ClaudeError) {
            return Self.turn(try await client.respond(to: request))
        } catch {
            switch error.code {
            case .cancelled: throw CancellationError()
            // The same as the API's reason to stop for a prompt that just fits: the loop shortens the talk.
            case .tooLong: return ModelTurn(content: [], stop: .contextFull)
            default: throw ModelError(code(error.code), error.message)
            }
        }
    }

    // MARK: To the API

    private static func json(_ tool: ToolDefinition) -> JSONValue {
        ["name": .string(tool.name), "description": .string(tool.description), "input_schema": tool.inputSchema]
    }

    private static func message(_ message: ModelMessage) -> ClaudeMessage {
        // Results stand first in their message, and an empty text block is refused.
        let results = message.content.filter(\.isResult)
        let rest = message.content.filter { !$0.isResult && $0 != .text("") }
        return ClaudeMessage(role: message.role.rawValue, content: (results + rest).map(block))
    }

    private static func block(_ content: ModelContent) -> ClaudeBlock {
        switch content {
        case .text(let text): ClaudeBlock(["type": "text", "text": .string(text)])
        case .toolUse(let call): call.spelling.flatMap { ClaudeBlock(text: $0) } ?? ClaudeBlock(json(call))
        case .toolResult(let id, let text, let isError):
            ClaudeBlock([
                "type": "tool_result", "tool_use_id": .string(id), "is_error": .bool(isError),
                "content": .string(text.isEmpty ? "(no output)" : text),
            ])
        case .opaque(let block): ClaudeBlock(block)
        }
    }

    private static func json(_ call: ToolCall) -> JSONValue {
        ["type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": .object(call.arguments)]
    }

    // MARK: From the API

    private static func turn(_ turn: ClaudeTurn) -> ModelTurn {
        ModelTurn(
            content: turn.content.map(content), stop: stop(turn.stopReason),
            usage: ModelUsage(
                inputTokens: turn.inputTokens, cacheWriteTokens: turn.cacheWriteTokens,
                cacheReadTokens: turn.cacheReadTokens, outputTokens: turn.outputTokens))
    }

    private static func content(_ received: ClaudeBlock) -> ModelContent {
        let block = received.value
        return switch block["type"]?.stringValue {
        // With citations or anything else beside the text, the block is replayed as it came.
        case "text" where block.objectValue?.count == 2: .text(block["text"]?.stringValue ?? "")
        case "tool_use":
            .toolUse(
                ToolCall(
                    id: block["id"]?.stringValue ?? "", name: block["name"]?.stringValue ?? "",
                    arguments: block["input"]?.objectValue ?? [:], spelling: received.text))
        default: .opaque(block)
        }
    }

    private static func stop(_ reason: String) -> ModelTurn.Stop {
        switch reason {
        case "tool_use": .toolUse
        case "max_tokens": .maxTokens
        case "refusal": .refusal
        case "pause_turn": .pause
        case "model_context_window_exceeded": .contextFull
        default: .endTurn
        }
    }

    private func code(_ code: ClaudeError.Code) -> ModelError.Code {
        switch code {
        case .unauthorized: .unauthorized
        case .unknownModel: .unknownModel(name)
        case .spent: .spent
        case .badRequest, .tooLong: .badRequest
        case .unavailable, .cancelled: .unavailable
        }
    }
}

extension ModelContent {
    fileprivate var isResult: Bool { if case .toolResult = self { true } else { false } }
}
