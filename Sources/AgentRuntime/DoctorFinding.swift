package import StrictJSON

/// What one check of `devops-agent doctor` found.
package struct DoctorFinding: Sendable, Hashable {
    package enum State: String, Sendable, Hashable {
        case good
        /// The agent works, but not all of it, or not for long.
        case warning
        case bad
        /// It could not be looked at from here.
        case unknown
    }

    package var check: String
    package var state: State
    /// One sentence.
    package var detail: String
    /// What to do; `nil` where nothing is to be done.
    package var remedy: String?

    package init(_ check: String, _ state: State, _ detail: String, remedy: String? = nil) {
        (self.check, self.state, self.detail, self.remedy) = (check, state, detail, remedy)
    }

    package var json: JSONValue {
        .object(compacting: [
            "check": .string(check), "state": .string(state.rawValue), "detail": .string(detail),
            "remedy": remedy.map { .string($0) },
        ])
    }

    /// One line, and one for the remedy.
    package var text: String {
        let mark =
            switch state {
            case .good: "✅"
            case .warning: "⚠️"
            case .bad: "❌"
            case .unknown: "–"
            }
        return "\(mark) \(check): \(detail)" + (remedy.map { "\n   → \($0)" } ?? "")
    }
}
