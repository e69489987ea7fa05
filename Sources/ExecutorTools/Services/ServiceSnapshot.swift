import StrictJSON
import Systemd

/// How a service is at one moment, whoever keeps it.
struct ServiceSnapshot: Sendable {
    enum Activity: Sendable, Hashable {
        case active
        case inactive
        case failed
        /// On its way up or down: not there yet.
        case changing
        /// Cannot be told here.
        case unknown
    }

    var name: String
    var activity: Activity
    /// systemd's words, or those that fit best: `active`, `inactive`, `failed`, `unknown`.
    var state: String
    var subState: String
    var pid: Int32?
    /// What systemd knows, where systemd keeps it.
    var unit: UnitState?
    /// How it is known, where that is not systemd: a sentence.
    var source: String?

    init(_ unit: UnitState) {
        (name, state, subState, pid, self.unit) = (unit.id, unit.active, unit.sub, unit.mainPID, unit)
        activity =
            switch unit.active {
            case "active": unit.sub == "exited" || unit.sub != "auto-restart" ? .active : .changing
            case "reloading": .active
            case "activating", "deactivating": .changing
            case "failed": .failed
            case "inactive": .inactive
            default: .unknown
            }
    }

    init(name: String, activity: Activity, pid: Int32? = nil, source: String) {
        (self.name, self.activity, self.pid, self.source) = (name, activity, pid, source)
        (state, subState) =
            switch activity {
            case .active: ("active", "running")
            case .inactive: ("inactive", "dead")
            case .failed: ("failed", "failed")
            case .changing: ("activating", "start")
            case .unknown: ("unknown", "unknown")
            }
    }

    /// True, false, or null where it cannot be told.
    var isActive: JSONValue {
        switch activity {
        case .active: true
        case .inactive, .failed, .changing: false
        case .unknown: .null
        }
    }

    /// `active (running)`
    var words: String { activity == .unknown ? "state unknown" : "\(state) (\(subState))" }

    /// `✅ nginx: active (running), pid 12`
    var line: String {
        let mark =
            switch activity {
            case .active: "✅"
            case .inactive, .failed: "❌"
            case .changing, .unknown: "⚠️"
            }
        return "\(mark) \(name): \(words)" + (pid.map { ", pid \($0)" } ?? "")
    }

    var metadata: [String: JSONValue] {
        [
            "service": .string(name), "service_active": isActive, "state": .string(state),
            "sub_state": .string(subState), "pid": pid.map { JSONValue(Int($0)) } ?? .null,
        ]
    }
}
