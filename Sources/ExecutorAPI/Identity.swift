package import StrictJSON

/// What a connection may ask for: it follows from the socket the peer came by, never from its words.
package enum Role: String, Sendable, Hashable, CaseIterable {
    case agent
    case `operator`
}

/// Who is at the other end, as the kernel says (`SO_PEERCRED`).
package struct PeerIdentity: Sendable, Hashable {
    package var processID: Int32
    package var userID: UInt32
    package var groupID: UInt32
    package var role: Role

    package init(processID: Int32, userID: UInt32, groupID: UInt32, role: Role) {
        (self.processID, self.userID, self.groupID, self.role) = (processID, userID, groupID, role)
    }

    /// As it stands in the audit log.
    package var json: JSONValue {
        [
            "pid": JSONValue(Int(processID)), "uid": JSONValue(Int(userID)), "gid": JSONValue(Int(groupID)),
            "role": .string(role.rawValue),
        ]
    }
}

/// For whom the agent says it acts: a claim, recorded as one, never a ground for a decision.
package struct Actor: Sendable, Hashable {
    /// The name of this claim in a request's `_meta`.
    package static let metaKey = "devops-agent/actor"
    /// Longer claims are cut: nobody's name is this long.
    package static let maximumFieldLength = 128

    package var userID: String?
    package var chatID: String?
    package var sessionID: String?
    package var incidentID: String?

    package init(userID: String? = nil, chatID: String? = nil, sessionID: String? = nil, incidentID: String? = nil) {
        (self.userID, self.chatID, self.sessionID, self.incidentID) = (userID, chatID, sessionID, incidentID)
    }

    package init?(json: JSONValue?) {
        guard let members = json?.objectValue else { return nil }
        func field(_ name: String) -> String? {
            switch members[name] {
            case .string(let value): String(value.prefix(Self.maximumFieldLength))
            case .integer(let value): String(value)
            default: nil
            }
        }
        self.init(
            userID: field("user_id"), chatID: field("chat_id"), sessionID: field("session_id"),
            incidentID: field("incident_id"))
    }

    package var json: JSONValue {
        .object(compacting: [
            "user_id": userID.map { .string($0) }, "chat_id": chatID.map { .string($0) },
            "session_id": sessionID.map { .string($0) }, "incident_id": incidentID.map { .string($0) },
        ])
    }
}
