/// A bucket of tokens for each user: a message takes one, time brings them back.
struct RateLimiter {
    enum Decision: Equatable {
        case admitted
        /// The first that is too many: it is told so.
        case refused
        /// One more: nothing is said until there is a token again.
        case silent
    }

    /// Users remembered; above, those whose bucket is full again are forgotten.
    static let maximumUsers = 10_000

    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
        var isRefusing = false
    }

    private let capacity: Double
    private let refill: Duration
    private var buckets: [Int64: Bucket] = [:]

    /// - Parameter refill: The time that brings one token.
    init(capacity: Int = 8, refill: Duration = .seconds(6)) {
        (self.capacity, self.refill) = (Double(capacity), refill)
    }

    mutating func decide(userID: Int64, now: ContinuousClock.Instant) -> Decision {
        if buckets.count >= Self.maximumUsers { forgetFull(now: now) }
        var bucket = buckets[userID] ?? Bucket(tokens: capacity, filled: now)
        bucket.tokens = min(capacity, bucket.tokens + (now - bucket.filled) / refill)
        bucket.filled = now
        defer { buckets[userID] = bucket }
        guard bucket.tokens >= 1 else {
            defer { bucket.isRefusing = true }
            return bucket.isRefusing ? .silent : .refused
        }
        bucket.tokens -= 1
        bucket.isRefusing = false
        return .admitted
    }

    private mutating func forgetFull(now: ContinuousClock.Instant) {
        buckets = buckets.filter { $0.value.tokens + (now - $0.value.filled) / refill < capacity }
        // All of them at once busy: the limit on memory goes before what they have spent.
        if buckets.count >= Self.maximumUsers { buckets = [:] }
    }
}
