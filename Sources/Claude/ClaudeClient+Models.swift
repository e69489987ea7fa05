import HTTPClient
import StrictJSON

extension ClaudeClient {
    private static let modelTimeout = Duration.seconds(20)

    /// Asks whether this key may use the model of the configuration (`GET /v1/models/{id}`); one attempt, no tokens.
    ///
    /// - Returns: The server's `Date` header, for a look at the clock.
    /// - Throws: ``ClaudeError``.
    @discardableResult
    package func checkModel() async throws(ClaudeError) -> String? {
        let response: HTTPResponse
        do {
            response = try await http.send(
                HTTPRequest(
                    url: "\(configuration.baseURL)/v1/models/\(configuration.model)",
                    headers: [("anthropic-version", Self.version), ("x-api-key", configuration.apiKey)],
                    timeout: Self.modelTimeout, proxy: configuration.proxy))
        } catch let error as HTTPError {
            throw ClaudeError(.unavailable, "Claude is out of reach: \(error.message)")
        } catch {
            throw ClaudeError(.cancelled, "The request was cancelled.")
        }
        guard response.status == 200 else {
            switch await refused(response) {
            case .failed(let error), .again(let error, _): throw error
            case .turn: return nil
            }
        }
        return response.headers["date"]
    }
}
