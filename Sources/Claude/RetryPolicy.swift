import HTTPClient
import StrictJSON

/// When a failed request is made again, as the official SDK does it.
struct RetryPolicy: Sendable {
    private static let first = 0.5
    private static let longest = 8.0
    /// A server that asks for a longer pause is taken as unavailable at once.
    static let longestAsked = Duration.seconds(60)

    /// What an answer that is no 200 means.
    enum Decision: Sendable {
        case retry(after: Duration?)
        case fail
    }

    static func decide(status: Int, headers: [String: String]) -> Decision {
        let isPassing = [408, 409, 429].contains(status) || status >= 500
        let wish = headers["x-should-retry"]
        guard wish == "true" || (isPassing && wish != "false") else { return .fail }
        let asked = asked(headers)
        if let asked, asked > longestAsked { return .fail }
        return .retry(after: asked)
    }

    /// `retry-after-ms` before `retry-after`, which is in seconds or a date.
    private static func asked(_ headers: [String: String]) -> Duration? {
        if let text = headers["retry-after-ms"], let milliseconds = Double(text), milliseconds >= 0, milliseconds < 1e9
        {
            return .milliseconds(Int(milliseconds))
        }
        guard let text = headers["retry-after"] else { return nil }
        if let date = HTTPDate.seconds(text) { return .seconds(max(0, date - HTTPDate.now)) }
        guard let seconds = Double(text), seconds >= 0, seconds < 1e6 else { return nil }
        return .milliseconds(Int(seconds * 1000))
    }

    /// min(0.5 · 2ⁿ, 8) s, times 0.75 to 1.
    static func pause(attempt: Int, jitter: Double) -> Duration {
        var seconds = first
        for _ in 0..<min(attempt, 10) { seconds *= 2 }
        return .milliseconds(Int(min(seconds, longest) * (0.75 + 0.25 * jitter) * 1000))
    }
}
