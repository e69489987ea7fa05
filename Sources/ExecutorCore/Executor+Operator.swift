import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import StrictJSON
import Wire

// What only the operator socket may ask of the log.
extension Executor {
    /// `{since, until, actor, tool, rule, kind, after_seq, cursor, limit}`, all of them optional.
    func queryAudit(_ call: RPCCall) throws(RPCError) -> JSONValue {
        let params = call.params
        var query = AuditQuery(limit: params["limit"]?.intValue ?? 100)
        query.since = try Self.time(params["since"], "since")
        query.until = try Self.time(params["until"], "until")
        (query.actor, query.tool) = (params["actor"]?.stringValue, params["tool"]?.stringValue)
        (query.rule, query.kind) = (params["rule"]?.stringValue, params["kind"]?.stringValue)
        query.afterSequence = params["after_seq"]?.intValue
        if let cursor = params["cursor"], !cursor.isNull {
            guard let sequence = cursor.stringValue.flatMap({ Int($0) }) else {
                throw .invalidParams("The cursor is the one the last page gave.")
            }
            query.beforeSequence = sequence
        }
        do throws(AuditError) {
            let page = try query.run(directory: directories.audit)
            return Self.complete(
                ["records": .array(page.records), "cursor": JSONValue(page.nextBefore.map { String($0) })])
        } catch {
            throw .internalError(error.message)
        }
    }

    /// `{head}`: a hash noted earlier, which the log must contain.
    func verifyAudit(_ call: RPCCall) throws(RPCError) -> JSONValue {
        let verifier = AuditVerifier(directory: directories.audit, publicKey: audit.publicKey)
        return Self.complete(verifier.verify(head: call.params["head"]?.stringValue).json.objectValue ?? [:])
    }

    private static func time(_ value: JSONValue?, _ name: String) throws(RPCError) -> Timestamp? {
        guard let value, !value.isNull else { return nil }
        guard let time = value.stringValue.flatMap({ Timestamp($0) }) else {
            throw .invalidParams("\"\(name)\" is a time such as 2026-07-28T09:00:00Z.")
        }
        return time
    }
}
