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
        switch plan.next(for: steps.intent) {
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
    /// The agent's own message that the request answers.
    private var answered: String?
    private var isForwarded = false

    init(_ prompt: ModelPrompt) {
        var open: [String: ToolCall] = [:]
        let language = SystemPrompt.language(of: prompt.system)
        let (before, forwarded) = (SystemPrompt.answeredNotice(language), SystemPrompt.forwardedNotice(language))
        for message in prompt.messages {
            for content in message.content {
                switch content {
                case .text(let text) where message.role == .user && text.hasPrefix(before):
                    answered = (try? JSONValue(parsing: String(text.dropFirst(before.count))))?.stringValue
                case .text(forwarded) where message.role == .user: isForwarded = true
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

    /// What another wrote is looked into, and nothing is changed for it. What names nothing is about what it answers:
    /// «почини» under an alert.
    var intent: Intent {
        let intent = Intent(request)
        if isForwarded { return intent.changingNothing }
        guard let name = answered.flatMap({ IntentWords($0).name() }), IntentWords(request).name() == nil else {
            return intent
        }
        switch intent {
        case .health, .help, .unable: return Intent("\(request) \(name)")
        default: return intent
        }
    }

    /// The newest answer of a tool, to these arguments if given.
    func result(_ tool: ToolName, _ arguments: [String: JSONValue] = [:]) -> ToolResult? {
        done.last { step in
            step.call.name == tool.rawValue && arguments.allSatisfy { step.call.arguments[$0.key] == $0.value }
        }?.result
    }
}
