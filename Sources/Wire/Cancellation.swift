import Synchronization

/// Says "stop" once, to whoever has asked to be told.
///
/// The executor's calls run on threads, not tasks, so they share one of these with the reader of
/// their connection: `notifications/cancelled`, a peer that left and the daemon's stop all end here.
package final class Cancellation: Sendable {
    /// Why a call is to end; goes to the audit log.
    package enum Reason: String, Sendable {
        case cancelled
        case disconnected
        case stopping
    }

    private struct State {
        var reason: Reason?
        var nextToken = 0
        var handlers: [Int: @Sendable (Reason) -> Void] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// The first reason given, or `nil` as long as nobody has said stop.
    package var reason: Reason? { state.withLock { $0.reason } }

    /// Tells every handler, on this thread. Later calls do nothing: the first reason stands.
    package func cancel(_ reason: Reason) {
        let handlers = state.withLock { state -> [@Sendable (Reason) -> Void] in
            guard state.reason == nil else { return [] }
            state.reason = reason
            defer { state.handlers = [:] }
            return state.handlers.sorted { $0.key < $1.key }.map(\.value)
        }
        for handler in handlers { handler(reason) }
    }

    /// Runs `body`; a cancellation before or during it runs `handler`, once, on the thread that cancels.
    package func withHandler<Result>(
        _ handler: @escaping @Sendable (Reason) -> Void, _ body: () throws -> Result
    ) rethrows -> Result {
        let (token, early) = state.withLock { state -> (Int, Reason?) in
            if let reason = state.reason { return (-1, reason) }
            state.nextToken += 1
            state.handlers[state.nextToken] = handler
            return (state.nextToken, nil)
        }
        if let early { handler(early) }
        defer { state.withLock { _ = $0.handlers.removeValue(forKey: token) } }
        return try body()
    }
}
