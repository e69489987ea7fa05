import ExecutorAPI
import StrictJSON

/// What a call changed, and so what has to be verified before the change counts as done.
package enum ChangeTarget: Sendable, Hashable {
    /// A service that has to run.
    case service(String)
    /// A service that has to stand still.
    case stopped(String)
    /// A container that has to run.
    case container(String)
    /// Something no tool can verify; the words say what.
    case unknown(String)

    /// What a call changed; `nil` where it changed nothing: a read-only tool, or a refusal.
    ///
    /// A failure may have changed something half-way, so it counts as a change.
    static func of(_ call: ToolCall, _ result: ToolResult, readOnlyTools: Set<String>) -> ChangeTarget? {
        guard result.refusal == nil, !readOnlyTools.contains(call.name) else { return nil }
        let target = wanted(by: call)
        guard ToolName(rawValue: call.name) == .runCommand else { return target ?? .unknown(call.name) }
        switch result.metadata["effect"]?.stringValue {
        case "change": return target ?? .unknown(call.argument("command"))
        // Without the executor's word (a time-out, say) what the command looks like decides.
        case nil: return target
        default: return nil
        }
    }

    /// What a call was to change, by its looks; `nil` where they do not tell.
    static func wanted(by call: ToolCall) -> ChangeTarget? {
        switch ToolName(rawValue: call.name) {
        case .restartService: return .service(name(call.argument("service")))
        case .dockerRestart: return .container(call.argument("container"))
        case .runCommand:
            let words = call.argument("command").split(separator: " ").map(String.init)
            return changedUnit(words) ?? changedContainer(words)
        default: return nil
        }
    }

    private static func changedUnit(_ words: [String]) -> ChangeTarget? {
        guard words.count == 3, words[0] == "systemctl" else { return nil }
        switch words[1] {
        case "start", "restart": return .service(name(words[2]))
        case "stop": return .stopped(name(words[2]))
        default: return nil
        }
    }

    private static func changedContainer(_ words: [String]) -> ChangeTarget? {
        guard words.count == 3, words[0] == "docker", words[1] == "restart" else { return nil }
        return .container(words[2])
    }

    /// `nginx` and `nginx.service` are one service.
    static func name(_ unit: String) -> String { unit.hasSuffix(".service") ? String(unit.dropLast(8)) : unit }

    /// The thing's name, as a report calls it.
    package var name: String {
        switch self {
        case .service(let name), .stopped(let name), .container(let name), .unknown(let name): name
        }
    }

    /// The call that verifies it; `nil` where none can.
    func verification(id: String, testURL: String?) -> ToolCall? {
        switch self {
        case .service(let name):
            let url: [String: JSONValue] = testURL.map { ["test_url": .string($0)] } ?? [:]
            return ToolCall(.verifyFix, id: id, url.merging(["service": .string(name)]) { $1 })
        case .stopped(let name): return ToolCall(.checkService, id: id, ["service": .string(name)])
        case .container: return ToolCall(.dockerPs, id: id, [:])
        case .unknown: return nil
        }
    }

    /// Whether an answer to any call verifies it: true, false, or `nil` where the call was about something else.
    func isVerified(by call: ToolCall, _ result: ToolResult) -> Bool? {
        switch (self, ToolName(rawValue: call.name)) {
        case (.service(let name), .verifyFix):
            guard Self.name(call.argument("service")) == name else { return nil }
            return result.success && result.metadata["verified"]?.boolValue ?? true
        case (.stopped(let name), .checkService):
            guard Self.name(call.argument("service")) == name else { return nil }
            return result.metadata["service_active"]?.boolValue == false
        case (.container(let name), .dockerPs):
            guard result.success else { return false }
            let container = result.metadata["containers"]?.arrayValue?.first {
                $0["name"]?.stringValue == name || ($0["id"]?.stringValue.map { id in name.hasPrefix(id) } ?? false)
            }
            return container?["state"]?.stringValue == "running" && container?["health"]?.stringValue != "unhealthy"
        default: return nil
        }
    }
}

extension ToolCall {
    init(_ tool: ToolName, id: String, _ arguments: [String: JSONValue]) {
        self.init(id: id, name: tool.rawValue, arguments: arguments)
    }

    /// A text argument, or the empty text.
    func argument(_ name: String) -> String { arguments[name]?.stringValue ?? "" }

    /// Equal for equal calls, whatever their ids.
    var signature: String { name + JSONValue.object(arguments).text }
}
