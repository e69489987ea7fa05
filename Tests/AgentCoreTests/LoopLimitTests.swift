import ExecutorAPI
import StrictJSON
import Testing

@testable import AgentCore

/// The limits of the loop, to the turn.
@Suite("Limits of the loop")
struct LoopLimitTests {
    private static let check = ToolCall(id: "c", name: "check_service", arguments: ["service": "nginx"])
    private static let restart = ToolCall(id: "r", name: "restart_service", arguments: ["service": "nginx"])

    private static func loop(_ change: (inout AgentLimits) -> Void = { _ in }) -> Loop {
        var limits = AgentLimits()
        change(&limits)
        let tools = ToolName.allCases.map {
            ToolDefinition(
                name: $0.rawValue, title: "t", description: "d", inputSchema: [:],
                readOnly: !ScriptedToolbox.changing.contains($0.rawValue))
        }
        return Loop(request: .ask("nginx упал", .english), tools: tools, limits: limits)
    }

    /// A turn that makes the call, and its answer.
    private static func make(
        _ call: ToolCall, _ loop: inout Loop, _ result: ToolResult = .success("ok", metadata: ["effect": "change"])
    ) throws -> Loop.Action {
        let action = loop.receive(.modelTurn(ModelTurn(content: [.toolUse(call)], stop: .toolUse)))
        guard case .callTools = action else { return action }
        return loop.receive(.toolResults([(call, result)]))
    }

    private static func say(_ text: String, _ stop: ModelTurn.Stop = .endTurn) -> Loop.Event {
        .modelTurn(ModelTurn(content: [.text(text)], stop: stop))
    }

    private static func messages(_ action: Loop.Action) throws -> Int {
        guard case .askModel(let prompt, _) = action else { throw Unexpected() }
        return prompt.messages.count
    }

    private static func conclusion(_ action: Loop.Action) throws -> Loop.Conclusion {
        guard case .finish(let conclusion) = action else { throw Unexpected() }
        return conclusion
    }

    private struct Unexpected: Error {}

    @Test("a model gets as many turns as the limit says, not one more")
    func turns() throws {
        var loop = Self.loop { $0.maximumIterations = 2 }
        _ = try Self.messages(loop.receive(.begin))
        _ = try Self.messages(Self.make(Self.check, &loop, .success("x")))
        let end = try Self.conclusion(Self.make(Self.check, &loop, .success("x")))
        #expect(end.ending == .iterationsSpent && end.iterations == 2)
    }

    @Test("a turn that failed is none: the built-in brain gets it, though it was the last")
    func failedTurn() throws {
        var loop = Self.loop { $0.maximumIterations = 1 }
        _ = loop.receive(.begin)
        guard case .askModel(_, .fallback) = loop.receive(.modelFailed(ModelError(.unavailable, "gone"))) else {
            throw Unexpected()
        }
    }

    @Test("after a change the same question may be asked as often again")
    func repeatsAfterChange() throws {
        var loop = Self.loop { $0.maximumRepeats = 1 }
        _ = loop.receive(.begin)
        _ = try Self.make(Self.check, &loop, .success("dead"))
        _ = try Self.make(Self.restart, &loop)
        guard case .callTools = loop.receive(.modelTurn(ModelTurn(content: [.toolUse(Self.check)], stop: .toolUse)))
        else { throw Unexpected() }
    }

    @Test("what was changed twice is verified once and reported once")
    func changedTwice() throws {
        var loop = Self.loop()
        _ = loop.receive(.begin)
        for _ in 0..<2 { _ = try Self.make(Self.restart, &loop) }
        guard case .verify(.service("nginx"), _) = loop.receive(Self.say("done")) else { throw Unexpected() }
        let end = try Self.conclusion(loop.receive(.verified(.verified(true))))
        #expect(
            end.verification == .passed && end.text.split(separator: "\n").filter { $0.contains("✅ nginx") }.count == 1,
            "\(end.text)")
    }

    @Test("a model that declined is not asked again because what it had changed is not well")
    func declinedAfterChange() throws {
        var loop = Self.loop()
        _ = loop.receive(.begin)
        _ = try Self.make(Self.restart, &loop)
        guard case .verify = loop.receive(Self.say("", .refusal)) else { throw Unexpected() }
        let end = try Self.conclusion(loop.receive(.verified(.verified(false))))
        #expect(end.ending == .modelFailed && end.verification == .failed)
    }

    @Test("a conversation that is too long is shortened once; after that it grows until it does not fit")
    func shortenedOnce() throws {
        var loop = Self.loop { $0.contextTokens = 0 }
        _ = loop.receive(.begin)
        let usage = ModelUsage(inputTokens: 10)
        func turn(_ id: String, _ loop: inout Loop) throws -> Int {
            let call = ToolCall(id: id, name: "check_port", arguments: ["port": .string(id)])
            _ = loop.receive(.modelTurn(ModelTurn(content: [.toolUse(call)], stop: .toolUse, usage: usage)))
            return try Self.messages(loop.receive(.toolResults([(call, .success("x"))])))
        }
        #expect(try turn("1", &loop) == 1)
        #expect(try turn("2", &loop) == 3)
    }

    @Test("of a tool's answer the largest members go first, until a model can read the rest")
    func metadata() throws {
        let result = ToolResult.success(
            "ok", metadata: ["rows": .string(String(repeating: "x", count: 9_000)), "state": "active"])
        let text = ToolText.encode(result, limit: 24_000)
        #expect(text.contains("\"state\":\"active\"") && !text.contains("rows"))
        #expect(ToolText.decode(text)?.metadata == ["state": "active"])
    }

    @Test("a service that holds the port and cannot be stopped is the answer: nothing is started beside it")
    func holderStays() async {
        let toolbox = ScriptedToolbox { call, _ in
            switch call.name {
            case "check_service":
                .success(
                    "nginx: inactive", metadata: ["service_active": false, "state": "inactive", "sub_state": "dead"])
            case "read_logs": .success("bind() to 0.0.0.0:80 failed (98: Address already in use)")
            case "check_port":
                .success(
                    "port 80: apache2",
                    metadata: ["listeners": [["pid": 9, "program": "apache2", "unit": "apache2.service"]]])
            default: .failure("It does not stop.")
            }
        }
        let agent = Agent(model: BuiltInBrain(), fallback: BuiltInBrain(), toolbox: toolbox)
        let report = await agent.answer(.ask("nginx не отвечает")) { _ in }
        let commands = toolbox.calls.compactMap { $0.arguments["command"]?.stringValue }
        #expect(commands == ["systemctl stop apache2"] && report.text.contains("It does not stop."), "\(report.text)")
    }

    @Test(
        "two wishes that do not go together are none, nor is one beside a change that is forbidden; letters are no port",
        arguments: [
            ("перезапусти и останови nginx", Intent.help), ("restart and stop nginx", .help),
            ("перезапусти nginx, но не останавливай apache2", .status("apache2")),
            ("restart nginx but do not stop apache2", .status("apache2")), ("порт 80abc", .help),
            ("порт 80/tcp", .port(80)), ("порт 65536", .help), ("порт 65535", .port(65535)),
        ])
    func wishes(_ text: String, _ intent: Intent) { #expect(Intent(text) == intent) }
}
