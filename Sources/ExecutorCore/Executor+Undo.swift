import ExecutorAPI
import ExecutorAudit
import ExecutorTools
import StrictJSON
import Wire

// Putting back what a call changed.
extension Executor {
    /// `{operation}`: the caller's id of a call, or the audit log's, of the last day; answers as `tools/call` does.
    ///
    /// The agent's socket reaches the calls of its own user; the operator's, everybody's.
    func undo(_ call: RPCCall, _ caller: Caller) throws(RPCError) -> JSONValue {
        guard let id = call.params["operation"]?.stringValue, ToolRequest.isOperationID(id) else {
            throw .invalidParams(
                "executor/undo takes \"operation\", 1 to \(ExecutorLimits.operationIDLength) printable characters.")
        }
        var params = call.params.objectValue ?? [:]
        params["name"] = .string(ExecutorMethod.undo.rawValue)
        params["arguments"] = ["operation": .string(id)]
        let request = try ToolRequest(.object(params))
        let now = current
        let tool = UndoTool(machine: now.machine, id: id, subject: try subject(id, caller)).whole
        return try answer(tool, request, now, call, caller)
    }

    private func subject(_ id: String, _ caller: Caller) throws(RPCError) -> UndoSubject {
        let user = caller.identity.role == .operator ? nil : caller.identity.userID
        let found: RecordedCall?
        do throws(AuditError) {
            found = try AuditLog.call(
                id, of: user, in: directories.audit, within: ExecutorLimits.operationMemory)
        } catch {
            throw .internalError("The audit log cannot be read: \(error.message)")
        }
        guard let found else { return .unknown }
        guard let outcome = found.outcome else { return .open(command: found.command) }
        guard let changed = ChangedState(json: outcome["changed"]) else { return .unrecorded(command: found.command) }
        return .changed(changed, command: found.command)
    }
}
