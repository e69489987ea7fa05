package import ExecutorAPI
package import StrictJSON
package import Wire

/// The executor, for the side that asks: typed calls over one connection.
package final class ExecutorClient: Sendable {
    private let rpc: RPCClient
    private let name: String
    private let answersQuestions: Bool

    /// - Parameters:
    ///   - path: The socket.
    ///   - name: What this client calls itself in the log.
    ///   - answersQuestions: Whether approvals may be asked of this client (MCP's elicitation).
    /// - Throws: ``SocketError`` when nobody listens.
    package init(socket path: String, name: String, answersQuestions: Bool = false) throws(SocketError) {
        rpc = try RPCClient.connect(to: path)
        (self.name, self.answersQuestions) = (name, answersQuestions)
    }

    package var isOpen: Bool { rpc.isOpen }

    package func close() { rpc.close() }

    /// One request with the protocol's own words added to its `_meta`.
    ///
    /// - Throws: ``RPCError``, ``SocketError``, `CancellationError`.
    package func request(
        _ method: ExecutorMethod, _ params: [String: JSONValue] = [:],
        progress: (@Sendable (JSONValue) -> Void)? = nil
    ) async throws -> JSONValue {
        var params = params
        var meta = params["_meta"]?.objectValue ?? [:]
        meta[MCP.Meta.protocolVersion] = .string(MCP.version)
        meta[MCP.Meta.clientInfo] = ["name": .string(name), "version": .string(programVersion)]
        meta[MCP.Meta.clientCapabilities] = answersQuestions ? ["elicitation": ["form": [:]]] : [:]
        params["_meta"] = .object(meta)
        return try await rpc.request(method.rawValue, params, progress: progress)
    }
}

/// What came of `tools/call`.
package enum ToolCallAnswer: Sendable {
    case result(ToolResult)
    /// Somebody has to say yes first; call again with the answer and `state`, which is good once.
    case question(ApprovalQuestion, message: String, state: String)
}

/// An answer to a question, for the second call.
package struct ApprovalAnswer: Sendable {
    package var reply: ApprovalReply
    package var state: String
    package init(_ reply: ApprovalReply, state: String) { (self.reply, self.state) = (reply, state) }
}

extension ExecutorClient {
    package func tools() async throws -> [ToolDefinition] {
        let result = try await request(.toolsList)
        return result["tools"]?.arrayValue?.compactMap { ToolDefinition(json: $0) } ?? []
    }

    /// - Parameter operation: The same id again, within a day, answers with the recorded outcome.
    package func callTool(
        _ name: String, _ arguments: [String: JSONValue], operation: String? = nil, actor: Actor? = nil,
        answer: ApprovalAnswer? = nil, onOutput: (@Sendable (String) -> Void)? = nil
    ) async throws -> ToolCallAnswer {
        var params: [String: JSONValue] = ["name": .string(name), "arguments": .object(arguments)]
        params.merge(Self.surroundings(operation, actor, answer)) { own, _ in own }
        var progress: (@Sendable (JSONValue) -> Void)?
        if let onOutput {
            progress = { params in
                if let message = params["message"]?.stringValue { onOutput(message) }
            }
        }
        return try Self.answer(from: try await request(.toolsCall, params, progress: progress))
    }

    /// Puts back what a call changed.
    ///
    /// - Parameters:
    ///   - id: The caller's id of that call, or the audit log's.
    ///   - operation: The id of the undoing itself, as ``callTool(_:_:operation:actor:answer:onOutput:)`` has it.
    package func undo(
        _ id: String, operation: String? = nil, actor: Actor? = nil, answer: ApprovalAnswer? = nil
    ) async throws -> ToolCallAnswer {
        var params: [String: JSONValue] = ["operation": .string(id)]
        params.merge(Self.surroundings(operation, actor, answer)) { own, _ in own }
        return try Self.answer(from: try await request(.undo, params))
    }

    /// What goes with a call beside its name and arguments.
    private static func surroundings(
        _ operation: String?, _ actor: Actor?, _ answer: ApprovalAnswer?
    ) -> [String: JSONValue] {
        var meta: [String: JSONValue] = [:]
        meta[MCP.Meta.operation] = operation.map { .string($0) }
        meta[Actor.metaKey] = actor?.json
        var params: [String: JSONValue] = ["_meta": .object(meta)]
        if let answer {
            params["requestState"] = .string(answer.state)
            params["inputResponses"] = ["approval": answer.reply.json]
        }
        return params
    }

    private static func answer(from result: JSONValue) throws -> ToolCallAnswer {
        guard result["resultType"]?.stringValue == "input_required" else {
            guard let structured = result["structuredContent"] else {
                throw RPCError.internalError("The executor answered without structuredContent.")
            }
            return .result(ToolResult(structured: structured))
        }
        let params = result["inputRequests"]?["approval"]?["params"]
        let about = result["_meta"]?["devops-agent/approval"].flatMap { ApprovalQuestion(json: $0) }
        guard let about, let state = result["requestState"]?.stringValue else {
            throw RPCError.internalError("The executor asks for something this client does not know.")
        }
        return .question(about, message: params?["message"]?.stringValue ?? "", state: state)
    }

    /// What the policy says to each line; at most ``ExecutorLimits/explainBatch`` of them.
    package func explain(_ lines: [String]) async throws -> [Explanation] {
        let result = try await request(.explain, ["commands": JSONValue(lines)])
        return result["explanations"]?.arrayValue?.compactMap { Explanation(json: $0) } ?? []
    }

    package func status() async throws -> JSONValue { try await request(.status) }

    /// Writes one of the agent's own events into the audit log.
    package func note(_ event: String, detail: [String: JSONValue], actor: Actor? = nil) async throws {
        var params: [String: JSONValue] = ["event": .string(event), "detail": .object(detail)]
        if let actor { params["_meta"] = [Actor.metaKey: actor.json] }
        _ = try await request(.note, params)
    }

    package func approvals() async throws -> [ApprovalQuestion] {
        let result = try await request(.approvalsList)
        return result["approvals"]?.arrayValue?.compactMap { ApprovalQuestion(json: $0) } ?? []
    }

    /// Says yes or no to a pending question; the answer is the question.
    ///
    /// - Parameter code: What a yes to a question of level `totp` takes.
    package func decide(_ id: String, approved: Bool, code: OneTimeCode? = nil) async throws -> ApprovalQuestion? {
        var params: [String: JSONValue] = ["id": .string(id)]
        params["code"] = code.map { .string($0.digits) }
        let result = try await request(approved ? .approvalsApprove : .approvalsDeny, params)
        return result["approval"].flatMap { ApprovalQuestion(json: $0) }
    }

    /// Says yes for a while to a rule and target, asked for by a role.
    package func giveStanding(
        rule: String, target: String, role: Role, for duration: Duration
    ) async throws -> StandingApproval? {
        let result = try await request(
            .approvalsGrant,
            [
                "rule": .string(rule), "target": .string(target), "role": .string(role.rawValue),
                "seconds": .integer(duration.components.seconds),
            ])
        return result["grant"].flatMap { StandingApproval(json: $0) }
    }

    package func standingApprovals() async throws -> [StandingApproval] {
        try await request(.approvalsGrants)["grants"]?.arrayValue?.compactMap { StandingApproval(json: $0) } ?? []
    }

    package func revokeStanding(_ id: String) async throws -> StandingApproval? {
        try await request(.approvalsRevoke, ["id": .string(id)])["grant"].flatMap { StandingApproval(json: $0) }
    }

    /// Makes the secret of one-time codes; its address for an authenticator, which nobody shows again.
    package func enrollCodes(replacing: Bool) async throws -> String {
        try await request(.totpEnroll, ["replace": .bool(replacing)])["address"]?.stringValue ?? ""
    }
}
