package import HTTPClient
import StrictJSON

/// The Messages API: one turn a call, streamed, tried again when it fails in a way that passes.
package struct ClaudeClient: Sendable {
    package typealias Sleep = @Sendable (Duration) async throws -> Void

    /// The version whose rules this client keeps.
    package static let version = "2026-10-21"
    private static let maximumErrorBytes = 64 << 10

    package let configuration: ClaudeConfiguration
    let http: HTTPClient
    private let sleep: Sleep

    /// - Parameter sleep: Waits between attempts; tests do not.
    package init(
        configuration: ClaudeConfiguration, http: HTTPClient,
        sleep: @escaping Sleep = { try await Task.sleep(for: $0) }
    ) {
        (self.configuration, self.http, self.sleep) = (configuration, http, sleep)
    }

    /// - Throws: ``ClaudeError``; `.cancelled` where the task was.
    package func respond(to request: ClaudeRequest) async throws(ClaudeError) -> ClaudeTurn {
        let body = Self.body(request, configuration)
        var attempt = 0
        while true {
            switch await attemptOnce(body) {
            case .turn(let turn): return turn
            case .failed(let error): throw error
            case .again(let error, let asked):
                attempt += 1
                guard attempt < configuration.maximumAttempts else { throw error }
                let pause = RetryPolicy.pause(attempt: attempt - 1, jitter: .random(in: 0...1))
                try await wait(max(pause, asked ?? .zero))
            }
        }
    }

    enum Outcome {
        case turn(ClaudeTurn)
        case again(ClaudeError, after: Duration?)
        case failed(ClaudeError)
    }

    private func wait(_ duration: Duration) async throws(ClaudeError) {
        do {
            try await sleep(duration)
            try Task.checkCancellation()
        } catch {
            throw ClaudeError(.cancelled, "The request was cancelled.")
        }
    }

    private func attemptOnce(_ body: [UInt8]) async -> Outcome {
        do {
            let response = try await http.send(httpRequest(body))
            guard response.status == 200 else { return await refused(response) }
            return .turn(try await Self.read(response.body))
        } catch let error as ClaudeError {
            return .again(error, after: nil)
        } catch let error as HTTPError {
            switch error.code {
            case .cancelled: return .failed(ClaudeError(.cancelled, "The request was cancelled."))
            case .badRequest, .tooLarge: return .failed(ClaudeError(.badRequest, error.message))
            default: return .again(ClaudeError(.unavailable, "Claude is out of reach: \(error.message)"), after: nil)
            }
        } catch {
            return .failed(ClaudeError(.cancelled, "The request was cancelled."))
        }
    }

    private static func read(_ body: HTTPBody) async throws -> ClaudeTurn {
        var events = ServerSentEvents()
        var stream = ClaudeStream()
        for try await chunk in body {
            for event in try events.feed(chunk) { try stream.receive(event) }
        }
        return try stream.turn()
    }

    private func httpRequest(_ body: [UInt8]) -> HTTPRequest {
        HTTPRequest(
            method: "POST", url: configuration.baseURL + "/v1/messages",
            headers: [
                ("content-type", "application/json"), ("accept", "text/event-stream"),
                ("anthropic-version", Self.version), ("x-api-key", configuration.apiKey),
            ], body: body, timeout: .seconds(600), idleTimeout: configuration.idleTimeout,
            proxy: configuration.proxy)
    }

    /// `{system, tools, messages}` with the cached prefix marked at its end and at the last block of the talk.
    static func body(_ request: ClaudeRequest, _ configuration: ClaudeConfiguration) -> [UInt8] {
        let rest = JSONValue.object(compacting: [
            "model": .string(configuration.model), "max_tokens": JSONValue(configuration.maxTokens), "stream": true,
            "system": [["type": "text", "text": .string(request.system), "cache_control": breakpoint]],
            "tools": request.tools.isEmpty ? nil : .array(request.tools),
        ]).text
        let messages = request.messages.enumerated().map { index, message in
            text(of: message, isLast: index == request.messages.count - 1)
        }
        return Array("\(rest.dropLast()),\"messages\":[\(messages.joined(separator: ","))]}".utf8)
    }

    private static let breakpoint: JSONValue = ["type": "ephemeral"]

    private static func text(of message: ClaudeMessage, isLast: Bool) -> String {
        var blocks = message.content
        if isLast, let block = blocks.last?.value.objectValue, block["type"] != "thinking" {
            blocks[blocks.count - 1] = ClaudeBlock(.object(block.merging(["cache_control": breakpoint]) { $1 }))
        }
        let content = blocks.map(\.text).joined(separator: ",")
        return "{\"content\":[\(content)],\"role\":\(JSONValue.string(message.role).text)}"
    }

    // MARK: Errors

    func refused(_ response: HTTPResponse) async -> Outcome {
        let bytes = (try? await response.body.collect(upTo: Self.maximumErrorBytes)) ?? []
        let json = try? JSONValue(parsing: bytes, options: .lenient)
        let error = json?["error"]
        let type = String((error?["type"]?.stringValue ?? "status \(response.status)").prefix(64))
        let words = error?["message"]?.stringValue?.lowercased() ?? ""
        let isSpent =
            error?["details"]?["error_code"]?.stringValue == "enforced_spend_limit_reached"
            || words.contains("credit balance is too low")
        let id = response.headers["request-id"].map { ", request \($0.prefix(64))" } ?? ""
        let said = "\(type)\(id)"
        switch response.status {
        case 401, 403:
            return .failed(
                ClaudeError(.unauthorized, "Anthropic refuses the key (\(said)); check ANTHROPIC_API_KEY."))
        case 402: return .failed(Self.spent(said))
        case 400 where isSpent, 429 where isSpent: return .failed(Self.spent(said))
        case 400 where Self.tooLong.contains { words.contains($0) }, 413:
            return .failed(ClaudeError(.tooLong, "The request is longer than the model takes (\(said))."))
        case 404:
            return .failed(
                ClaudeError(
                    .unknownModel, "There is no model \"\(configuration.model)\" for this key (\(said)); check MODEL."))
        default: break
        }
        switch RetryPolicy.decide(status: response.status, headers: response.headers) {
        case .retry(let after):
            return .again(ClaudeError(.unavailable, "Claude cannot answer now (\(said))."), after: after)
        case .fail where response.status >= 500 || response.status == 429:
            return .failed(ClaudeError(.unavailable, "Claude cannot answer now (\(said))."))
        case .fail: return .failed(ClaudeError(.badRequest, "Claude refused the request (\(said))."))
        }
    }

    /// An `invalid_request_error` has no finer code: its words tell that the prompt does not fit.
    private static let tooLong = ["prompt is too long", "exceed context limit", "exceeds the context window"]

    private static func spent(_ said: String) -> ClaudeError {
        ClaudeError(.spent, "The account's limit is spent (\(said)); raise it at console.anthropic.com.")
    }
}
