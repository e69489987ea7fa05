import Glibc
import StrictJSON
import Synchronization

/// Serves one peer: reads on the thread that calls ``run()``, answers each request on one of its own.
final class ServerConnection: Sendable {
    private struct State {
        var calls: [RequestID: Cancellation] = [:]
        /// Calls that have ended and whose answer is on its way: their ids may be used again.
        var answering = 0
        /// Cancelled by their caller: MCP wants no answer to them.
        var withdrawn: Set<RequestID> = []
        var isRefusing = false

        var callsInFlight: Int { calls.count + answering }
    }

    private let connection: MessageConnection
    private let session: RPCSession
    private let handler: any RPCHandler
    private let onChange: @Sendable () -> Void
    private let state = Mutex(State())
    private let idle = Condition()

    init(
        _ connection: MessageConnection, session: RPCSession, handler: any RPCHandler,
        onChange: @escaping @Sendable () -> Void
    ) {
        (self.connection, self.session, self.handler, self.onChange) = (connection, session, handler, onChange)
    }

    var callsInFlight: Int { state.withLock { $0.callsInFlight } }

    func refuseFurtherCalls() { state.withLock { $0.isRefusing = true } }

    func cancelCalls(_ reason: Cancellation.Reason) {
        for call in state.withLock({ Array($0.calls.values) }) { call.cancel(reason) }
    }

    func disconnect() { connection.shutdown() }

    /// Returns when the peer has gone and its calls have ended.
    func run() {
        connection.receive { incoming in
            switch incoming {
            case .message(let message): receive(message)
            case .broken(let id, let error): answerFault(id, error)
            case .framingLost(let error):
                answerFault(nil, error)
                cancelCalls(.disconnected)
                connection.shutdown()
            case .end: break
            }
        }
        waitForCalls()
        connection.shutdown()
    }

    private func receive(_ message: RPCMessage) {
        switch message {
        case .request(let id, let method, let params): accept(id, method, params)
        case .notification("notifications/cancelled", let params):
            guard let id = params["requestId"].flatMap({ RequestID($0) }) else { return }
            let call = state.withLock { state -> Cancellation? in
                guard let call = state.calls[id] else { return nil }
                state.withdrawn.insert(id)
                return call
            }
            call?.cancel(.cancelled)
        case .notification: break
        // This side asks nothing, so nothing that looks like an answer is one.
        case .result(let id, _): answerFault(id, .invalidRequest("Nothing was asked of you; send requests."))
        case .error: break
        }
    }

    private func accept(_ id: RequestID, _ method: String, _ params: JSONValue) {
        let cancellation = Cancellation()
        let refusal = state.withLock { state -> RPCError? in
            if state.isRefusing { return .limitReached("The executor is stopping; try again in a moment.") }
            if state.calls[id] != nil {
                return .invalidRequest("The id of a request that has no answer yet was used again.")
            }
            if state.callsInFlight >= WireLimits.callsInFlight {
                return .limitReached("A connection has at most \(WireLimits.callsInFlight) calls in flight.")
            }
            state.calls[id] = cancellation
            return nil
        }
        if let refusal { return answerFault(id, refusal) }
        let call = RPCCall(
            id: id, method: method, params: params, session: session, cancellation: cancellation,
            connection: connection)
        do throws(SocketError) {
            try BackgroundThread.start(named: "call-\(session.number)") { [self] in
                let result = handler.answer(call)
                finish(call, result)
            }
        } catch {
            finish(call, .failure(.internalError(error.message)))
        }
    }

    private func finish(_ call: RPCCall, _ result: Result<JSONResult, RPCError>) {
        let isWithdrawn = state.withLock { state in
            state.calls[call.id] = nil
            state.answering += 1
            return state.withdrawn.remove(call.id) != nil
        }
        if !isWithdrawn {
            // A peer that has gone wants no answer; its reader sees the end.
            switch result {
            case .success(let value): try? connection.send(.result(id: call.id, value))
            case .failure(let error): try? connection.send(.error(id: call.id, error))
            }
        }
        state.withLock { $0.answering -= 1 }
        idle.signal()
        onChange()
    }

    private func answerFault(_ id: RequestID?, _ error: RPCError) {
        handler.noticed(error.message, session: session)
        try? connection.send(.error(id: id, error))
    }

    /// The peer sends no more. Has it gone, its calls are cancelled; has it closed only its writing half, it
    /// still gets its answers.
    private func waitForCalls() {
        while !idle.wait(atMost: .milliseconds(100), until: { callsInFlight == 0 }) {
            var poller = pollfd(fd: connection.descriptor, events: 0, revents: 0)
            // POLLHUP: both directions are closed (poll(2)); POLLRDHUP alone is the half-closed peer.
            if poll(&poller, 1, 0) > 0, poller.revents & Int16(POLLHUP | POLLERR) != 0 { cancelCalls(.disconnected) }
        }
    }
}
