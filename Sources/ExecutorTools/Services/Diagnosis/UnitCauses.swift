import Systemd

/// The causes that systemd's own properties name.
struct UnitCauses: Sendable {
    let unit: UnitState
    /// Those of its last start.
    let words: StartWords
    /// What the kernel says of its end.
    var kernel = KernelKill.none

    var lines: [String] { words.lines }

    /// A unit file that cannot be used, with the line that is at fault.
    var unusable: [UnitFinding] {
        switch unit.load {
        case "loaded":
            return Self.unique(fileLines).suffix(3).map { line in
                UnitFinding(.badUnitFile, "systemd does not accept a line of its unit file: \(line)")
            }
        case "masked":
            return [
                UnitFinding(
                    .masked,
                    "It is masked: nothing can start it until an administrator runs `systemctl unmask \(unit.id)`."
                )
            ]
        default:
            let said = unit.values("LoadError").compactMap(\.text).filter { !$0.isEmpty }.last
            let changes = unit.texts("DropInPaths").map { SafeText.line($0, limit: 200) }.joined(separator: ", ")
            let parts =
                [said.map { SafeText.line($0, limit: 300) }] + Self.unique(fileLines).suffix(3)
                + [changes.isEmpty ? nil : "It is changed by \(changes)."]
            return [
                UnitFinding(
                    .badUnitFile,
                    "Its unit file is not usable (\(unit.load)): \(parts.compactMap { $0 }.joined(separator: " "))")
            ]
        }
    }

    /// systemd's words about the unit's own file: `/etc/…/web.service:5: …`, and why it refuses it.
    private var fileLines: [String] {
        let paths = unit.files.map { "\($0):" }
        return (words.before + lines).filter { line in
            let isFault = paths.contains { line.hasPrefix($0) } && !Self.advice.contains { line.contains($0) }
            return isFault || (line.hasPrefix("\(unit.id): ") && line.hasSuffix("Refusing."))
        }
    }

    /// Words of lines that systemd accepts all the same.
    static let advice = ["is not safe!", "legacy", "obsolete", "deprecated"]

    /// What is not about the unit's file.
    var ownLines: [String] {
        let fileLines = Set(fileLines)
        // What is told of the pid file: of it the missing start is the cause.
        return lines.filter { !fileLines.contains($0) && !$0.hasPrefix("\(unit.id): Can't open PID file") }
    }

    /// Only meaningful where it did not start.
    var conditions: [UnitFinding] {
        guard !unit.isActive else { return [] }
        let known = [
            failed("ConditionResult", "Conditions", .conditionFailed, "a condition does not hold"),
            failed("AssertResult", "Asserts", .assertFailed, "an assertion does not hold"),
        ].compactMap { $0 }
        return known.isEmpty && unit.stateChanged == nil ? [forgotten].compactMap { $0 } : known
    }

    private func failed(
        _ result: String, _ list: String, _ code: UnitFinding.Code, _ words: String
    ) -> UnitFinding? {
        guard unit.bool(result) == false else { return nil }
        // (type, trigger, negate, parameter, state): a state below zero failed.
        let failed = checks(list).filter { $0.state < 0 }
        return failed.isEmpty
            ? nil : UnitFinding(code, "Not started, \(words): \(failed.map(\.text).joined(separator: ", "))")
    }

    private func checks(_ list: String) -> [(text: String, state: Int64)] {
        unit.values(list).map(\.elements).compactMap { fields in
            guard fields.count == 5, let type = fields[0].text, let parameter = fields[3].text,
                let state = fields[4].integer
            else { return nil }
            return (SafeText.line("\(type)=\(fields[2].bool == true ? "!" : "")\(parameter)", limit: 200), state)
        }
    }

    /// systemd keeps no state of an inactive unit that nothing refers to: then its last word says why it is not up.
    private var forgotten: UnitFinding? {
        guard let line = lines.last.map({ SafeText.line($0, limit: 300) }) else { return nil }
        if lines.contains(where: { $0.contains("Skipped due to 'exec-condition'") }) {
            return UnitFinding(.conditionFailed, "Not started, its ExecCondition= said that it is not to run.")
        }
        if line.contains("was skipped because of") || line.hasPrefix("Condition check resulted in") {
            return UnitFinding(.conditionFailed, "Not started, a condition does not hold: \(line)")
        }
        if line.contains("Assertion failed") {
            let all = checks("Asserts").map(\.text).joined(separator: ", ")
            return UnitFinding(.assertFailed, "Not started, an assertion does not hold (\(all)): \(line)")
        }
        return nil
    }

    /// The units that wait for each other, as systemd names them one by one.
    var cycle: [UnitFinding] {
        guard !unit.isActive, let first = lines.lastIndex(where: { $0.contains("Found ordering cycle on ") }) else {
            return []
        }
        let names = lines[first...].compactMap { line in
            ["Found ordering cycle on ", "Found dependency on "].lazy.compactMap { words in
                line.word(after: words)?.split(separator: "/").first.map { SafeText.line(String($0), limit: 255) }
            }.first
        }
        let round = (names + names.prefix(1)).joined(separator: " → ")
        return [
            UnitFinding(
                .dependencyCycle, "Dependency cycle: \(round). systemd cannot order them; one must not need the other.")
        ]
    }

    /// systemd's result tells of it where the start was asked for, and only its words where it restarted it itself.
    var hitStartLimit: Bool {
        unit.result == "start-limit-hit"
            || (unit.active == "failed" && lines.contains { $0.contains("Start request repeated too quickly") })
    }

    /// A socket that comes after its service.
    var refusedSocket: [UnitFinding] {
        guard !unit.isActive, let line = lines.last(where: { $0.contains("already active, refusing") }),
            let service = line.word(after: "Socket service ")
        else { return [] }
        return [
            UnitFinding(
                .conflict,
                "Its service \(SafeText.line(String(service), limit: 255)) runs already, without it: stop that first, then "
                    + "start the socket.")
        ]
    }

    /// It goes up and down by itself.
    var loops: [UnitFinding] {
        let isRestarting = unit.restarts > 0 && (unit.sub.hasPrefix("auto-restart") || unit.active == "activating")
        let isGivenUp = unit.active == "failed" && unit.restarts > 0
        let started = UInt64(unit.count("ExecMainStartTimestamp") ?? 0)
        let isRecent = unit.restarts >= Self.loop && ClockText.elapsed(since: started) < Self.recent
        guard isRestarting || isGivenUp || (unit.isActive && isRecent) else { return [] }
        let exit = ExitMeaning.exit(of: unit).map { "; last it ended with \($0)" } ?? ""
        let now = isGivenUp ? ", then gave up" : ""
        let times = unit.restarts == 1 ? "once" : "\(unit.restarts) times"
        return [
            UnitFinding(.crashLoop, "Crash loop: systemd restarted it \(times)\(now)\(exit).")
        ]
    }

    /// So many restarts, the last within so many microseconds, are a loop although it runs at the moment.
    private static let loop = 3
    private static let recent: UInt64 = 10 * 60 * 1_000_000

    private static func unique(_ lines: [String]) -> [String] {
        lines.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension String {
    /// What stands behind the first `words`, up to the next blank.
    fileprivate func word(after words: String) -> Substring? {
        firstRange(of: words).flatMap { self[$0.upperBound...].split(separator: " ").first }
    }
}
