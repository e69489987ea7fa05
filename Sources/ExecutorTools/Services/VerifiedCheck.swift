import StrictJSON

/// One thing `verify_fix` looked at.
struct VerifiedCheck: Sendable {
    enum Outcome: String, Sendable {
        case passed = "✅"
        case failed = "❌"
        /// Tells something, decides nothing.
        case note = "ℹ️"
    }

    var name: String
    var outcome: Outcome
    var text: String

    init(_ name: String, _ outcome: Outcome, _ text: String) {
        (self.name, self.outcome, self.text) = (name, outcome, text)
    }

    var line: String { "\(outcome.rawValue) \(text)" }
    var json: JSONValue {
        [
            "name": .string(name), "passed": outcome == .note ? .null : JSONValue(outcome == .passed),
            "text": .string(text),
        ]
    }
}
