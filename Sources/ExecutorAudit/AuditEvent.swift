package import ExecutorAPI
package import StrictJSON

/// What happened, before the log gives it its place in the chain.
package struct AuditEvent: Sendable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An operator's yes.
        case approval
        /// At a start the log was not what its signed head says it was.
        case breach
        /// The signed head of the log.
        case checkpoint
        /// An operator's no.
        case denial
        /// What is about to run.
        case intent
        /// The agent's own event.
        case note
        /// How what ran ended.
        case outcome
        /// Somebody has to say yes.
        case question
        /// What was not run; with the id of an intent: whose record the disk did not confirm.
        case refusal
        case reload
        /// Old files were removed; the log begins later.
        case retention
        case start
        case stop
        /// An intent whose outcome a crash hid.
        case unknown
    }

    package var kind: Kind
    /// The same for the intent and the outcome of one call.
    package var id: String?
    package var peer: PeerIdentity?
    package var actor: Actor?
    package var tool: String?
    package var argv: [String]?
    package var rule: String?
    /// The digest of the policy that decided.
    package var policy: String?
    package var effect: String?
    package var approval: String?
    package var exit: Int?
    package var signal: Int?
    package var durationMilliseconds: Int?
    package var cpuMilliseconds: Int?
    /// Of output, what was cut included.
    package var bytes: Int?
    package var outputSHA256: String?
    /// The caller's id of the operation, and the call it stands for.
    package var operation: String?
    package var call: String?
    /// The answer, kept for an operation that is asked for again.
    package var result: JSONValue?
    package var detail: [String: JSONValue] = [:]

    package init(_ kind: Kind) { self.kind = kind }

    /// The members that the chain does not add.
    func members(time: Timestamp, bootID: String) -> JSONValue {
        let kept = result.flatMap { $0.encoded().count <= AuditLimits.resultBytes ? $0 : nil }
        return .object(compacting: [
            "v": 1, "time": .string(time.text), "boot_id": .string(bootID), "kind": .string(kind.rawValue),
            "id": id.map { .string($0) }, "peer": peer?.json, "actor": actor?.json, "tool": tool.map { .string($0) },
            "argv": argv.map { JSONValue($0) }, "rule": rule.map { .string($0) }, "policy": policy.map { .string($0) },
            "effect": effect.map { .string($0) }, "approval": approval.map { .string($0) },
            "exit": exit.map { JSONValue($0) }, "signal": signal.map { JSONValue($0) },
            "duration_ms": durationMilliseconds.map { JSONValue($0) }, "cpu_ms": cpuMilliseconds.map { JSONValue($0) },
            "bytes": bytes.map { JSONValue($0) }, "output_sha256": outputSHA256.map { .string($0) },
            "operation": operation.map { .string($0) }, "call": call.map { .string($0) }, "result": kept,
            "detail": detail.isEmpty ? nil : .object(detail),
        ])
    }
}

extension AuditEvent {
    /// The members' bytes, which with the chain's own fit into a record.
    ///
    /// - Throws: ``AuditError`` for an intent that is too long: what is not recorded whole does not run. Another
    ///   event is cut, and says so: what it tells of has happened.
    func encoded(time: Timestamp, bootID: String) throws(AuditError) -> [UInt8] {
        let whole = members(time: time, bootID: bootID).encoded()
        let room = AuditLimits.recordBytes - AuditLine.chainBytes
        if whole.count <= room { return whole }
        guard kind != .intent else {
            throw AuditError(
                "The record would have \(whole.count) bytes, and \(room) are the most; ask for less at once.")
        }
        return cut(to: AuditLimits.cutWordBytes, bytes: whole.count).members(time: time, bootID: bootID).encoded()
    }

    private func cut(to limit: Int, bytes: Int) -> AuditEvent {
        func cut(_ text: String?) -> String? { text.map { String(decoding: $0.utf8.prefix(limit), as: UTF8.self) } }
        var event = AuditEvent(kind)
        (event.id, event.peer, event.exit, event.signal) = (cut(id), peer, exit, signal)
        (event.durationMilliseconds, event.cpuMilliseconds) = (durationMilliseconds, cpuMilliseconds)
        (event.tool, event.argv, event.rule) = (cut(tool), argv?.first.map { [cut($0) ?? ""] }, cut(rule))
        (event.policy, event.effect, event.approval) = (cut(policy), cut(effect), cut(approval))
        (event.bytes, event.outputSHA256, event.operation) = (self.bytes, cut(outputSHA256), cut(operation))
        event.actor = actor.map { Actor(userID: cut($0.userID), chatID: cut($0.chatID)) }
        event.detail = ["cut_from_bytes": JSONValue(bytes)]
        return event
    }
}

/// Why the log cannot be written or read.
package struct AuditError: Error, Sendable, Equatable {
    /// One sentence for the operator.
    package var message: String
    package init(_ message: String) { self.message = message }
}

/// The newest record.
package struct AuditHead: Sendable, Hashable {
    /// 0 before the first record.
    package var sequence: Int
    /// Of the newest record, in hexadecimal; of nothing, zeros.
    package var hash: String
    /// The name of the file being written.
    package var file: String

    package init(sequence: Int, hash: String, file: String) {
        (self.sequence, self.hash, self.file) = (sequence, hash, file)
    }
}
