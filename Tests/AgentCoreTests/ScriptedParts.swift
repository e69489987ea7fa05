import AgentCore
import ExecutorAPI
import StrictJSON
import Synchronization

/// A model that gives scripted turns, and keeps what it was given.
final class ScriptedModel: Model {
    let name: String
    private let state: Mutex<(turns: [Result<ModelTurn, ModelError>], prompts: [ModelPrompt])>

    init(_ turns: [Result<ModelTurn, ModelError>], name: String = "scripted") {
        self.name = name
        state = Mutex((turns, []))
    }

    var prompts: [ModelPrompt] { state.withLock { $0.prompts } }

    func respond(to prompt: ModelPrompt) async throws -> ModelTurn {
        let next = state.withLock { state -> Result<ModelTurn, ModelError> in
            state.prompts.append(prompt)
            return state.turns.isEmpty ? .success(.say("done")) : state.turns.removeFirst()
        }
        return try next.get()
    }
}

extension ModelTurn {
    static func say(_ text: String) -> ModelTurn { ModelTurn(content: [.text(text)], stop: .endTurn) }

    static func call(_ name: String, _ arguments: [String: JSONValue], id: String) -> ModelTurn {
        ModelTurn(content: [.toolUse(ToolCall(id: id, name: name, arguments: arguments))], stop: .toolUse)
    }
}

/// Tools whose answers a closure gives.
final class ScriptedToolbox: Toolbox {
    typealias Answer = @Sendable (ToolCall, [ToolCall]) throws -> ToolResult

    private let answer: Answer
    private let state = Mutex<(calls: [ToolCall], operations: [String])>(([], []))

    init(_ answer: @escaping Answer) { self.answer = answer }

    var calls: [ToolCall] { state.withLock { $0.calls } }
    var operations: [String] { state.withLock { $0.operations } }

    static let changing: Set<String> = ["docker_restart", "restart_service", "run_command"]

    func tools() async throws -> [ToolDefinition] {
        ToolName.allCases.map(\.rawValue).sorted().map {
            ToolDefinition(
                name: $0, title: $0, description: "d", inputSchema: ["type": "object"],
                readOnly: !Self.changing.contains($0))
        }
    }

    func call(
        _ call: ToolCall, operation: String, actor: Actor, onOutput: @escaping @Sendable (String) -> Void
    ) async throws -> ToolResult {
        let before = state.withLock { state -> [ToolCall] in
            defer {
                state.calls.append(call)
                state.operations.append(operation)
            }
            return state.calls
        }
        return try answer(call, before)
    }
}

extension AgentRequest {
    static func ask(_ text: String, _ language: Language = .russian, incidents: [PastIncident] = []) -> AgentRequest {
        AgentRequest(text: text, language: language, actor: Actor(userID: "7"), incidents: incidents)
    }
}

extension ToolResult {
    static func verified(_ isVerified: Bool) -> ToolResult {
        ToolResult(
            success: isVerified, output: isVerified ? "✅ nginx: active (running)" : "❌ nginx: inactive (dead)",
            metadata: [
                "verified": .bool(isVerified), "service_active": .bool(isVerified),
                "http_status": isVerified ? 200 : nil,
            ])
    }
}
