package import StrictJSON

/// A yes for a while: to every command of one rule that is about one target, asked for by one role.
package struct StandingApproval: Sendable, Hashable {
    package var id: String
    package var rule: String
    /// A unit or a container, exactly; the whole command where more than that is free in the rule.
    package var target: String
    package var role: String
    /// Who gave it: `uid 0` at the operator socket, or `user` in the chat.
    package var by: String
    /// RFC 3339, UTC.
    package var expires: String
    /// Calls that ran by it.
    package var uses: Int

    package init(
        id: String, rule: String, target: String, role: String, by: String, expires: String, uses: Int = 0
    ) {
        (self.id, self.rule, self.target, self.role) = (id, rule, target, role)
        (self.by, self.expires, self.uses) = (by, expires, uses)
    }

    package init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue, let rule = json["rule"]?.stringValue else { return nil }
        self.init(
            id: id, rule: rule, target: json["target"]?.stringValue ?? "", role: json["role"]?.stringValue ?? "",
            by: json["by"]?.stringValue ?? "", expires: json["expires"]?.stringValue ?? "",
            uses: json["uses"]?.intValue ?? 0)
    }

    package var json: JSONValue {
        [
            "id": .string(id), "rule": .string(rule), "target": .string(target), "role": .string(role),
            "by": .string(by), "expires": .string(expires), "uses": JSONValue(uses),
        ]
    }
}
