package import StrictJSON

/// What is wrong with a container, and why.
package struct ContainerFinding: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        case outOfMemory = "oom_killed"
        case portTaken = "port_taken"
        case restartLoop = "restart_loop"
        case cannotStart = "cannot_start"
        case exited
        case unhealthy
        case paused
    }

    package var code: Code
    package var grade: HealthFinding.Grade
    package var container: String
    /// One sentence.
    package var text: String
    /// What it printed last.
    package var lines: [String] = []

    /// So many restarts by its policy, while it is down between two, are a loop.
    static let loopRestarts = 3
    /// One that has run on for longer since its last restart is out of the loop.
    private static let loopTime: UInt64 = 60_000_000

    /// What its state says, or `nil` for a container that is well or has ended as it should.
    package init?(_ container: Container) {
        guard let detail = container.detail, let found = Self.find(detail) else { return nil }
        (code, grade, self.container) = (found.code, found.grade, container.name)
        text = "\(container.name) \(found.text)"
    }

    /// Whether its last words may say more.
    var wantsLines: Bool { [.exited, .restartLoop, .outOfMemory, .unhealthy].contains(code) }

    private typealias Found = (code: Code, grade: HealthFinding.Grade, text: String)

    private static func find(_ detail: ContainerDetail) -> Found? {
        if let error = detail.error, !detail.isUp { return failedStart(error) }
        if detail.wasKilledForMemory {
            let limit = detail.memoryLimit.map { " at its limit of \(Figures.bytes($0))" } ?? ""
            return (.outOfMemory, .critical, "was killed for want of memory (OOM)\(limit)\(restarts(detail)).")
        }
        if detail.state == "restarting" {
            return (
                detail.restarts >= loopRestarts ? .restartLoop : .exited, .critical,
                "ends and is started again\(restarts(detail)); it last ended with \(exit(detail))."
            )
        }
        switch (detail.state, detail.health) {
        case ("exited", _), ("dead", _):
            guard detail.exitCode ?? 0 != 0 else { return nil }
            return (.exited, .warn, "has ended with \(exit(detail))\(restarts(detail)).")
        case ("paused", _): return (.paused, .warn, "is paused.")
        case ("running", _) where isFresh(detail) && detail.restarts >= loopRestarts:
            return (.restartLoop, .critical, "has just been started again\(restarts(detail)).")
        case (_, "unhealthy"?): return (.unhealthy, .critical, unhealthy(detail))
        default: return nil
        }
    }

    private static func isFresh(_ detail: ContainerDetail) -> Bool {
        guard let text = detail.startedAt, let time = Array(text.utf8).withUnsafeBytes({ LineTime($0) }) else {
            return false
        }
        return time.microseconds + loopTime > ClockText.now
    }

    private static func failedStart(_ error: String) -> Found {
        if let port = DockerProblem.takenPort(in: error) {
            return (.portTaken, .critical, "cannot start: port \(port) is taken; check_port says by what.")
        }
        return (.cannotStart, .critical, "cannot start: \(error).")
    }

    private static func unhealthy(_ detail: ContainerDetail) -> String {
        let said = detail.checks.last.map { check in
            "; the last said: \(check.output ?? "nothing, and ended with code \(check.exitCode)")"
        }
        return "runs and is unhealthy: \(detail.failingStreak) checks in a row have failed\(said ?? "")."
    }

    private static func exit(_ detail: ContainerDetail) -> String {
        guard let code = detail.exitCode else { return "an unknown code" }
        return "code \(code)\(ContainerDetail.meaning(code).map { " (\($0))" } ?? "")"
    }

    private static func restarts(_ detail: ContainerDetail) -> String {
        detail.restarts > 0 ? ", after \(detail.restarts) restart\(detail.restarts == 1 ? "" : "s")" : ""
    }

    package var json: JSONValue {
        [
            "code": .string(code.rawValue), "grade": .string(grade.rawValue), "container": .string(container),
            "text": .string(text), "lines": JSONValue(lines),
        ]
    }
}
