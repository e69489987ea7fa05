package import AgentCore

/// What one part of a check looks at; what was not looked at is neither there nor over.
package enum CheckScope: Sendable, Hashable {
    /// Whether the executor answers, and can work.
    case executor
    /// Whether the state of the system can be had.
    case healthCheck
    case health
    case service(String)

    /// As it is stored: `executor`, `health-check`, `health`, `service nginx`.
    package var text: String {
        switch self {
        case .executor: "executor"
        case .healthCheck: "health-check"
        case .health: "health"
        case .service(let name): "service \(name)"
        }
    }

    package init?(_ text: String) {
        switch text {
        case "executor": self = .executor
        case "health-check": self = .healthCheck
        case "health": self = .health
        default:
            guard text.hasPrefix("service "), text.count > 8 else { return nil }
            self = .service(String(text.dropFirst(8)))
        }
    }
}

/// One thing that is wrong, as one check saw it.
package struct Observation: Sendable, Hashable {
    package var scope: CheckScope
    /// The same for the same thing whatever its figures, and no other's.
    package var key: String
    package var grade: HealthFinding.Grade
    /// Of a thing that can happen again while it lasts: how often so far, else 0.
    package var count: Int
    /// One sentence without a mark.
    package var text: String
    /// What the agent is asked when somebody wants it looked into: no text of the machine's but names from settings.
    package var question: String

    package init(
        scope: CheckScope, key: String, grade: HealthFinding.Grade, count: Int = 0, text: String, question: String
    ) {
        (self.scope, self.key, self.grade, self.count) = (scope, key, grade, count)
        (self.text, self.question) = (text, question)
    }
}

/// What one check came to.
package struct CheckResult: Sendable, Hashable {
    package var observations: [Observation] = []
    /// What was looked at.
    package var examined: Set<CheckScope> = []

    package init() {}
}
