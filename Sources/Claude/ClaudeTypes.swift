package import StrictJSON

/// Where and as whom the Messages API is used.
package struct ClaudeConfiguration: Sendable {
    package var apiKey: String
    package var model: String
    package var baseURL: String
    package var proxy: String?
    /// Tokens of one answer.
    package var maxTokens: Int
    /// How often a request is made in all, when it fails in a way that passes.
    package var maximumAttempts: Int
    /// Longest silence within a stream; the server pings more often.
    package var idleTimeout: Duration

    package init(
        apiKey: String, model: String, baseURL: String = "https://api.anthropic.com", proxy: String? = nil,
        maxTokens: Int = 8192, maximumAttempts: Int = 5, idleTimeout: Duration = .seconds(60)
    ) {
        (self.apiKey, self.model, self.baseURL, self.proxy) = (apiKey, model, baseURL, proxy)
        (self.maxTokens, self.maximumAttempts, self.idleTimeout) = (maxTokens, maximumAttempts, idleTimeout)
    }
}

/// Printed whole, it shows neither the key nor the proxy's password.
extension ClaudeConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "ClaudeConfiguration(\(model))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["model": model]) }
}

/// One turn that is asked for, in the API's own words.
package struct ClaudeRequest: Sendable {
    package var system: String
    /// `{name, description, input_schema}` each, in a fixed order.
    package var tools: [JSONValue]
    package var messages: [ClaudeMessage]

    package init(system: String, tools: [JSONValue], messages: [ClaudeMessage]) {
        (self.system, self.tools, self.messages) = (system, tools, messages)
    }
}

package struct ClaudeMessage: Sendable, Hashable {
    /// `user` or `assistant`.
    package var role: String
    package var content: [ClaudeBlock]

    package init(role: String, content: [ClaudeBlock]) { (self.role, self.content) = (role, content) }
}

/// One block of a message: what it says, and the JSON that is sent.
package struct ClaudeBlock: Sendable, Hashable {
    package let value: JSONValue
    /// Of a tool call the arguments are spelled as they came: the order of members and the form of numbers, which
    /// a value does not keep, belong to what a later thinking block is bound to.
    package let text: String

    package init(_ value: JSONValue) { (self.value, text) = (value, value.text) }

    /// A block that came with these arguments, themselves JSON.
    init(_ block: [String: JSONValue], input: JSONValue, spelled text: String) {
        let rest = JSONValue.object(block.filter { $0.key != "input" }).text
        value = .object(block.merging(["input": input]) { $1 })
        self.text = "\(rest.dropLast()),\"input\":\(text)}"
    }

    /// A block that was sent or received before, from its JSON; `nil` where that is none.
    package init?(text: String) {
        guard let value = try? JSONValue(parsing: text, options: .lenient), value.objectValue != nil else { return nil }
        (self.value, self.text) = (value, text)
    }
}

/// A whole turn.
package struct ClaudeTurn: Sendable, Hashable {
    /// Blocks as they came; an assistant's turn is replayed from them, byte for byte.
    package var content: [ClaudeBlock]
    package var stopReason: String
    package var inputTokens: Int
    package var cacheWriteTokens: Int
    package var cacheReadTokens: Int
    package var outputTokens: Int
}

/// Why there was no whole turn.
package struct ClaudeError: Error, Sendable, Hashable {
    package enum Code: Sendable, Hashable {
        case unauthorized
        case unknownModel
        /// The account's limit.
        case spent
        case badRequest
        /// The request has more tokens, or bytes, than the model takes.
        case tooLong
        /// Overloaded, limited, failing or out of reach, after every attempt.
        case unavailable
        case cancelled
    }

    package var code: Code
    /// One sentence, with neither the key nor a body in it.
    package var message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
}
