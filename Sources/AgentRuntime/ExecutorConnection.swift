package import AgentCore
import ChatFrontEnd
package import ExecutorAPI
package import ExecutorClient
package import Logging
package import StrictJSON
import Wire

/// The agent's side of the executor's socket: connects when needed, and again when the executor was away.
package actor ExecutorConnection {
    /// Asks a person to approve a command; the front end that serves the person answers.
    package typealias Ask = @Sendable (ApprovalQuestion, Actor) async -> ApprovalReply

    private let socket: String
    /// How long a command runs when the model names no time: `TOOL_TIMEOUT`.
    private nonisolated let toolTimeout: Duration
    private let logger: Logger
    private var client: ExecutorClient?
    private var ask: Ask = { _, _ in .no }

    package init(socket: String, toolTimeout: Duration = .seconds(30), logger: Logger) {
        (self.socket, self.toolTimeout, self.logger) = (socket, toolTimeout, logger)
    }

    /// Until it is set, every question is answered with no.
    package func askPeople(with ask: @escaping Ask) { self.ask = ask }

    package func close() {
        client?.close()
        client = nil
    }

    /// Runs `body` with an open connection.
    ///
    /// - Throws: ``ToolboxError`` when the executor is out of reach.
    package nonisolated func request<Value: Sendable>(
        _ body: @Sendable (ExecutorClient) async throws -> Value
    ) async throws -> Value {
        do {
            return try await body(try await connected())
        } catch let error as SocketError {
            await forget()
            throw ToolboxError("The executor is out of reach: \(error.message)")
        } catch let error as RPCError where error.isOfAnotherVersion {
            throw ToolboxError(
                "The executor is of another version than the agent, which is \(programVersion): \(error.message) "
                    + "sudo devops-agent doctor says which of the two to upgrade.")
        } catch let error as RPCError {
            throw ToolboxError("The executor refused the request: \(error.message)")
        }
    }

    private func connected() throws(SocketError) -> ExecutorClient {
        if let client, client.isOpen { return client }
        let fresh = try ExecutorClient(socket: socket, name: "devops-agent", answersQuestions: true)
        logger.info("Connected to the executor", metadata: ["socket": "\(socket)"])
        client = fresh
        return fresh
    }

    private func forget() {
        if client != nil { logger.warning("The executor closed the connection") }
        close()
    }

    fileprivate func answer(_ question: ApprovalQuestion, _ actor: Actor) async -> ApprovalReply {
        await ask(question, actor)
    }
}

extension ExecutorConnection: Toolbox {
    package nonisolated func tools() async throws -> [ToolDefinition] {
        try await request { try await $0.tools() }
    }

    /// A connection that broke under way is made again, once: with the same operation id nothing runs twice.
    package nonisolated func call(
        _ call: ToolCall, operation: String, actor: Actor, onOutput: @escaping @Sendable (String) -> Void
    ) async throws -> ToolResult {
        var call = call
        if call.name == ToolName.runCommand.rawValue, call.arguments["timeout"] == nil {
            call.arguments["timeout"] = .integer(toolTimeout.components.seconds)
        }
        do {
            return try await attempt(call, operation: operation, actor: actor, onOutput: onOutput)
        } catch is ToolboxError {
            try Task.checkCancellation()
            return try await attempt(call, operation: operation, actor: actor, onOutput: onOutput)
        }
    }

    private nonisolated func attempt(
        _ call: ToolCall, operation: String?, actor: Actor, onOutput: @escaping @Sendable (String) -> Void
    ) async throws -> ToolResult {
        try await request { client in
            do {
                return try await converse(client, call, operation: operation, actor: actor, onOutput: onOutput)
            } catch let error as RPCError where !error.isOfAnotherVersion {
                // Whoever answers is not away: the call was wrong, or one too many.
                return .failure("The executor refused the request: \(error.message)")
            }
        }
    }

    private nonisolated func converse(
        _ client: ExecutorClient, _ call: ToolCall, operation: String?, actor: Actor,
        onOutput: @escaping @Sendable (String) -> Void
    ) async throws -> ToolResult {
        var answer: ApprovalAnswer?
        // A wrong one-time code is asked for again, until the executor takes no more of them.
        for _ in 0...ExecutorLimits.wrongCodes {
            let answered = try await client.callTool(
                call.name, call.arguments, operation: operation, actor: actor, answer: answer, onOutput: onOutput)
            switch answered {
            case .result(let result): return result
            case .question(let question, _, let state):
                answer = ApprovalAnswer(await self.answer(question, actor), state: state)
            }
        }
        throw ToolboxError("The executor asked too often for the same approval.")
    }
}

extension ExecutorConnection: ExecutorGateway {
    private static let shownLines = 30

    package nonisolated func health(actor: Actor) async throws -> ToolResult {
        let call = ToolCall(id: "", name: ToolName.systemHealth.rawValue, arguments: [:])
        return try await attempt(call, operation: nil, actor: actor) { _ in }
    }

    package nonisolated func logs(of service: String, actor: Actor) async throws -> ToolResult {
        let call = ToolCall(
            id: "", name: ToolName.readLogs.rawValue,
            arguments: ["service": .string(service), "lines": JSONValue(Self.shownLines)])
        return try await attempt(call, operation: nil, actor: actor) { _ in }
    }

    package nonisolated func check(service: String, actor: Actor) async throws -> ToolResult {
        let call = ToolCall(id: "", name: ToolName.checkService.rawValue, arguments: ["service": .string(service)])
        return try await attempt(call, operation: nil, actor: actor) { _ in }
    }

    package nonisolated func status() async throws -> JSONValue { try await request { try await $0.status() } }

    package nonisolated func note(_ event: String, detail: [String: JSONValue], actor: Actor) async throws {
        try await request { try await $0.note(event, detail: detail, actor: actor) }
    }
}
