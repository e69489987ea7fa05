import AgentCore
import AgentRuntime
import Claude
import ExecutorAPI
import HTTPClient
import StrictJSON
import TestSupport
import Testing

@Suite("Claude behind the loop's words")
struct ClaudeModelTests {
    private static let tool = ToolDefinition(
        name: "check_port", title: "t", description: "d", inputSchema: ["type": "object"], readOnly: true)

    private static func model(_ server: AnthropicStandIn) -> ClaudeModel {
        ClaudeModel(
            client: ClaudeClient(
                configuration: ClaudeConfiguration(
                    apiKey: AnthropicStandIn.key, model: AnthropicStandIn.model, baseURL: server.url, maximumAttempts: 1
                ),
                http: HTTPClient()))
    }

    @Test("a talk with tools and thinking keeps the API's rules from the first message to the last")
    func talk() async throws {
        let server = try AnthropicStandIn(script: [
            .thinking("hm", then: "first"), .tools([("check_port", ["port": 80])], saying: "looking", thinking: "so"),
            .text("done"),
        ])
        let model = Self.model(server)
        var prompt = ModelPrompt(system: "s", tools: [Self.tool], messages: [ModelMessage(.user, [.text("hi")])])
        let first = try await model.respond(to: prompt)
        prompt.messages += [ModelMessage(.assistant, first.content), ModelMessage(.user, [.text("go on")])]
        let second = try await model.respond(to: prompt)
        let call = try #require(second.toolCalls.first)
        #expect(call.arguments == ["port": 80] && second.stop == .toolUse && second.text == "looking")
        prompt.messages += [
            ModelMessage(.assistant, second.content),
            ModelMessage(.user, [.text("and hurry"), .toolResult(id: call.id, text: "", isError: true), .text("")]),
        ]
        let third = try await model.respond(to: prompt)
        #expect(third.text == "done" && third.stop == .endTurn && third.usage.outputTokens == 20)
        #expect(server.violations.isEmpty, "\(server.violations)")
        #expect(model.name == AnthropicStandIn.model)
    }

    @Test(
        "every reason to stop has its word",
        arguments: [
            ("end_turn", ModelTurn.Stop.endTurn), ("max_tokens", .maxTokens), ("refusal", .refusal),
            ("pause_turn", .pause), ("model_context_window_exceeded", .contextFull), ("of_tomorrow", .endTurn),
        ])
    func stops(_ reason: String, _ stop: ModelTurn.Stop) async throws {
        let server = try AnthropicStandIn(script: [.stop(reason: reason, text: "x")])
        let prompt = ModelPrompt(system: "s", tools: [], messages: [ModelMessage(.user, [.text("hi")])])
        #expect(try await Self.model(server).respond(to: prompt).stop == stop)
    }

    @Test("a prompt that is too long is a full context, which the loop shortens", arguments: [400, 413])
    func tooLong(_ status: Int) async throws {
        let server = try AnthropicStandIn(script: [
            .error(
                status: status, type: "invalid_request_error",
                message: "prompt is too long: 1000001 tokens > 1000000 maximum")
        ])
        let prompt = ModelPrompt(system: "s", tools: [], messages: [ModelMessage(.user, [.text("hi")])])
        #expect(try await Self.model(server).respond(to: prompt) == ModelTurn(content: [], stop: .contextFull))
    }

    @Test(
        "each failure has the code the loop decides by",
        arguments: [
            (401, ModelError.Code.unauthorized), (404, .unknownModel(AnthropicStandIn.model)), (402, .spent),
            (400, .badRequest),
            (529, .unavailable),
        ])
    func failures(_ status: Int, _ code: ModelError.Code) async throws {
        let server = try AnthropicStandIn(script: [.error(status: status, type: "x")])
        let prompt = ModelPrompt(system: "s", tools: [], messages: [ModelMessage(.user, [.text("hi")])])
        let error = await #expect(throws: ModelError.self) { try await Self.model(server).respond(to: prompt) }
        #expect(error?.code == code)
    }
}
