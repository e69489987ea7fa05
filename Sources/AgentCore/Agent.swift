import ExecutorAPI
import StrictJSON

/// Drives a ``Loop``: asks the model, runs the tools, keeps the time.
package struct Agent: Answering {
    private let model: any Model
    private let fallback: any Model
    private let toolbox: any Toolbox
    private let limits: AgentLimits
    private let clock: any Clock<Duration>
    private let makeID: @Sendable () -> String

    /// - Parameter makeID: a new id nobody else has, for incidents and for calls that must run anew.
    package init(
        model: any Model, fallback: any Model, toolbox: any Toolbox, limits: AgentLimits = AgentLimits(),
        clock: any Clock<Duration> = ContinuousClock(), makeID: @escaping @Sendable () -> String = Agent.randomID
    ) {
        (self.model, self.fallback, self.toolbox) = (model, fallback, toolbox)
        (self.limits, self.clock, self.makeID) = (limits, clock, makeID)
    }

    package var modelName: String { model.name }

    package static let randomID: @Sendable () -> String = { String(UInt64.random(in: .min ... .max), radix: 16) }

    package func answer(
        _ request: AgentRequest, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async -> AgentReport {
        var conclusion: Loop.Conclusion?
        let duration = await clock.measure { conclusion = await run(request, onEvent) }
        guard let conclusion else {
            return AgentReport(
                text: ReportText.cancelled(request.language), model: model.name, tools: [], verification: .notNeeded,
                ending: .cancelled, iterations: 0, usage: ModelUsage(), duration: duration)
        }
        return AgentReport(
            text: conclusion.text, model: conclusion.thinker == .model ? model.name : fallback.name,
            tools: conclusion.tools, verification: conclusion.verification, ending: conclusion.ending,
            iterations: conclusion.iterations, usage: conclusion.usage, duration: duration)
    }

    private func run(
        _ request: AgentRequest, _ onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async -> Loop.Conclusion? {
        var request = request
        let incident = request.actor.incidentID ?? makeID()
        request.actor.incidentID = incident
        var (tools, away): ([ToolDefinition], Loop.Event?) = ([], nil)
        do { tools = try await toolbox.tools() } catch { away = .executorAway(Self.reason(error)) }
        var loop = Loop(request: request, tools: tools, limits: limits)
        var session = Session(
            toolbox: toolbox, actor: request.actor, incident: incident, nonce: makeID(),
            readOnly: Set(tools.filter(\.readOnly).map(\.name)), onEvent: onEvent)
        var action = loop.receive(Task.isCancelled ? .cancelled : away ?? .begin)
        var thinker = Loop.Thinker.model
        while true {
            let event: Loop.Event
            switch action {
            case .finish(let conclusion): return conclusion
            case .askModel(let prompt, let asked):
                if asked != thinker { await onEvent(.modelReplaced(by: fallback.name, reason: loop.replacementReason)) }
                thinker = asked
                event = await ask(asked == .model ? model : fallback, prompt)
            case .callTools(let calls):
                do { event = .toolResults(try await run(calls, &session)) } catch {
                    event = .executorAway(error.message)
                }
            case .verify(_, let call):
                do {
                    event = .verified(try await run([call], &session)[0].1)
                } catch {
                    event = .executorAway(error.message)
                }
            }
            action = loop.receive(Task.isCancelled ? .cancelled : event)
        }
    }

    private static func reason(_ error: any Error) -> String { (error as? ToolboxError)?.message ?? "\(error)" }

    private func ask(_ model: any Model, _ prompt: ModelPrompt) async -> Loop.Event {
        await withTaskGroup(of: Loop.Event?.self) { group in
            group.addTask {
                do {
                    return .modelTurn(try await model.respond(to: prompt))
                } catch let error as ModelError {
                    return .modelFailed(error)
                } catch is CancellationError {
                    return .cancelled
                } catch {
                    return .modelFailed(ModelError(.unavailable, "The model failed for an unexpected reason."))
                }
            }
            group.addTask { [clock, limits] in await Self.sleep(clock, limits.iterationTimeout) ? .deadline : nil }
            defer { group.cancelAll() }
            for await event in group { if let event { return event } }
            return .cancelled
        }
    }

    private static func sleep(_ clock: any Clock<Duration>, _ duration: Duration) async -> Bool {
        do { try await clock.sleep(for: duration) } catch { return false }
        return true
    }

    /// The results in the order of the calls.
    ///
    /// - Throws: ``ToolboxError`` where the executor is away.
    private func run(
        _ calls: [ToolCall], _ session: inout Session
    ) async throws(ToolboxError) -> [(ToolCall, ToolResult)] {
        let operations = calls.map { session.operation(for: $0) }
        for call in calls { await session.onEvent(.toolStarted(call)) }
        let (fixed, clock, limit) = (session, clock, limits.iterationTimeout)
        let outcome = await withTaskGroup(of: (Int, Result<ToolResult, ToolboxError>).self) { group in
            for (index, call) in calls.enumerated() {
                group.addTask {
                    let outcome = await fixed.run(call, operation: operations[index], clock: clock, limit: limit)
                    if case .success(let result) = outcome { await fixed.onEvent(.toolFinished(call, result)) }
                    return (index, outcome)
                }
            }
            var results: [Int: ToolResult] = [:]
            for await (index, outcome) in group {
                switch outcome {
                case .success(let result): results[index] = result
                case .failure(let away):
                    group.cancelAll()
                    return Result<[Int: ToolResult], ToolboxError>.failure(away)
                }
            }
            return .success(results)
        }
        let results = try outcome.get()
        return calls.enumerated().map { ($0.element, results[$0.offset] ?? .failure("Not run.")) }
    }

    /// The calls of one incident.
    private struct Session: Sendable {
        let toolbox: any Toolbox
        let actor: Actor
        let incident: String
        let nonce: String
        let readOnly: Set<String>
        let onEvent: @Sendable (AgentEvent) async -> Void
        private var counts: [String: Int] = [:]

        init(
            toolbox: any Toolbox, actor: Actor, incident: String, nonce: String, readOnly: Set<String>,
            onEvent: @escaping @Sendable (AgentEvent) async -> Void
        ) {
            (self.toolbox, self.actor, self.incident) = (toolbox, actor, incident)
            (self.nonce, self.readOnly, self.onEvent) = (nonce, readOnly, onEvent)
        }

        /// An id of its own for each call. A change has the same one when the same incident is worked on
        /// again after a crash, so that it happens once; what only reads is read anew.
        mutating func operation(for call: ToolCall) -> String {
            let count = counts[call.signature, default: 0] + 1
            counts[call.signature] = count
            let digest = String(call.signature.fingerprint, radix: 16)
            let scope =
                readOnly.contains(call.name) ? "\(incident.prefix(48))/\(nonce.prefix(16))" : "\(incident.prefix(64))"
            return "\(scope)/\(digest)/\(count)"
        }

        /// One retry, with the same operation: a lost connection may have lost only the answer.
        func run(
            _ call: ToolCall, operation: String, clock: any Clock<Duration>, limit: Duration
        ) async -> Result<ToolResult, ToolboxError> {
            var away = ToolboxError("")
            for _ in 0..<2 {
                do {
                    return .success(try await once(call, operation: operation, clock: clock, limit: limit))
                } catch let error as ToolboxError {
                    away = error
                } catch {
                    return .success(.failure("The call was cancelled."))
                }
            }
            return .failure(away)
        }

        private func once(
            _ call: ToolCall, operation: String, clock: any Clock<Duration>, limit: Duration
        ) async throws -> ToolResult {
            guard readOnly.contains(call.name) else { return try await ask(call, operation) }
            return try await withThrowingTaskGroup(of: ToolResult?.self) { group in
                group.addTask { try await ask(call, operation) }
                group.addTask {
                    await Agent.sleep(clock, limit)
                        ? .failure("timeout: no answer within \(limit.components.seconds) s.") : nil
                }
                defer { group.cancelAll() }
                while let result = try await group.next() { if let result { return result } }
                throw CancellationError()
            }
        }

        private func ask(_ call: ToolCall, _ operation: String) async throws -> ToolResult {
            try await toolbox.call(call, operation: operation, actor: actor) { _ in }
        }
    }
}

extension Loop {
    /// Why the built-in brain has taken over, for the event.
    var replacementReason: String { replacement?.message ?? "" }
}

extension String {
    /// FNV-1a, 64 bits: tells calls apart in an id; no secret depends on it.
    fileprivate var fingerprint: UInt64 {
        utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
