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

/// One turn that is asked for, in the API's own words.
package struct ClaudeRequest: Sendable {
    package var system: String
    /// `{name, description, input_schema}` each, in a fixed order.
    package var tools: [JSONValue]
    /// `{role, content: [block]}` each.
    package var messages: [JSONValue]

    package init(system: String, tools: [JSONValue], messages: [JSONValue]) {
        (self.system, self.tools, self.messages) = (system, tools, messages)
    }
}

/// A whole turn.
package struct ClaudeTurn: Sendable, Hashable {
    /// Blocks as they came; an assistant's turn is replayed from them, byte for byte.
    package var content: [JSONValue]
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
        /// Overloaded, limited, failing or out of reach, after every attempt.
        case unavailable
        case cancelled
    }

    package var code: Code
    /// One sentence, with neither the key nor a body in it.
    package var message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
}
