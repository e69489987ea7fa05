/// How long to wait after a failure: twice as long each time up to a limit, less a random part,
/// or as long as the server says. A value: the waiting is the caller's.
package struct Backoff: Sendable {
    package var first: Duration
    package var limit: Duration
    private var failures = 0
    private let random: @Sendable () -> Double

    /// - Parameter random: In 0..<1.
    package init(
        first: Duration = .milliseconds(500), limit: Duration = .seconds(60),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        (self.first, self.limit, self.random) = (first, limit, random)
    }

    package mutating func succeeded() { failures = 0 }

    package mutating func failed(_ error: TelegramError) -> Duration {
        if case .flood(let wait) = error.code { return wait }
        // 2^16 times the first wait is above any limit; more would overflow.
        let whole = min(limit, first * (1 << min(failures, 16)))
        failures += 1
        return whole * (1 - random() / 2)
    }
}
