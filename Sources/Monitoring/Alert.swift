package import AgentCore
package import StrictJSON

/// One thing that is or was wrong: what is so, and what people have been told.
package struct Alert: Sendable, Hashable {
    package struct Told: Sendable, Hashable {
        package var grade: HealthFinding.Grade
        package var count: Int
    }

    package let key: String
    package var scope: CheckScope
    package var text: String
    package var question: String
    package var count = 0
    /// Checks in a row that saw it, saw it critical, or did not see it.
    var seen = 0, seenCritical = 0, missed = 0
    /// Whether it is there, as far as enough checks in a row say.
    package internal(set) var isPresent = false
    package internal(set) var grade = HealthFinding.Grade.warning
    /// The worst that people were told since they were told of none.
    package internal(set) var told: Told?
    /// When it last came or went; milliseconds since 1970.
    package internal(set) var changed: Int64 = 0
    /// When it came last; milliseconds since 1970.
    package internal(set) var arrived: Int64 = 0
    /// When it came, of late.
    var arrivals: [Int64] = []
    /// It comes and goes: people were told that, and are told no more until it rests.
    package internal(set) var isFlapping = false

    init(_ observation: Observation) {
        (key, scope) = (observation.key, observation.scope)
        (text, question) = (observation.text, observation.question)
    }
}

// MARK: As it is stored

extension Alert {
    package var json: JSONValue {
        .object(compacting: [
            "scope": .string(scope.text), "text": .string(text), "question": .string(question),
            "count": JSONValue(count), "seen": JSONValue(seen), "seen_critical": JSONValue(seenCritical),
            "missed": JSONValue(missed), "present": .bool(isPresent), "grade": .string(grade.rawValue),
            "told_grade": told.map { .string($0.grade.rawValue) }, "told_count": told.map { JSONValue($0.count) },
            "changed": .integer(changed), "arrived": .integer(arrived),
            "arrivals": .array(arrivals.map { .integer($0) }),
            "flapping": .bool(isFlapping),
        ])
    }

    /// - Returns: `nil` for what this program did not write.
    package init?(key: String, json: JSONValue) {
        guard let scope = json["scope"]?.stringValue.flatMap({ CheckScope($0) }),
            let text = json["text"]?.stringValue,
            let grade = json["grade"]?.stringValue.flatMap(HealthFinding.Grade.init)
        else { return nil }
        (self.key, self.scope, self.text, self.grade) = (key, scope, text, grade)
        question = json["question"]?.stringValue ?? text
        func number(_ name: String) -> Int { json[name]?.intValue ?? 0 }
        (count, seen, seenCritical, missed) = (
            number("count"), number("seen"), number("seen_critical"), number("missed")
        )
        (isPresent, isFlapping) = (json["present"]?.boolValue ?? false, json["flapping"]?.boolValue ?? false)
        told = json["told_grade"]?.stringValue.flatMap(HealthFinding.Grade.init).map {
            Told(grade: $0, count: number("told_count"))
        }
        (changed, arrived) = (Int64(number("changed")), Int64(number("arrived")))
        arrivals = (json["arrivals"]?.arrayValue ?? []).compactMap(\.intValue).map { Int64($0) }
    }
}
