import Synchronization

/// The questions of each chat that have no answer yet, so that a person can stop them.
final class RunningAnswers: Sendable {
    private let stops = Mutex<[Int64: [Signal]]>([:])

    /// - Returns: Is set when somebody stops it. Has to be followed by ``end(_:in:)``.
    func begin(in chatID: Int64) -> Signal {
        let stop = Signal()
        stops.withLock { $0[chatID, default: []].append(stop) }
        return stop
    }

    func end(_ stop: Signal, in chatID: Int64) {
        stops.withLock { stops in
            stops[chatID]?.removeAll { $0 === stop }
            if stops[chatID]?.isEmpty == true { stops[chatID] = nil }
        }
    }

    /// Stops what is being answered in the chat, and what waits there.
    ///
    /// - Returns: Whether there was anything.
    func stop(in chatID: Int64) -> Bool {
        let waiting = stops.withLock { $0[chatID] ?? [] }
        for stop in waiting { stop.set() }
        return !waiting.isEmpty
    }
}
