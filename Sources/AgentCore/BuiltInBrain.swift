import ExecutorAPI
import StrictJSON

/// A model that needs no network: rules over the same tools. A function of the prompt; it remembers nothing.
package struct BuiltInBrain: Model {
    package static let modelName = "built-in"
    package let name = BuiltInBrain.modelName

    package init() {}

    package func respond(to prompt: ModelPrompt) async throws -> ModelTurn { Self.turn(for: prompt) }

    static func turn(for prompt: ModelPrompt) -> ModelTurn {
        let steps = BrainSteps(prompt)
        var plan = BrainPlan(steps: steps, language: SystemPrompt.language(of: prompt.system))
        switch plan.next(for: Intent(steps.request)) {
        case .call(let tool, let arguments):
            let call = ToolCall(tool, id: "builtin_\(steps.done.count + 1)", arguments)
            return ModelTurn(content: [.toolUse(call)], stop: .toolUse)
        case .say(let text):
            let signature = plan.language == .russian ? "(встроенный режим, без ИИ)" : "(built-in mode, no AI)"
            return ModelTurn(content: [.text("\(text)\n\(signature)")], stop: .endTurn)
        }
    }
}

/// What has been asked, and what has been done about it so far, read from a prompt.
struct BrainSteps: Sendable {
    var request = ""
    var done: [(call: ToolCall, result: ToolResult)] = []

    init(_ prompt: ModelPrompt) {
        var open: [String: ToolCall] = [:]
        for message in prompt.messages {
            for content in message.content {
                switch content {
                case .text(let text) where message.role == .user && !text.hasPrefix(SystemPrompt.notice):
                    (request, done, open) = (text, [], [:])
                case .toolUse(let call): open[call.id] = call
                case .toolResult(let id, let text, _):
                    if let call = open.removeValue(forKey: id), let result = ToolText.decode(text) {
                        done.append((call, result))
                    }
                default: break
                }
            }
        }
    }

    /// The newest answer of a tool, to these arguments if given.
    func result(_ tool: ToolName, _ arguments: [String: JSONValue] = [:]) -> ToolResult? {
        done.last { step in
            step.call.name == tool.rawValue && arguments.allSatisfy { step.call.arguments[$0.key] == $0.value }
        }?.result
    }
}
