package import StrictJSON

/// A call that waits for somebody's yes.
package struct ApprovalQuestion: Sendable, Hashable {
    package var id: String
    /// The whole canonical command, never cut.
    package var command: String
    /// The tool and its arguments as they were sent: `run_command {"command":"id -u","timeout":30}`.
    package var call: String
    package var rule: String
    package var level: String
    package var justification: String?
    /// Who asks: uid and pid from the kernel.
    package var caller: String
    /// RFC 3339, UTC.
    package var expires: String
    /// After a wrong one-time code: how many more may be tried.
    package var triesLeft: Int?

    package init(
        id: String, command: String, call: String, rule: String, level: String, justification: String?,
        caller: String, expires: String
    ) {
        (self.id, self.command, self.call, self.rule, self.level) = (id, command, call, rule, level)
        (self.justification, self.caller, self.expires) = (justification, caller, expires)
    }

    /// Whether the answer is a one-time code; else it is yes or no.
    package var asksForCode: Bool { level == "totp" }

    package init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue, let command = json["command"]?.stringValue else { return nil }
        self.init(
            id: id, command: command, call: json["call"]?.stringValue ?? "",
            rule: json["rule"]?.stringValue ?? "", level: json["level"]?.stringValue ?? "",
            justification: json["justification"]?.stringValue, caller: json["caller"]?.stringValue ?? "",
            expires: json["expires"]?.stringValue ?? "")
        triesLeft = json["tries_left"]?.intValue
    }

    package var json: JSONValue {
        .object(compacting: [
            "id": .string(id), "command": .string(command), "call": .string(call), "rule": .string(rule),
            "level": .string(level),
            "justification": justification.map { .string($0) }, "caller": .string(caller),
            "expires": .string(expires), "tries_left": triesLeft.map { JSONValue($0) },
        ])
    }
}
