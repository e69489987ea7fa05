package import StrictJSON

/// Six digits that are good once. Prints nothing of itself: no log and no error shows a code.
package struct OneTimeCode: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package static let length = 6

    package let digits: String
    package var description: String { "(a code)" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// - Returns: `nil` for anything but exactly six ASCII digits.
    package init?(_ text: String) {
        guard text.utf8.count == Self.length, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        digits = text
    }
}

/// What a person answered to an ``ApprovalQuestion``.
package enum ApprovalReply: Sendable, Hashable {
    case no
    case yes
    /// To a question of level `totp`.
    case code(OneTimeCode)

    /// As it stands in `inputResponses.approval` (MCP 2026-07-28, `ElicitResult`); anything else than a yes is a no.
    package init(json: JSONValue) {
        let content = json["content"]
        if json["action"] != "accept" {
            self = .no
        } else if let code = content?["code"]?.stringValue.flatMap({ OneTimeCode($0) }) {
            self = .code(code)
        } else {
            self = content?["approve"]?.boolValue == true ? .yes : .no
        }
    }

    package var json: JSONValue {
        switch self {
        case .no: ["action": "decline"]
        case .yes: ["action": "accept", "content": ["approve": true]]
        case .code(let code): ["action": "accept", "content": ["code": .string(code.digits)]]
        }
    }
}
