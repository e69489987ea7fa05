/// Everything that ends an incident sooner than its model would.
package struct AgentLimits: Sendable, Hashable {
    /// Turns a model gets for one request.
    package var maximumIterations: Int
    /// How long a model's turn, or the read-only calls of one, may take. A change is not cut off by the
    /// loop half-way: the executor's own time-out ends it.
    package var iterationTimeout: Duration
    /// Tokens of one incident, in and out; above it the built-in brain takes over.
    package var maximumTokens: Int
    /// Tokens of one prompt; above it the conversation is replaced by a summary of it.
    package var contextTokens: Int
    /// Calls of one turn; the rest are answered as not run.
    package var maximumCallsPerTurn: Int
    /// Times the same call may be made while nothing has changed.
    package var maximumRepeats: Int
    /// Characters of one tool's answer that a model reads.
    package var toolTextCharacters: Int
    /// Messages of earlier exchanges that a model reads.
    package var historyMessages: Int

    package init(
        maximumIterations: Int = 10, iterationTimeout: Duration = .seconds(60), maximumTokens: Int = 400_000,
        contextTokens: Int = 150_000, maximumCallsPerTurn: Int = 16, maximumRepeats: Int = 3,
        toolTextCharacters: Int = 24_000, historyMessages: Int = 20
    ) {
        (self.maximumIterations, self.iterationTimeout) = (maximumIterations, iterationTimeout)
        (self.maximumTokens, self.contextTokens) = (maximumTokens, contextTokens)
        (self.maximumCallsPerTurn, self.maximumRepeats) = (maximumCallsPerTurn, maximumRepeats)
        (self.toolTextCharacters, self.historyMessages) = (toolTextCharacters, historyMessages)
    }
}
