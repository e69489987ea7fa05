package import StrictJSON
package import Wire

/// The words of the Model Context Protocol that both sides use; schemas: modelcontextprotocol.io.
package enum MCP {
    /// The revision this program speaks: stateless, discovery by `server/discover`.
    package static let version = "2026-07-28"
    /// The last revision with an `initialize` handshake; answered for clients of that era.
    package static let handshakeVersion = "2025-11-25"
    package static let supportedVersions = [version, handshakeVersion]
    /// Revisions whose handshake is answered with themselves: their clients leave a server that names another, and for
    /// tools alone they ask nothing else of it. 2025-03-26 does: batches.
    package static let earlierHandshakes = ["2025-06-18", "2024-11-05"]

    package enum Meta {
        package static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
        package static let clientInfo = "io.modelcontextprotocol/clientInfo"
        package static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
        package static let serverInfo = "io.modelcontextprotocol/serverInfo"
        package static let progressToken = "progressToken"
        /// The caller's id for an operation that must happen at most once.
        package static let operation = "devops-agent/operation"
    }
}

extension RPCError {
    /// MCP 2026-07-28, `UnsupportedProtocolVersionError`.
    private static let unsupportedRevision = -32022

    /// No revision that the peer asked for is one of this program's.
    package static func unsupportedRevision(requested version: String) -> RPCError {
        RPCError(
            code: unsupportedRevision,
            message: "This executor speaks \(MCP.supportedVersions.joined(separator: " and ")).",
            data: ["requested": .string(String(version.prefix(64))), "supported": JSONValue(MCP.supportedVersions)])
    }

    /// The other half is of another version: it has not the revision, or not the method, that was asked for.
    package var isOfAnotherVersion: Bool { [Self.unsupportedRevision, Self.methodNotFound("").code].contains(code) }
}

/// Every method the executor answers.
package enum ExecutorMethod: String, Sendable, Hashable, CaseIterable {
    case approvalsApprove = "executor/approvals/approve"
    case approvalsDeny = "executor/approvals/deny"
    case approvalsGrant = "executor/approvals/grant"
    case approvalsGrants = "executor/approvals/grants"
    case approvalsList = "executor/approvals/list"
    case approvalsRevoke = "executor/approvals/revoke"
    case auditQuery = "executor/audit/query"
    case auditVerify = "executor/audit/verify"
    case discover = "server/discover"
    case explain = "executor/explain"
    case initialize
    case note = "executor/note"
    case ping
    case status = "executor/status"
    case toolsCall = "tools/call"
    case toolsList = "tools/list"
    case totpEnroll = "executor/totp/enroll"
    case undo = "executor/undo"
}

/// Limits of the executor's own methods, beside those of the wire.
package enum ExecutorLimits {
    /// Characters of an operation id.
    package static let operationIDLength = 128
    /// Command lines of one `executor/explain`.
    package static let explainBatch = 1000
    /// Bytes of the `detail` of one `executor/note`.
    package static let noteBytes = 4096
    /// How long the outcome of an operation is kept for its id.
    package static let operationMemory = Duration.seconds(24 * 60 * 60)
    /// How long an approval is waited for, and how long it holds.
    package static let approvalLifetime = Duration.seconds(5 * 60)
    /// Questions waiting for an answer at once, and those of one caller among them.
    package static let pendingApprovals = 64
    package static let pendingApprovalsOfCaller = 16
    /// Standing approvals at once; how long one may hold that an operator gives, and one given in the chat.
    package static let standingApprovals = 64
    package static let standingLifetime = Duration.seconds(12 * 60 * 60)
    package static let standingMinutesInChat = 15
    /// Wrong one-time codes of one caller within the window, after which none is checked for the pause.
    package static let wrongCodes = 5
    package static let wrongCodeWindow = Duration.seconds(5 * 60)
    package static let wrongCodePause = Duration.seconds(15 * 60)
    /// Records of one `executor/audit/query`.
    package static let auditPage = 1000
}

/// What the policy says to a command, as `executor/explain` answers.
package struct Explanation: Sendable, Hashable {
    package enum Verdict: String, Sendable, Hashable {
        case allowed
        case needsApproval = "needs_approval"
        case denied
    }

    package var command: String
    package var verdict: Verdict
    package var rule: String?
    package var reason: String
    package var alternative: String?

    package init(command: String, verdict: Verdict, rule: String?, reason: String, alternative: String? = nil) {
        (self.command, self.verdict, self.rule) = (command, verdict, rule)
        (self.reason, self.alternative) = (reason, alternative)
    }

    package init?(json: JSONValue) {
        guard let verdict = json["verdict"]?.stringValue.flatMap({ Verdict(rawValue: $0) }) else { return nil }
        self.init(
            command: json["command"]?.stringValue ?? "", verdict: verdict, rule: json["rule"]?.stringValue,
            reason: json["reason"]?.stringValue ?? "", alternative: json["alternative"]?.stringValue)
    }

    package var json: JSONValue {
        .object(compacting: [
            "command": .string(command), "verdict": .string(verdict.rawValue), "rule": JSONValue(rule),
            "reason": .string(reason), "alternative": alternative.map { .string($0) },
        ])
    }
}
