package import StrictJSON

/// One thing about the machine that is worth a word.
package struct HealthFinding: Sendable, Hashable {
    package enum Grade: String, Sendable, Hashable, CaseIterable, Comparable {
        case ok
        case warn
        case critical

        package static func < (left: Grade, right: Grade) -> Bool { left.rank < right.rank }
        private var rank: Int { self == .ok ? 0 : self == .warn ? 1 : 2 }
    }

    package var grade: Grade
    /// Which check it is of: with ``subject`` the finding's identity from one look to the next.
    package var code: String
    /// What it is about, such as a mount point or a unit; `nil` for the machine.
    package var subject: String?
    /// The figure, and the step it reached; `nil` where there is none.
    package var value: Double?
    package var threshold: Double?
    /// One sentence, with the figure and the threshold it broke.
    package var text: String

    package init(
        _ grade: Grade, _ code: String, of subject: String? = nil, value: Double? = nil, threshold: Double? = nil,
        _ text: String
    ) {
        (self.grade, self.code, self.subject, self.text) = (grade, code, subject, text)
        (self.value, self.threshold) = (value, threshold)
    }

    package var json: JSONValue {
        .object(compacting: [
            "grade": .string(grade.rawValue), "code": .string(code), "subject": subject.map { .string($0) },
            "value": value.map(Self.number), "threshold": threshold.map(Self.number), "text": .string(text),
        ])
    }

    private static func number(_ value: Double) -> JSONValue {
        Int(exactly: value).map { JSONValue($0) } ?? JSONValue(value)
    }
}

extension HealthThresholds.Steps {
    /// The grade of a figure of which more is worse, and the step it reached.
    func grade(_ value: Double) -> (HealthFinding.Grade, step: Double)? {
        if value >= critical { return (.critical, critical) }
        return value >= warn ? (.warn, warn) : nil
    }

    /// The grade of a figure of which less is worse.
    func gradeOfLack(_ value: Double) -> (HealthFinding.Grade, step: Double)? {
        if value <= critical { return (.critical, critical) }
        return value <= warn ? (.warn, warn) : nil
    }

    /// The finding of a figure of which more is worse; `nil` below the steps.
    func finding(
        _ code: String, of subject: String? = nil, _ value: Double, _ text: (_ step: Double) -> String
    ) -> HealthFinding? {
        grade(value).map { grade, step in
            HealthFinding(grade, code, of: subject, value: value, threshold: step, text(step))
        }
    }

    /// The finding of a figure of which less is worse.
    func findingOfLack(
        _ code: String, of subject: String? = nil, _ value: Double, _ text: (_ step: Double) -> String
    ) -> HealthFinding? {
        gradeOfLack(value).map { grade, step in
            HealthFinding(grade, code, of: subject, value: value, threshold: step, text(step))
        }
    }
}
