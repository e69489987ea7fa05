package import ExecutorAPI

package enum Language: String, Sendable, Hashable, CaseIterable {
    case russian = "ru"
    case english = "en"
}

/// The executor as the loop sees it.
package protocol Toolbox: Sendable {
    /// - Throws: ``ToolboxError`` when the executor is out of reach.
    func tools() async throws -> [ToolDefinition]

    /// Runs one tool; a tool's failure and a refusal are results. `operation` makes it happen at most once.
    /// Cancelling the task cancels the call.
    ///
    /// - Throws: ``ToolboxError`` when the executor is out of reach.
    func call(
        _ call: ToolCall, operation: String, actor: Actor, onOutput: @escaping @Sendable (String) -> Void
    ) async throws -> ToolResult
}

/// The executor is out of reach.
package struct ToolboxError: Error, Sendable {
    /// One English sentence.
    package var message: String
    package init(_ message: String) { self.message = message }
}

/// One thing that was asked, with all the loop may know about it.
package struct AgentRequest: Sendable {
    package var text: String
    package var language: Language
    package var actor: Actor
    /// Earlier turns of this session, oldest first: what was said, not what tools printed.
    package var history: [Exchange]
    /// Earlier incidents that resemble it, newest first.
    package var incidents: [PastIncident]
    /// The agent's own message that it answers, such as an alert.
    package var answered: String?
    /// Whether the text is somebody else's, which the person has passed on.
    package var isForwarded: Bool

    package init(
        text: String, language: Language, actor: Actor, history: [Exchange] = [], incidents: [PastIncident] = [],
        answered: String? = nil, isForwarded: Bool = false
    ) {
        (self.text, self.language, self.actor) = (text, language, actor)
        (self.history, self.incidents) = (history, incidents)
        (self.answered, self.isForwarded) = (answered, isForwarded)
    }
}

package struct Exchange: Sendable, Hashable {
    package var question: String
    package var answer: String
    package init(question: String, answer: String) { (self.question, self.answer) = (question, answer) }
}

package struct PastIncident: Sendable, Hashable {
    /// ISO 8601, UTC.
    package var time: String
    package var query: String
    package var resolution: String
    package var tools: [String]
    package var success: Bool

    package init(time: String, query: String, resolution: String, tools: [String], success: Bool) {
        (self.time, self.query, self.resolution) = (time, query, resolution)
        (self.tools, self.success) = (tools, success)
    }
}

/// What happens while a request is answered, for whoever shows progress.
package enum AgentEvent: Sendable {
    case toolStarted(ToolCall)
    case toolFinished(ToolCall, ToolResult)
    /// The built-in brain has taken over; the sentence says why.
    case modelReplaced(by: String, reason: String)
}

/// What a request came to.
package struct AgentReport: Sendable {
    package enum Verification: Sendable, Hashable {
        /// Nothing was changed.
        case notNeeded
        case passed
        case failed
    }

    package enum Ending: Sendable, Hashable {
        case answered
        case iterationsSpent
        /// The one who was to answer last gave no answer in its time.
        case timedOut
        case executorAway
        case modelFailed
        case cancelled
    }

    /// The whole answer, in the language of the request, status lines (✅ ❌) included.
    package var text: String
    package var model: String
    package var tools: [String]
    package var verification: Verification
    package var ending: Ending
    package var iterations: Int
    package var usage: ModelUsage
    package var duration: Duration

    package init(
        text: String, model: String, tools: [String], verification: Verification, ending: Ending, iterations: Int,
        usage: ModelUsage, duration: Duration
    ) {
        (self.text, self.model, self.tools, self.verification) = (text, model, tools, verification)
        (self.ending, self.iterations, self.usage, self.duration) = (ending, iterations, usage, duration)
    }

    /// Whether what was asked was done, and what was changed was verified.
    package var success: Bool { ending == .answered && verification != .failed }
}

/// Answers requests. Implemented by ``Agent``; the front ends take the protocol, so that they can be
/// tested without a loop.
package protocol Answering: Sendable {
    /// The model asked first.
    var modelName: String { get }

    func answer(
        _ request: AgentRequest, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async -> AgentReport
}
