import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import ExecutorRunner
import ExecutorTools
import StrictJSON
import Synchronization
import Systemd
import Wire

/// One `tools/call`, read and checked.
struct ToolRequest: Sendable {
    let name: String
    let arguments: [String: JSONValue]
    let operation: String?
    let requestState: String?
    /// The person's answer that came with the state; `nil` when none did.
    let reply: ApprovalReply?
    let progressToken: JSONValue?

    init(_ params: JSONValue) throws(RPCError) {
        guard let name = params["name"]?.stringValue, !name.isEmpty, name.utf8.count <= 128 else {
            throw .invalidParams("tools/call needs a \"name\" of 1 to 128 bytes.")
        }
        let arguments = params["arguments"] ?? [:]
        guard let arguments = arguments.objectValue else { throw .invalidParams("The arguments are an object.") }
        (self.name, self.arguments) = (name, arguments)
        let meta = params["_meta"]
        if let operation = meta?[MCP.Meta.operation], !operation.isNull {
            guard let id = operation.stringValue, !id.isEmpty, id.utf8.count <= ExecutorLimits.operationIDLength,
                id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw .invalidParams(
                    "\(MCP.Meta.operation) is 1 to \(ExecutorLimits.operationIDLength) printable characters.")
            }
            self.operation = id
        } else {
            operation = nil
        }
        requestState = params["requestState"]?.stringValue
        reply = params["inputResponses"]?["approval"].map { ApprovalReply(json: $0) }
        let token = meta?[MCP.Meta.progressToken]
        progressToken = token.flatMap { RequestID($0) }?.json
    }

    /// What an operation id stands for: equal calls have equal text.
    var canonical: String { "\(name) \(JSONValue.object(arguments).text)" }
}

// judge → record → run → record → answer
extension Executor {
    func callTool(_ call: RPCCall, _ caller: Caller) throws(RPCError) -> JSONValue {
        let request = try ToolRequest(call.params)
        let now = current
        guard let tool = now.catalog[request.name] else {
            throw .invalidParams("There is no tool \"\(request.name.prefix(64))\" here; see tools/list.")
        }
        guard let operation = request.operation else {
            return judge(tool, request, now, call, caller).answer
        }
        let key = Operations.Key(userID: caller.identity.userID, id: operation)
        switch operations.begin(key, call: request.canonical, cancellation: call.cancellation) {
        case .new: break
        case .done(let result): return Self.answer(ToolResult(structured: result))
        case .forgotten: return Self.answer(.failure("This operation was done; its answer is no longer kept."))
        case .unknown:
            return Self.answer(
                .failure("This operation was begun and its outcome is unknown; look at the state, then use a new id."))
        case .other: throw .invalidParams("This operation id stands for another call; use a new one.")
        }
        let outcome = judge(tool, request, now, call, caller)
        if let result = outcome.performed {
            operations.finish(key, result: result.structured)
        } else {
            operations.abandon(key)
        }
        return outcome.answer
    }

    /// What a call came to; `performed` only where something ran.
    struct Outcome {
        var answer: JSONValue
        var performed: ToolResult?
    }

    private func judge(
        _ tool: any Tool, _ request: ToolRequest, _ now: InForce, _ call: RPCCall, _ caller: Caller
    ) -> Outcome {
        if let fault = now.rules.fault, now.rules.policy.ruleCount == 0 {
            return refuse(
                Refusal(
                    .policyInvalid, message: "The executor's rules were refused, so everything is: \(fault)",
                    alternative: "An administrator mends the file and runs: systemctl reload devops-executor."),
                command: request.canonical, request, now, caller)
        }
        switch tool.prepare(request.arguments, policy: now.rules.policy) {
        case .refused(let refusal, let command):
            return refuse(refusal, command: command, request, now, caller)
        case .ready(let ready):
            return perform(ready, approval: nil, request, now, call, caller)
        case .needsApproval(let proposal, let then):
            return askOrPerform(proposal, then, request, now, call, caller)
        }
    }

    func perform(
        _ ready: ReadyCall, approval: String?, _ request: ToolRequest, _ now: InForce, _ call: RPCCall,
        _ caller: Caller
    ) -> Outcome {
        let id = Hex.encode(Crypto.randomBytes(8))
        var event = AuditEvent(.intent)
        fill(&event, id: id, command: ready.command, request, now, caller)
        (event.rule, event.effect, event.approval) = (ready.rule.text, ready.effect.rawValue, approval)
        do throws(AuditError) {
            _ = try audit.append(event, durability: .synced)
        } catch {
            Log.error("Nothing runs: the audit log cannot be written", ["REASON": error.message])
            let refusal = Refusal(
                .auditUnavailable, message: "The audit log cannot be written, so nothing runs: \(error.message)",
                alternative: "Mend the disk of the audit log; the executor goes on by itself.")
            return Outcome(answer: Self.answer(.refused(refusal)))
        }
        let began = ContinuousClock.now
        let report = ready.perform(
            ToolContext(cancellation: call.cancellation, progress: Self.progress(call, request)))
        event.kind = .outcome
        fill(&event, report, duration: .now - began)
        do throws(AuditError) {
            // What a read said is on disk with the next intent; a power cut before leaves it unknown, as it may.
            _ = try audit.append(event, durability: ready.effect == .read ? .buffered : .synced)
        } catch {
            // What was done is answered all the same; the next call is refused.
            Log.error("An outcome could not be recorded", ["REASON": error.message, "CALL": id])
        }
        return Outcome(answer: Self.answer(report.result), performed: report.result)
    }

    func refuse(
        _ refusal: Refusal, command: String, _ request: ToolRequest, _ now: InForce, _ caller: Caller
    ) -> Outcome {
        var event = AuditEvent(.refusal)
        fill(&event, id: Hex.encode(Crypto.randomBytes(8)), command: command, request, now, caller)
        event.rule = refusal.rule
        event.detail = ["code": .string(refusal.code.rawValue), "message": .string(refusal.message)]
        record(event)
        return Outcome(answer: Self.answer(.refused(refusal)))
    }
}

// The shapes of what is recorded and answered.
extension Executor {
    func fill(
        _ event: inout AuditEvent, id: String, command: String, _ request: ToolRequest, _ now: InForce,
        _ caller: Caller
    ) {
        (event.id, event.peer, event.actor) = (id, caller.identity, caller.actor)
        (event.tool, event.argv, event.policy) = (request.name, [command], now.rules.policy.digest)
        (event.operation, event.call) = (request.operation, request.operation == nil ? nil : request.canonical)
    }

    private func fill(_ event: inout AuditEvent, _ report: ToolReport, duration: Duration) {
        event.durationMilliseconds = duration.milliseconds
        if let run = report.run {
            switch run.termination {
            case .exited(let code): event.exit = Int(code)
            case .signalled(let signal): event.signal = Int(signal)
            }
            event.cpuMilliseconds = run.cpuTime.milliseconds
            event.bytes = run.outputBytes
            event.outputSHA256 = Hex.encode(Crypto.sha256(Array(run.output.utf8)))
        }
        event.detail = ["success": .bool(report.result.success)]
        if event.operation != nil { event.result = report.result.structured }
    }

    static func answer(_ result: ToolResult) -> JSONValue {
        complete([
            "content": [["type": "text", "text": .string(result.text)]],
            "structuredContent": result.structured, "isError": .bool(!result.success),
        ])
    }

    /// `notifications/progress`, where the caller gave a token; the number of notifications is the progress.
    private static func progress(_ call: RPCCall, _ request: ToolRequest) -> (@Sendable (String) -> Void)? {
        guard let token = request.progressToken else { return nil }
        let sent = ProgressCount()
        return { text in
            call.notify(
                "notifications/progress",
                ["progressToken": token, "progress": JSONValue(sent.next()), "message": .string(text)])
        }
    }
}

/// Counts up, from whichever thread output comes by.
private final class ProgressCount: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

extension Duration {
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
