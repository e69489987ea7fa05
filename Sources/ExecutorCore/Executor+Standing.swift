import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import StrictJSON
import Systemd
import Wire

// Standing approvals: given by an operator, or by the person in the chat for some minutes.
extension Executor {
    /// `{rule, target, seconds, role}`
    func giveStanding(_ call: RPCCall, _ caller: Caller) throws(RPCError) -> JSONValue {
        guard let rule = call.params["rule"]?.stringValue, let text = call.params["target"]?.stringValue else {
            throw .invalidParams("A standing approval is for a \"rule\" and a \"target\".")
        }
        let longest = Int(ExecutorLimits.standingLifetime.components.seconds)
        guard let seconds = call.params["seconds"]?.intValue, (1...longest).contains(seconds) else {
            throw .invalidParams("\"seconds\" is from 1 to \(longest).")
        }
        let name = call.params["role"] ?? .string(Role.agent.rawValue)
        guard let role = name.stringValue.flatMap({ Role(rawValue: $0) }) else {
            throw .invalidParams("\"role\" is agent or operator.")
        }
        let policy = current.rules.policy
        let target: String
        do throws(Refusal) { target = try policy.target(text, ofRule: rule) } catch {
            throw .invalidParams("\(error.message) \(error.alternative)")
        }
        let given = standing.add(
            rule: rule, target: target, role: role, policyDigest: policy.digest, level: .operator, holder: nil,
            by: "uid \(caller.identity.userID)", for: .seconds(seconds))
        guard let given else {
            throw .limitReached("\(ExecutorLimits.standingApprovals) standing approvals hold already; revoke some.")
        }
        guard recordStanding(.approval, "granted", given, policy.digest, caller) else {
            throw .internalError("The audit log cannot be written, so nothing is granted.")
        }
        return Self.complete(["grant": given.json])
    }

    /// What the person asked for beside the yes; more than may be given in the chat gives nothing.
    func giveStanding(
        _ proposal: Proposal, question id: String, minutes: Int, _ now: InForce, _ caller: Caller
    ) {
        guard proposal.level == .user, (1...ExecutorLimits.standingMinutesInChat).contains(minutes) else { return }
        let given = standing.add(
            rule: proposal.rule.text, target: proposal.target, role: caller.identity.role,
            policyDigest: proposal.policyDigest, level: .user, holder: caller.holder, by: "user",
            for: .seconds(minutes * 60))
        guard let given else {
            Log.notice("Too many standing approvals hold; this yes is for one call", ["QUESTION": id])
            return
        }
        _ = recordStanding(.approval, "granted", given, proposal.policyDigest, caller)
    }

    func listStanding() -> JSONValue { Self.complete(["grants": .array(standing.list().map(\.json))]) }

    /// `{id}`
    func revokeStanding(_ call: RPCCall, _ caller: Caller) throws(RPCError) -> JSONValue {
        guard let ended = call.params["id"]?.stringValue.flatMap({ standing.revoke($0) }) else {
            throw .invalidParams("No such standing approval holds: see executor/approvals/grants.")
        }
        _ = recordStanding(.denial, "revoked", ended, current.rules.policy.digest, caller)
        return Self.complete(["grant": ended.json])
    }

    /// - Returns: `false` where the log cannot be written; a grant is then taken back.
    private func recordStanding(
        _ kind: AuditEvent.Kind, _ act: String, _ approval: StandingApproval, _ digest: String, _ caller: Caller
    ) -> Bool {
        var event = AuditEvent(kind)
        (event.id, event.peer, event.actor) = (approval.id, caller.identity, caller.actor)
        (event.rule, event.policy, event.approval) = (approval.rule, digest, "grant")
        event.detail = [act: approval.json]
        do throws(AuditError) {
            _ = try audit.append(event, durability: .synced)
            return true
        } catch {
            Log.error("A standing approval could not be recorded", ["REASON": error.message])
            _ = standing.revoke(approval.id)
            return false
        }
    }
}
