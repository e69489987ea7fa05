package import ExecutorAPI
package import StrictJSON

/// What thinks: Claude, or the built-in brain.
package protocol Model: Sendable {
    /// What the answer names it by, such as `claude-sonnet-5-5` or `built-in`.
    var name: String { get }

    /// One turn. Cancelling the task ends the request.
    ///
    /// - Throws: ``ModelError``; nothing of a turn that failed half-way is returned.
    func respond(to prompt: ModelPrompt) async throws -> ModelTurn
}

/// All a model is given. Append-only while an incident lasts: earlier bytes never change.
package struct ModelPrompt: Sendable {
    package var system: String
    /// In a fixed order.
    package var tools: [ToolDefinition]
    package var messages: [ModelMessage]

    package init(system: String, tools: [ToolDefinition], messages: [ModelMessage]) {
        (self.system, self.tools, self.messages) = (system, tools, messages)
    }
}

package struct ModelMessage: Sendable, Hashable {
    package enum Role: String, Sendable, Hashable { case user, assistant }

    package var role: Role
    package var content: [ModelContent]

    package init(_ role: Role, _ content: [ModelContent]) {
        (self.role, self.content) = (role, content)
    }
}

package enum ModelContent: Sendable, Hashable {
    case text(String)
    case toolUse(ToolCall)
    case toolResult(id: String, text: String, isError: Bool)
    /// A block this program does not read (thinking), replayed exactly as it came.
    case opaque(JSONValue)
}

/// A tool the model asks for.
package struct ToolCall: Sendable, Hashable {
    package var id: String
    package var name: String
    package var arguments: [String: JSONValue]
    /// The call as the model spelled it, in its own protocol; replayed as it came. `nil` where it was made here.
    package var spelling: String?

    package init(id: String, name: String, arguments: [String: JSONValue], spelling: String? = nil) {
        (self.id, self.name, self.arguments, self.spelling) = (id, name, arguments, spelling)
    }
}

package struct ModelTurn: Sendable, Hashable {
    package enum Stop: Sendable, Hashable {
        case endTurn
        case toolUse
        case maxTokens
        case refusal
        case pause
        case contextFull
    }

    package var content: [ModelContent]
    package var stop: Stop
    package var usage: ModelUsage

    package init(content: [ModelContent], stop: Stop, usage: ModelUsage = ModelUsage()) {
        (self.content, self.stop, self.usage) = (content, stop, usage)
    }

    package var text: String {
        content.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
    }

    package var toolCalls: [ToolCall] { content.compactMap { if case .toolUse(let call) = $0 { call } else { nil } } }
}

package struct ModelUsage: Sendable, Hashable {
    package var inputTokens: Int
    package var cacheWriteTokens: Int
    package var cacheReadTokens: Int
    package var outputTokens: Int

    package init(inputTokens: Int = 0, cacheWriteTokens: Int = 0, cacheReadTokens: Int = 0, outputTokens: Int = 0) {
        (self.inputTokens, self.cacheWriteTokens) = (inputTokens, cacheWriteTokens)
        (self.cacheReadTokens, self.outputTokens) = (cacheReadTokens, outputTokens)
    }

    package static func + (a: ModelUsage, b: ModelUsage) -> ModelUsage {
        ModelUsage(
            inputTokens: a.inputTokens + b.inputTokens, cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
            cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens, outputTokens: a.outputTokens + b.outputTokens)
    }
}

/// Why a model gave no turn.
package struct ModelError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// Out of reach, overloaded or failing after every retry: the built-in brain takes over.
        case unavailable
        /// It used up the time of its turn.
        case tooSlow
        /// The key is refused, or may not use the model: the owner has to act.
        case unauthorized
        /// The configured model, of this name, does not exist.
        case unknownModel(String)
        /// The account's limit is spent.
        case spent
        /// The incident has used as many tokens as it may.
        case incidentSpent(limit: Int)
        /// The request was refused as wrong: a defect here.
        case badRequest
    }

    package var code: Code
    /// One English sentence for the journal; a person reads ``ReportText``'s. No secret, no body.
    package var message: String

    package init(_ code: Code, _ message: String) {
        (self.code, self.message) = (code, message)
    }
}
