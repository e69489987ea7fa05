import Glibc
import StrictJSON
import Systemd

/// What a timer waits for, what a socket or a path listens on, and which service they start.
struct UnitSchedule: Sendable {
    let unit: UnitState

    var lines: [String] {
        let by = unit.texts("TriggeredBy").map { SafeText.line($0, limit: 255) }
        let starts = unit.texts("Triggers").map { SafeText.line($0, limit: 255) }
        return [
            by.isEmpty ? nil : "Started by: \(by.joined(separator: ", "))",
            starts.isEmpty ? nil : "Starts: \(starts.joined(separator: ", "))",
            listens.isEmpty ? nil : "Waits on: \(listens.joined(separator: ", "))\(connections)", last, next,
        ].compactMap { $0 }
    }

    /// `Stream 0.0.0.0:80` of a socket, `PathExists /run/x` of a path unit.
    private var listens: [String] {
        (unit.values("Listen") + unit.values("Paths")).map(\.texts).filter { $0.count == 2 }
            .map { SafeText.line($0.joined(separator: " "), limit: 200) }
    }

    private var connections: String {
        guard let accepted = unit.count("NAccepted"), accepted > 0 else { return "" }
        return " (\(unit.count("NConnections") ?? 0) connections, \(accepted) accepted so far)"
    }

    private var isTimer: Bool { unit.id.hasSuffix(".timer") }

    private var last: String? {
        guard isTimer else { return nil }
        guard let time = lastTrigger else { return "Last time: never" }
        return "Last time: \(ClockText.moment(time)) (\(ClockText.since(time)) ago)"
    }

    private var next: String? {
        guard isTimer else { return nil }
        guard let time = nextElapse else { return unit.isActive ? "Next time: none is set" : nil }
        return "Next time: \(ClockText.moment(time)) (in \(ClockText.until(time)))"
    }

    private var lastTrigger: UInt64? { unit.count("LastTriggerUSec").flatMap { $0 > 0 ? UInt64($0) : nil } }

    /// In microseconds since 1970: the earlier of the calendar's time and the one that counts from an event.
    private var nextElapse: UInt64? {
        let calendar = unit.count("NextElapseUSecRealtime").flatMap { $0 > 0 ? UInt64($0) : nil }
        let monotonic = unit.count("NextElapseUSecMonotonic").flatMap { $0 > 0 ? UInt64($0) : nil }
        let counted = monotonic.map { ClockText.now &+ ($0 - min($0, Self.monotonicNow)) }
        return [calendar, counted].compactMap { $0 }.min()
    }

    private static var monotonicNow: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000_000 + UInt64(time.tv_nsec / 1000)
    }

    var metadata: [String: JSONValue] {
        var metadata: [String: JSONValue] = [:]
        let (by, starts) = (unit.texts("TriggeredBy"), unit.texts("Triggers"))
        if !by.isEmpty { metadata["triggered_by"] = JSONValue(by) }
        if !starts.isEmpty { metadata["triggers"] = JSONValue(starts) }
        if !listens.isEmpty { metadata["listens_on"] = JSONValue(listens) }
        if isTimer {
            metadata["last_trigger"] = lastTrigger.map { .string(ClockText.moment($0)) } ?? .null
            metadata["next_elapse"] = nextElapse.map { .string(ClockText.moment($0)) } ?? .null
        }
        return metadata
    }
}
