package import StrictJSON
import Synchronization

/// The asking side of a socket: many requests at once over one connection.
package final class RPCClient: Sendable {
    private struct Waiting {
        var finish: @Sendable (Result<JSONValue, any Error>) -> Void
        var progress: (@Sendable (JSONValue) -> Void)?
    }

    private struct State {
        var nextID: Int64 = 1
        var waiting: [RequestID: Waiting] = [:]
        var closed: SocketError?
    }

    private let connection: MessageConnection
    private let state = Mutex(State())

    private init(_ connection: MessageConnection) { self.connection = connection }

    /// - Throws: ``SocketError`` `.cannotConnect` when nobody listens at `path`.
    package static func connect(to path: String) throws(SocketError) -> RPCClient {
        let connection = MessageConnection(descriptor: try UnixSocket.connect(to: path))
        let client = RPCClient(connection)
        // The reader holds the connection, not the client: a client that nobody uses any more closes itself.
        try BackgroundThread.start(named: "executor-reader") { [weak client] in
            connection.receive { client?.receive($0) }
            client?.end(SocketError(.closed, "The executor closed the connection."))
        }
        return client
    }

    deinit { connection.shutdown() }

    package var isOpen: Bool { state.withLock { $0.closed == nil } }

    package func close() {
        end(SocketError(.closed, "The connection was closed here."))
        connection.shutdown()
    }

    /// Sends a request and waits for its answer. Cancelling the task sends `notifications/cancelled` and throws
    /// `CancellationError`.
    ///
    /// - Parameters:
    ///   - progress: Takes the params of each `notifications/progress` for this request; asking for them adds a
    ///     progress token to the request.
    /// - Throws: ``RPCError`` when that is the answer; ``SocketError`` when the connection ends first.
    package func request(
        _ method: String, _ params: [String: JSONValue] = [:], progress: (@Sendable (JSONValue) -> Void)? = nil
    ) async throws -> JSONValue {
        let id = state.withLock { state -> RequestID in
            defer { state.nextID += 1 }
            return .integer(state.nextID)
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                send(id, method, params, Waiting(finish: { continuation.resume(with: $0) }, progress: progress))
            }
        } onCancel: {
            withdraw(id)
        }
    }

    private func send(_ id: RequestID, _ method: String, _ params: [String: JSONValue], _ waiting: Waiting) {
        var params = params
        if waiting.progress != nil {
            var meta = params["_meta"]?.objectValue ?? [:]
            meta["progressToken"] = id.json
            params["_meta"] = .object(meta)
        }
        let closed = state.withLock { state -> SocketError? in
            if state.closed == nil { state.waiting[id] = waiting }
            return state.closed
        }
        if let closed { return waiting.finish(.failure(closed)) }
        if Task.isCancelled { return withdraw(id) }
        do throws(SocketError) {
            try connection.send(.request(id: id, method: method, params: .object(params)))
        } catch {
            finish(id, .failure(error))
        }
        // Withdrawn while it was being sent: the executor may have seen the withdrawal first, so say it again.
        if state.withLock({ $0.waiting[id] == nil && $0.closed == nil }) && Task.isCancelled { sayWithdrawn(id) }
    }

    private func withdraw(_ id: RequestID) {
        if finish(id, .failure(CancellationError())) { sayWithdrawn(id) }
    }

    private func sayWithdrawn(_ id: RequestID) {
        // Where the connection has gone, the executor cancels the call itself.
        try? connection.send(.notification(method: "notifications/cancelled", params: ["requestId": id.json]))
    }

    @discardableResult
    private func finish(_ id: RequestID, _ result: Result<JSONValue, any Error>) -> Bool {
        guard let waiting = state.withLock({ $0.waiting.removeValue(forKey: id) }) else { return false }
        waiting.finish(result)
        return true
    }

    private func receive(_ incoming: MessageConnection.Incoming) {
        switch incoming {
        case .message(.result(let id, let value)): finish(id, .success(value))
        case .message(.error(let id?, let error)): finish(id, .failure(error))
        case .message(.error(nil, let error)): end(SocketError(.closed, error.message))
        case .message(.notification("notifications/progress", let params)):
            guard let id = params["progressToken"].flatMap({ RequestID($0) }) else { return }
            state.withLock { $0.waiting[id]?.progress }?(params)
        // The executor asks nothing, and what this side does not know it leaves alone.
        case .message, .broken: break
        case .framingLost(let error): end(SocketError(.closed, error.message))
        case .end: break
        }
    }

    private func end(_ error: SocketError) {
        let waiting = state.withLock { state -> [Waiting] in
            if state.closed == nil { state.closed = error }
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for request in waiting { request.finish(.failure(error)) }
    }
}
