import Claude
import HTTPClient
import StrictJSON
import Synchronization
import TestSupport
import Testing

@Suite("The Claude client")
struct ClaudeClientTests {
    private static let tool: JSONValue = ["name": "check_port", "description": "d", "input_schema": ["type": "object"]]
    private static let request = ClaudeRequest(
        system: "s", tools: [tool], messages: [["role": "user", "content": [["type": "text", "text": "hi"]]]])

    /// Pauses that were asked for, in place of waiting.
    private final class Pauses: Sendable { let list = Mutex<[Duration]>([]) }

    private static func client(
        _ server: AnthropicStandIn, attempts: Int = 4, idle: Duration = .seconds(5), pauses: Pauses = Pauses()
    ) -> ClaudeClient {
        ClaudeClient(
            configuration: ClaudeConfiguration(
                apiKey: AnthropicStandIn.key, model: AnthropicStandIn.model, baseURL: server.url,
                maximumAttempts: attempts, idleTimeout: idle), http: HTTPClient()
        ) { pause in pauses.list.withLock { $0.append(pause) } }
    }

    typealias Final = (turn: AnthropicStandIn.Turn, code: ClaudeError.Code)

    private static let finals: [Final] = [
        (.error(status: 400, type: "invalid_request_error"), .badRequest),
        (.error(status: 401, type: "authentication_error"), .unauthorized),
        (.error(status: 402, type: "billing_error"), .spent),
        (.error(status: 403, type: "permission_error"), .unauthorized),
        (.error(status: 404, type: "not_found_error"), .unknownModel),
        (.error(status: 413, type: "request_too_large"), .badRequest),
        (
            .error(status: 429, type: "rate_limit_error", details: ["error_code": "enforced_spend_limit_reached"]),
            .spent
        ),
        (.error(status: 529, type: "overloaded_error", headers: [("x-should-retry", "false")]), .unavailable),
        (.error(status: 429, type: "rate_limit_error", headers: [("retry-after", "3600")]), .unavailable),
    ]

    @Test("what will not pass is not tried again", arguments: finals.indices)
    func finalErrors(_ index: Int) async throws {
        let (turn, code) = Self.finals[index]
        let server = try AnthropicStandIn(script: [turn])
        let error = await #expect(throws: ClaudeError.self) { try await Self.client(server).respond(to: Self.request) }
        #expect(error?.code == code)
        #expect(error?.message.contains(AnthropicStandIn.key) == false)
        #expect(server.requests.count == 1)
    }

    private static let passing: [AnthropicStandIn.Turn] = [
        .error(status: 408, type: "timeout"), .error(status: 409, type: "conflict"),
        .error(status: 429, type: "rate_limit_error"), .error(status: 500, type: "api_error"),
        .error(status: 504, type: "timeout_error"), .error(status: 529, type: "overloaded_error"),
        .brokenOff(type: "overloaded_error"), .cut, .garbage,
    ]

    @Test("what passes is tried again, and the turn then is whole", arguments: passing.indices)
    func retries(_ index: Int) async throws {
        let server = try AnthropicStandIn(script: [Self.passing[index], .text("fine")])
        let turn = try await Self.client(server).respond(to: Self.request)
        #expect(turn.content == [["type": "text", "text": "fine"]] && turn.stopReason == "end_turn")
        #expect(server.requests.count == 2 && server.violations.isEmpty)
    }

    @Test("a server that stays down is given up after the attempts, with pauses that grow")
    func givesUp() async throws {
        let pauses = Pauses()
        let server = try AnthropicStandIn(choose: { _ in .error(status: 529, type: "overloaded_error") })
        let error = await #expect(throws: ClaudeError.self) {
            try await Self.client(server, pauses: pauses).respond(to: Self.request)
        }
        #expect(error?.code == .unavailable && server.requests.count == 4)
        let list = pauses.list.withLock { $0 }
        #expect(list.count == 3 && list[0] <= .milliseconds(500) && list[2] >= .milliseconds(1500))
        server.stop()
        let away = await #expect(throws: ClaudeError.self) {
            try await Self.client(server, attempts: 2).respond(to: Self.request)
        }
        #expect(away?.code == .unavailable)
    }

    @Test("the server's own wish of a pause is kept")
    func retryAfter() async throws {
        let pauses = Pauses()
        let server = try AnthropicStandIn(script: [
            .error(status: 429, type: "rate_limit_error", headers: [("retry-after-ms", "1234"), ("retry-after", "9")])
        ])
        _ = try await Self.client(server, pauses: pauses).respond(to: Self.request)
        #expect(pauses.list.withLock { $0.contains(.milliseconds(1234)) })
    }

    @Test("silence within a stream ends it")
    func silence() async throws {
        let server = try AnthropicStandIn(script: [.hang, .text("late")])
        let turn = try await Self.client(server, idle: .seconds(1)).respond(to: Self.request)
        #expect(turn.content.first?["text"] == "late")
    }

    @Test("tool calls are put together from their pieces; thinking is replayed unchanged")
    func blocks() async throws {
        let server = try AnthropicStandIn(script: [
            .tools([("check_port", ["port": 80, "note": "Ж"]), ("check_port", [:])], saying: "looking"),
            .thinking("deep", then: "ok"), .text("end"),
        ])
        let client = Self.client(server)
        let first = try await client.respond(to: Self.request)
        #expect(first.stopReason == "tool_use" && first.content.count == 3)
        #expect(first.content[1]["input"] == ["port": 80, "note": "Ж"] && first.content[2]["input"] == [:])
        #expect(
            first.inputTokens == 10 && first.cacheWriteTokens == 3 && first.cacheReadTokens == 2
                && first.outputTokens == 20)
        var next = Self.request
        next.messages += [
            ["role": "assistant", "content": .array(first.content)],
            [
                "role": "user",
                "content": .array(
                    first.content.dropFirst().map {
                        ["type": "tool_result", "tool_use_id": $0["id"] ?? "", "content": "free"]
                    }),
            ],
        ]
        let second = try await client.respond(to: next)
        next.messages += [
            ["role": "assistant", "content": .array(second.content)],
            ["role": "user", "content": [["type": "text", "text": "go on"]]],
        ]
        _ = try await client.respond(to: next)
        #expect(server.violations.isEmpty, "\(server.violations)")
        #expect(server.requests.count == 3)
    }

    @Test("a cancelled request ends, and says that it was cancelled")
    func cancellation() async throws {
        let server = try AnthropicStandIn(script: [.hang])
        let client = Self.client(server)
        let task = Task { try await client.respond(to: Self.request) }
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        let error = await #expect(throws: ClaudeError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }
}
