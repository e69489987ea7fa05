package import StrictJSON

/// What is wrong with a container, and why.
package struct ContainerFinding: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        case oomKill = "oom_kill"
        case portTaken = "port_taken"
        case restartLoop = "restart_loop"
        case cannotStart = "cannot_start"
        case exited
        case unhealthy
        case paused
        /// It was made, and nobody has started it.
        case notStarted = "not_started"
    }

    package var code: Code
    package var grade: HealthFinding.Grade
    package var container: String
    /// One sentence.
    package var text: String
    /// Why, by the words of the engine or of its log: a code of `check_service`.
    package private(set) var cause: String?
    /// What it printed last.
    package private(set) var lines: [String] = []

    /// So many restarts by its policy, while it is down between two, are a loop.
    static let loopRestarts = 3
    /// One that has run on for longer since its last restart is out of the loop.
    private static let loopTime: UInt64 = 60_000_000

    /// What its state says, or `nil` for a container that is well or has ended as it should.
    ///
    /// - Parameter others: All containers: one of them may have the port that it wants.
    package init?(_ container: Container, among others: [Container] = []) {
        guard let detail = container.detail, let found = Self.find(detail, among: others) else { return nil }
        (code, grade, self.container) = (found.code, found.grade, container.name)
        text = "\(container.name) \(found.text)"
        cause = detail.isUp ? nil : detail.error.flatMap { LogSign($0)?.code.rawValue }
    }

    /// Adds what its log says: the last lines, and the one that tells why.
    ///
    /// - Parameter log: The newest last.
    package mutating func explain(by log: [String]) {
        lines = Array(log.suffix(Self.shownLines))
        guard let (line, sign) = log.reversed().lazy.compactMap({ line in LogSign(line).map { (line, $0) } }).first
        else {
            return
        }
        cause = sign.code.rawValue
        text += " Its log says why: \(sign.sentence)"
        if !lines.contains(line) { lines.insert(line, at: 0) }
    }

    private static let shownLines = 3

    /// Whether its last words may say more.
    var wantsLines: Bool { [.exited, .restartLoop, .oomKill, .unhealthy].contains(code) }

    private typealias Found = (code: Code, grade: HealthFinding.Grade, text: String)

    private static func find(_ detail: ContainerDetail, among others: [Container]) -> Found? {
        if let error = detail.error, !detail.isUp { return failedStart(error, detail, among: others) }
        if detail.wasKilledForMemory {
            let limit = detail.memoryLimit.map { " at its limit of \(Figures.bytes($0))" } ?? ""
            return (.oomKill, .critical, "was killed for want of memory (OOM)\(limit)\(restarts(detail)).")
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
            return (.exited, .warn, "has ended with \(exit(detail))\(restarts(detail)).\(killed(detail))")
        case ("created", _):
            return (.notStarted, .warn, "was made and never started; docker_restart starts it.")
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

    private static func failedStart(_ error: String, _ detail: ContainerDetail, among others: [Container]) -> Found {
        if let port = DockerProblem.takenPort(in: error) {
            let holder = UInt16(port).flatMap { port in others.first { $0.publishes(port) } }
            let by = holder.map { " by the container \($0.name)." } ?? "; check_port says by what."
            return (.portTaken, .critical, "cannot start: port \(port) is taken\(by)")
        }
        let meaning = detail.exitCode.flatMap { [126, 127].contains($0) ? ContainerDetail.meaning($0) : nil }
        return (.cannotStart, .critical, "cannot start\(meaning.map { ", \($0)" } ?? ""): \(essence(of: error)).")
    }

    /// Without the steps that came before the one that failed.
    private static func essence(of error: String) -> String {
        let mark = "unable to start container process: "
        let text = error.firstRange(of: mark).map { error[$0.upperBound...] } ?? error[...]
        return String(text.hasSuffix(": unknown") ? text.dropLast(": unknown".count) : text)
    }

    /// Where the engine does not say whether it was for want of memory: it does not see what the machine itself lacks.
    private static func killed(_ detail: ContainerDetail) -> String {
        detail.exitCode == 137
            ? " Docker noted no want of memory: it was killed by hand, or did not stop in time, or the whole machine "
                + "wanted memory (system_health)." : ""
    }

    private static func unhealthy(_ detail: ContainerDetail) -> String {
        let said = detail.checks.last.map { check in
            let kind = [126, 127].contains(check.exitCode) ? "; the check itself cannot be run" : ""
            return "\(kind); the last said: \(check.output ?? "nothing, and ended with code \(check.exitCode)")"
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
        .object(compacting: [
            "code": .string(code.rawValue), "grade": .string(grade.rawValue), "container": .string(container),
            "cause": cause.map { .string($0) }, "text": .string(text), "lines": JSONValue(lines),
        ])
    }
}
