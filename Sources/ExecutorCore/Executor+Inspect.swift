import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import ExecutorRunner
import ExecutorTools
import Glibc
import StrictJSON
import Systemd
import Wire

// What may be asked about the executor itself; nothing here runs anything.
extension Executor {
    func status() -> JSONValue {
        let now = current
        let head = audit.head
        let load = socketLoad
        return Self.complete([
            "version": .string(programVersion), "pid": JSONValue(Int(getpid())),
            "uptime_s": JSONValue((ContinuousClock.now - started).milliseconds / 1000),
            "identity": .string(runner.identity), "systemd": .bool(SystemBus.isBooted),
            "journal": .bool(Self.readsJournal), "docker": .bool(access("/run/docker.sock", R_OK | W_OK) == 0),
            "policy": .object(compacting: [
                "digest": .string(now.rules.policy.digest), "rules": JSONValue(now.rules.policy.ruleCount),
                "fault": JSONValue(now.rules.fault),
            ]),
            "audit": [
                "available": .bool(audit.isAvailable), "seq": JSONValue(head.sequence), "head": .string(head.hash),
                "file": .string(head.file), "public_key": .string(audit.publicKey),
            ],
            "load": [
                "connections": JSONValue(load.connections), "calls": JSONValue(load.calls),
                "children": JSONValue(runner.running),
            ],
            "containment": [
                "processes": .string(runner.containment), "sandbox": .string(runner.configuration.sandboxMode.rawValue),
                "missing": .array(runner.unavailableFeatures.map { .string($0) }),
            ],
            "interrupted_calls": JSONValue(interrupted),
        ])
    }

    private static var readsJournal: Bool { (try? JournalReader()).map { !$0.isEmpty } ?? false }

    /// `{command}`, `{commands: […]}` or `{name, arguments}`: what the policy says, by which rule.
    func explain(_ call: RPCCall) throws(RPCError) -> JSONValue {
        let policy = current.rules.policy
        if let name = call.params["name"]?.stringValue { return try explain(tool: name, call, policy) }
        let lines: [JSONValue]
        if let command = call.params["command"] {
            lines = [command]
        } else {
            lines = call.params["commands"]?.arrayValue ?? []
        }
        guard !lines.isEmpty, lines.count <= ExecutorLimits.explainBatch else {
            throw .invalidParams(
                "executor/explain takes a command, 1 to \(ExecutorLimits.explainBatch) commands, or name and arguments."
            )
        }
        var explanations: [JSONValue] = []
        explanations.reserveCapacity(lines.count)
        for line in lines {
            guard let line = line.stringValue else { throw .invalidParams("A command is a string.") }
            explanations.append(Explanation(line, policy.judge(line: line)).json)
        }
        return Self.complete(["explanations": .array(explanations)])
    }

    private func explain(tool name: String, _ call: RPCCall, _ policy: Policy) throws(RPCError) -> JSONValue {
        guard let tool = current.catalog[name] else {
            throw .invalidParams("There is no tool \"\(name.prefix(64))\" here; see tools/list.")
        }
        let arguments = call.params["arguments"]?.objectValue ?? [:]
        let explanation =
            switch tool.prepare(arguments, policy: policy) {
            case .refused(let refusal, let command): Explanation(command, .denied(refusal))
            case .needsApproval(let proposal, _): Explanation(proposal.command, .needsApproval(proposal))
            case .ready(let ready):
                Explanation(
                    command: ready.command, verdict: .allowed, rule: ready.rule.text,
                    reason: "Allowed by the rule \"\(ready.rule)\".")
            }
        return Self.complete(["explanations": [explanation.json]])
    }

    /// The agent's own events, under its identity: `{event, detail}`.
    func note(_ call: RPCCall, _ caller: Caller) throws(RPCError) -> JSONValue {
        guard let event = call.params["event"]?.stringValue, !event.isEmpty, event.utf8.count <= 64,
            event.utf8.allSatisfy({ $0 == 0x5F || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
        else { throw .invalidParams("An event is 1 to 64 of a–z, 0–9 and _.") }
        let detail = call.params["detail"] ?? [:]
        guard let members = detail.objectValue, detail.encoded().count <= ExecutorLimits.noteBytes else {
            throw .invalidParams("The detail is an object of at most \(ExecutorLimits.noteBytes) bytes.")
        }
        var record = AuditEvent(.note)
        (record.peer, record.actor, record.tool) = (caller.identity, caller.actor, event)
        record.detail = members
        do throws(AuditError) {
            _ = try audit.append(record, durability: .synced)
        } catch {
            throw .internalError("The audit log cannot be written.")
        }
        return Self.complete([:])
    }
}

extension Explanation {
    init(_ command: String, _ verdict: ExecutorPolicy.Verdict) {
        switch verdict {
        case .allowed(let grant):
            self.init(
                command: grant.command, verdict: .allowed, rule: grant.rule.text,
                reason: "Allowed by the rule \"\(grant.rule)\".")
        case .needsApproval(let proposal):
            self.init(
                command: proposal.command, verdict: .needsApproval, rule: proposal.rule.text,
                reason: "The rule \"\(proposal.rule)\" asks for the yes of \(proposal.level.rawValue).")
        case .denied(let refusal):
            self.init(
                command: command, verdict: .denied, rule: refusal.rule, reason: refusal.message,
                alternative: refusal.alternative)
        }
    }
}
