package import StrictJSON

/// What a change is of.
package enum ChangeTarget: Sendable, Hashable {
    case unit(String)
    case container(String)

    /// The one unit or container of a command line that changes it, such as `systemctl stop nginx`.
    ///
    /// `nil` for lines that are of something else, or of several things.
    package init?(command words: [String]) {
        let plain = words.dropFirst().filter { !$0.hasPrefix("-") }
        guard plain.count == 2, let verb = plain.first, let name = plain.last else { return nil }
        switch words.first {
        case "systemctl" where Self.unitVerbs.contains(verb): self = .unit(name)
        case "docker" where Self.containerVerbs.contains(verb): self = .container(name)
        default: return nil
        }
    }

    private static let unitVerbs: Set<String> = ["disable", "enable", "kill", "restart", "start", "stop"]
    private static let containerVerbs: Set<String> = ["kill", "pause", "restart", "start", "stop", "unpause"]

    package var name: String {
        switch self {
        case .unit(let name), .container(let name): name
        }
    }
}

/// How a unit or a container is, as far as it can be put back.
package struct TargetState: Sendable, Hashable {
    /// `active` or `inactive` of a unit; `running`, `paused` or `stopped` of a container; `nil` where it is between
    /// two states or cannot be told.
    package var activity: String?
    /// A unit's `UnitFileState`, such as `enabled`.
    package var unitFile: String?

    package init(activity: String? = nil, unitFile: String? = nil) {
        (self.activity, self.unitFile) = (activity, unitFile)
    }

    /// `active, enabled`
    package var words: String {
        let words = [activity, unitFile].compactMap { $0 }
        return words.isEmpty ? "unknown" : words.joined(separator: ", ")
    }

    fileprivate var json: JSONValue {
        .object(compacting: ["activity": activity.map { .string($0) }, "unit_file": unitFile.map { .string($0) }])
    }

    fileprivate init(_ json: JSONValue?) {
        self.init(activity: json?["activity"]?.stringValue, unitFile: json?["unit_file"]?.stringValue)
    }
}

/// What a change changed: kept in the audit log, so that it can be put back.
package struct ChangedState: Sendable, Hashable {
    package var target: ChangeTarget
    package var before: TargetState
    package var after: TargetState

    package init(_ target: ChangeTarget, before: TargetState, after: TargetState) {
        (self.target, self.before, self.after) = (target, before, after)
    }

    /// `nil` for what this program did not write.
    package init?(json: JSONValue?) {
        guard let json else { return nil }
        if let unit = json["unit"]?.stringValue {
            target = .unit(unit)
        } else if let container = json["container"]?.stringValue {
            target = .container(container)
        } else {
            return nil
        }
        (before, after) = (TargetState(json["before"]), TargetState(json["after"]))
    }

    package var json: JSONValue {
        let (kind, name) =
            switch target {
            case .unit(let name): ("unit", name)
            case .container(let name): ("container", name)
            }
        return [kind: .string(name), "before": before.json, "after": after.json]
    }

    /// The command lines that put back what the change made different, in order.
    package var steps: [String] {
        var steps: [String] = []
        if let wanted = before.activity, wanted != after.activity, let verb = verb(to: wanted) {
            steps.append("\(program) \(verb) \(target.name)")
        }
        if let wanted = before.unitFile, wanted != after.unitFile, let verb = Self.unitFileVerbs[wanted] {
            steps.append("\(program) \(verb) \(target.name)")
        }
        return steps
    }

    private var program: String { if case .unit = target { "systemctl" } else { "docker" } }

    private func verb(to wanted: String) -> String? {
        switch wanted {
        case "active": "start"
        case "inactive", "stopped": "stop"
        case "running": after.activity == "paused" ? "unpause" : "start"
        case "paused": after.activity == "running" ? "pause" : nil
        default: nil
        }
    }

    /// Other states are not of one command's making: `static`, `generated`, `masked`.
    private static let unitFileVerbs = ["enabled": "enable", "disabled": "disable"]
}
