import ExecutorAPI
import StrictJSON
import Synchronization
import Wire

/// Who sent a request: what the kernel says, and beside it what the request claims.
struct Caller: Sendable {
    let identity: PeerIdentity
    /// The number of its connection.
    let session: Int
    /// For whom the agent says it acts.
    let actor: Actor?
    /// Whether approvals may be asked of it (MCP's elicitation, form mode).
    let answersQuestions: Bool

    init(_ call: RPCCall) {
        let peer = call.session.peer
        session = call.session.number
        identity = PeerIdentity(
            processID: peer.processID, userID: peer.userID, groupID: peer.groupID,
            role: Role(rawValue: call.session.label) ?? .agent)
        let meta = call.params["_meta"]
        actor = Actor(json: meta?[Actor.metaKey])
        let declared =
            meta?[MCP.Meta.clientCapabilities] ?? call.session.handshake.withLock { $0?["capabilities"] }
        let elicitation = declared?["elicitation"]
        // An empty object means the form mode alone (MCP 2026-07-28, ClientCapabilities).
        let isForm = elicitation?["form"] != nil || elicitation?.objectValue?.isEmpty == true
        // The second round of an approval is of the newer revision: a handshake's client cannot send it.
        answersQuestions = isForm && meta?[MCP.Meta.protocolVersion]?.stringValue == MCP.version
    }

    /// Whose wrong one-time codes count together.
    var codeCaller: CodeVerifier.Caller { CodeVerifier.Caller(userID: identity.userID, role: identity.role) }

    var description: String {
        "uid \(identity.userID), pid \(identity.processID), \(identity.role.rawValue) socket"
    }
}
