import Claude
import Foundation
import HTTPClient
import StrictJSON
import Synchronization
import TestSupport
import Testing

@Suite("The Claude client")
struct ClaudeClientTests {
    private static let tool: JSONValue = ["name": "check_port", "description": "d", "input_schema": ["type": "object"]]
    private static let request = ClaudeRequest(
        system: "s", tools: [tool], messages: [user([["type": "text", "text": "hi"]])])

    private static func user(_ blocks: [JSONValue]) -> ClaudeMessage {
        ClaudeMessage(role: "user", content: blocks.map { ClaudeBlock($0) })
    }

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
        (.error(status: 413, type: "request_too_large"), .tooLong),
        (
            .error(
                status: 400, type: "invalid_request_error",
                message: "Your credit balance is too low to access the Anthropic API."), .spent
        ),
        (
            .error(
                status: 400, type: "invalid_request_error",
                message: "input length and `max_tokens` exceed context limit: 998000 + 8192 > 1000000"), .tooLong
        ),
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
        #expect(turn.content.map(\.value) == [["type": "text", "text": "fine"]] && turn.stopReason == "end_turn")
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

    typealias Wish = (headers: [(String, String)], atLeast: Duration, atMost: Duration)

    private static let wishes: [Wish] = [
        ([("retry-after-ms", "1234"), ("retry-after", "9")], .milliseconds(1234), .milliseconds(1234)),
        // Sooner than the client's own pause is not sooner.
        ([("retry-after-ms", "1")], .milliseconds(375), .milliseconds(500)),
        ([("retry-after", "60")], .seconds(60), .seconds(60)),
        ([("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], .milliseconds(375), .milliseconds(500)),
    ]

    @Test("the pause is the longer of the server's wish and the client's own, never both", arguments: wishes.indices)
    func retryAfter(_ index: Int) async throws {
        let wish = Self.wishes[index]
        let pauses = Pauses()
        let server = try AnthropicStandIn(script: [
            .error(status: 429, type: "rate_limit_error", headers: wish.headers)
        ])
        _ = try await Self.client(server, pauses: pauses).respond(to: Self.request)
        let list = pauses.list.withLock { $0 }
        #expect(list.count == 1 && list[0] >= wish.atLeast && list[0] <= wish.atMost, "\(list)")
    }

    @Test("a wish that is a date is kept, and one beyond a minute is a server that is away")
    func retryDate() async throws {
        for (seconds, pauses) in [(30.0, 1), (3600, 0)] {
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = TimeZone(identifier: "GMT")
            formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            let date = formatter.string(from: Date(timeIntervalSinceNow: seconds))
            let waited = Pauses()
            let server = try AnthropicStandIn(script: [
                .error(status: 529, type: "overloaded_error", headers: [("retry-after", date)])
            ])
            _ = try? await Self.client(server, pauses: waited).respond(to: Self.request)
            let list = waited.list.withLock { $0 }
            #expect(list.count == pauses && list.allSatisfy { $0 > .seconds(15) && $0 <= .seconds(30) }, "\(list)")
        }
    }

    @Test("nothing is waited for after the last attempt, whatever the server asks for")
    func lastAttempt() async throws {
        let pauses = Pauses()
        let server = try AnthropicStandIn(choose: { _ in
            .error(status: 429, type: "rate_limit_error", headers: [("retry-after", "30")])
        })
        _ = await #expect(throws: ClaudeError.self) {
            try await Self.client(server, attempts: 2, pauses: pauses).respond(to: Self.request)
        }
        #expect(pauses.list.withLock { $0 } == [.seconds(30)] && server.requests.count == 2)
    }

    @Test("silence within a stream ends it")
    func silence() async throws {
        let server = try AnthropicStandIn(script: [.hang, .text("late")])
        let began = ContinuousClock.now
        let turn = try await Self.client(server, idle: .milliseconds(300)).respond(to: Self.request)
        #expect(ContinuousClock.now - began >= .milliseconds(300))
        #expect(turn.content.first?.value["text"] == "late")
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
        let inputs = first.content.map { $0.value["input"] }
        #expect(inputs[1] == ["port": 80, "note": "Ж"] && inputs[2] == [:])
        #expect(
            first.inputTokens == 10 && first.cacheWriteTokens == 3 && first.cacheReadTokens == 2
                && first.outputTokens == 20)
        var next = Self.request
        next.messages += [ClaudeMessage(role: "assistant", content: first.content), Self.results(for: first)]
        let second = try await client.respond(to: next)
        next.messages += [
            ClaudeMessage(role: "assistant", content: second.content), Self.user([["type": "text", "text": "go on"]]),
        ]
        _ = try await client.respond(to: next)
        #expect(server.violations.isEmpty, "\(server.violations)")
        #expect(server.requests.count == 3)
    }

    private static func results(for turn: ClaudeTurn) -> ClaudeMessage {
        user(
            turn.content.filter { $0.value["type"] == "tool_use" }.map {
                ["type": "tool_result", "tool_use_id": $0.value["id"] ?? "", "content": "free"]
            })
    }

    @Test(
        "the arguments of a call are replayed as they were spelled: order, numbers and white space",
        arguments: [
            #"{"port":80.0,"a":1e2}"#, #"{"z": 1, "a": {"y": 2, "b": 3}}"#, #"{"n":12345678901234567890}"#,
            #"{"text":"\u0416\/x"}"#,
        ])
    func spelling(_ input: String) async throws {
        let server = try AnthropicStandIn(script: [.spelledTool("check_port", input: input), .text("end")])
        let client = Self.client(server)
        let turn = try await client.respond(to: Self.request)
        var next = Self.request
        next.messages += [ClaudeMessage(role: "assistant", content: turn.content), Self.results(for: turn)]
        _ = try await client.respond(to: next)
        #expect(server.requests.last?.text.contains("\"input\":\(input)") == true)
    }

    @Test(
        "a call cut in the middle is no fault where the turn says that it was cut, and stands empty",
        arguments: ["max_tokens", "model_context_window_exceeded", "refusal"])
    func cutCall(_ reason: String) async throws {
        let server = try AnthropicStandIn(script: [
            .spelledTool("check_port", input: #"{"port": 8"#, reason: reason), .text("end"),
        ])
        let client = Self.client(server)
        let turn = try await client.respond(to: Self.request)
        #expect(turn.stopReason == reason && turn.content.last?.value["input"] == [:])
        var next = Self.request
        next.messages += [ClaudeMessage(role: "assistant", content: turn.content), Self.results(for: turn)]
        _ = try await client.respond(to: next)
        #expect(server.requests.count == 2 && server.violations.isEmpty, "\(server.violations)")
    }

    @Test("a text of white space alone is not kept: the API takes none back")
    func blankText() async throws {
        let server = try AnthropicStandIn(script: [
            .tools([("check_port", ["port": 80])], saying: "\n\n"), .text("end"),
        ])
        let turn = try await Self.client(server).respond(to: Self.request)
        #expect(turn.content.map { $0.value["type"] } == ["tool_use"])
    }

    @Test("whatever prints the settings shows neither the key nor the proxy's password")
    func printed() {
        let settings = ClaudeConfiguration(
            apiKey: AnthropicStandIn.key, model: "m", proxy: "http://user:hunter2@localhost")
        var dumped = ""
        dump([settings], to: &dumped)
        for text in ["\(settings)", String(reflecting: [settings]), dumped] {
            #expect(!text.contains(AnthropicStandIn.key) && !text.contains("hunter2"), "\(text)")
        }
    }

    @Test("a history with a thought left out, or anything before a thought changed, is refused as the API does")
    func boundThoughts() async throws {
        let server = try AnthropicStandIn(script: [.tools([("check_port", ["port": 80])], thinking: "hm")])
        let client = Self.client(server)
        let turn = try await client.respond(to: Self.request)
        let thoughtless = turn.content.filter { $0.value["type"] != "thinking" }
        var (left, changed, whole) = (Self.request, Self.request, Self.request)
        left.messages += [ClaudeMessage(role: "assistant", content: thoughtless), Self.results(for: turn)]
        changed.messages = [Self.user([["type": "text", "text": "hello"]])]
        changed.messages += [ClaudeMessage(role: "assistant", content: turn.content), Self.results(for: turn)]
        for request in [left, changed] {
            let error = await #expect(throws: ClaudeError.self) { try await client.respond(to: request) }
            #expect(error?.code == .badRequest)
        }
        #expect(server.violations.count == 2)
        whole.messages += [ClaudeMessage(role: "assistant", content: turn.content), Self.results(for: turn)]
        _ = try await client.respond(to: whole)
        #expect(server.violations.count == 2)
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
