import ExecutorAPI
import StrictJSON
import Wire

/// One verb: who may say it, and what answers it.
struct Route: Sendable {
    let roles: Set<Role>
    let answer: @Sendable (Executor, RPCCall, Caller) throws(RPCError) -> JSONValue

    init(
        _ roles: Set<Role>, _ answer: @escaping @Sendable (Executor, RPCCall, Caller) throws(RPCError) -> JSONValue
    ) {
        (self.roles, self.answer) = (roles, answer)
    }

    static let any: Set<Role> = [.agent, .operator]
}

/// Every verb the daemon answers, and who may say it; what is not listed is refused.
let routes: [ExecutorMethod: Route] = [
    .approvalsApprove: Route([.operator]) { executor, call, caller throws(RPCError) in
        try executor.decideApproval(call, caller, approved: true)
    },
    .approvalsDeny: Route([.operator]) { executor, call, caller throws(RPCError) in
        try executor.decideApproval(call, caller, approved: false)
    },
    .approvalsGrant: Route([.operator]) { executor, call, caller throws(RPCError) in
        try executor.giveStanding(call, caller)
    },
    .approvalsGrants: Route([.operator]) { executor, _, _ throws(RPCError) in executor.listStanding() },
    .approvalsList: Route([.operator]) { executor, _, _ throws(RPCError) in executor.listApprovals() },
    .approvalsRevoke: Route([.operator]) { executor, call, caller throws(RPCError) in
        try executor.revokeStanding(call, caller)
    },
    .auditQuery: Route([.operator]) { executor, call, _ throws(RPCError) in try executor.queryAudit(call) },
    .auditVerify: Route([.operator]) { executor, call, _ throws(RPCError) in try executor.verifyAudit(call) },
    .discover: Route(Route.any) { executor, _, _ throws(RPCError) in executor.discover() },
    .explain: Route(Route.any) { executor, call, _ throws(RPCError) in try executor.explain(call) },
    .initialize: Route(Route.any) { executor, call, _ throws(RPCError) in try executor.initialize(call) },
    .note: Route([.agent]) { executor, call, caller throws(RPCError) in try executor.note(call, caller) },
    .ping: Route(Route.any) { _, _, _ throws(RPCError) in [:] },
    .status: Route(Route.any) { executor, _, _ throws(RPCError) in executor.status() },
    .toolsCall: Route(Route.any) { executor, call, caller throws(RPCError) in try executor.callTool(call, caller) },
    .toolsList: Route(Route.any) { executor, call, _ throws(RPCError) in try executor.listTools(call) },
    .totpEnroll: Route([.operator]) { executor, call, caller throws(RPCError) in
        try executor.enrollCodes(call, caller)
    },
    .undo: Route(Route.any) { executor, call, caller throws(RPCError) in try executor.undo(call, caller) },
]
