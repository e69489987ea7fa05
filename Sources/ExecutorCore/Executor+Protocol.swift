import ExecutorAPI
import ExecutorTools
import StrictJSON
import Synchronization
import Wire

// What MCP itself asks of a server: versions, capabilities, the list of tools.
extension Executor {
    private static let instructions = """
        Tools of one server, run by a privileged executor under an allowlist. Look first (check_service, \
        read_logs, check_port, system_health), change one thing at a time, then verify_fix.
        """

    static let serverInfo: JSONValue = [
        "name": "devops-executor", "title": "DevOps Agent executor", "version": .string(programVersion),
    ]

    /// A finished result: the members, and what every result of this revision has.
    static func complete(_ members: [String: JSONValue]) -> JSONValue {
        .object(
            members.merging(["resultType": "complete", "_meta": [MCP.Meta.serverInfo: serverInfo]]) { own, _ in own })
    }

    /// The result as the caller's revision has it: 2026-07-28 requires a `resultType`; the handshake's era knows
    /// neither that nor how long an answer may be kept, and its strict readers take no member they do not know.
    static func inRevision(of call: RPCCall, _ result: JSONValue) -> JSONValue {
        guard let members = result.objectValue else { return result }
        guard isOfHandshake(call) else { return complete(members) }
        return .object(members.filter { !["cacheScope", "resultType", "ttlMs"].contains($0.key) })
    }

    /// A request names its revision; one that does not is of the revision its connection began with.
    private static func isOfHandshake(_ call: RPCCall) -> Bool {
        if call.method == ExecutorMethod.initialize.rawValue { return true }
        if let named = call.params["_meta"]?[MCP.Meta.protocolVersion] { return named != .string(MCP.version) }
        return call.session.handshake.withLock { $0 != nil }
    }

    func discover() -> JSONValue {
        Self.complete([
            "supportedVersions": JSONValue(MCP.supportedVersions), "capabilities": ["tools": [:]],
            "instructions": .string(Self.instructions), "ttlMs": 3_600_000, "cacheScope": "private",
        ])
    }

    /// The handshake of MCP 2025-11-25: a client that asks for a version that is not known here is told this one.
    func initialize(_ call: RPCCall) throws(RPCError) -> JSONValue {
        guard let asked = call.params["protocolVersion"]?.stringValue else {
            throw .invalidParams("initialize needs a \"protocolVersion\", such as \"\(MCP.handshakeVersion)\".")
        }
        call.session.handshake.withLock { $0 = call.params }
        let version = MCP.earlierHandshakes.contains(asked) ? asked : MCP.handshakeVersion
        return [
            "protocolVersion": .string(version), "capabilities": ["tools": [:]],
            "serverInfo": Self.serverInfo, "instructions": .string(Self.instructions),
        ]
    }

    func listTools(_ call: RPCCall) throws(RPCError) -> JSONValue {
        if let cursor = call.params["cursor"], !cursor.isNull {
            throw .invalidParams("All tools fit one page; leave the cursor out.")
        }
        let now = current
        let tools = now.catalog.offered(policy: now.rules.policy)
        return Self.complete([
            "tools": .array(tools.map(\.definition.json)), "ttlMs": 60_000, "cacheScope": "private",
        ])
    }
}
