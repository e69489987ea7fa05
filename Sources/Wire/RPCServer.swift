package import Glibc
import Synchronization

/// Who is at the other end of a connection, as the kernel says (`SO_PEERCRED`, unix(7)).
package struct PeerCredentials: Sendable, Hashable {
    package var processID: Int32
    package var userID: UInt32
    package var groupID: UInt32

    init?(descriptor: Int32) {
        var credentials = ucred()
        var length = socklen_t(MemoryLayout<ucred>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        (processID, userID, groupID) = (credentials.pid, credentials.uid, credentials.gid)
    }
}

/// Answers requests; called on a thread of its own for each.
package protocol RPCHandler: Sendable {
    func answer(_ call: RPCCall) -> Result<JSONResult, RPCError>
    /// A message that is no message, a limit that was reached: for the log.
    func noticed(_ fault: String, session: RPCSession)
    /// The peer has gone and its calls have ended.
    func ended(_ session: RPCSession)
}

extension RPCHandler {
    package func ended(_ session: RPCSession) {}
}

/// Listens on Unix sockets and serves each connection on a thread; knows no verb.
package final class RPCServer: Sendable {
    /// One socket, and what those who come by it are called.
    package struct Endpoint: Sendable {
        package var path: String
        package var label: String
        package var mode: mode_t
        package var group: gid_t?
        /// A listening descriptor that the service manager handed over; `path` is then only its name.
        package var inherited: Int32?

        package init(path: String, label: String, mode: mode_t, group: gid_t? = nil, inherited: Int32? = nil) {
            (self.path, self.label, self.mode, self.group) = (path, label, mode, group)
            self.inherited = inherited
        }
    }

    private struct State {
        var listeners: [Int32] = []
        var sessions: [Int: ServerConnection] = [:]
        var perEndpoint: [String: Int] = [:]
        var nextSession = 1
        var isStopping = false
    }

    private let handler: any RPCHandler
    private let endpoints: [Endpoint]
    private let state = Mutex(State())
    private let changed = Condition()

    package init(endpoints: [Endpoint], handler: any RPCHandler) {
        (self.endpoints, self.handler) = (endpoints, handler)
    }

    /// Connections open, and requests without an answer.
    package var load: (connections: Int, calls: Int) {
        let sessions = state.withLock { Array($0.sessions.values) }
        return (sessions.count, sessions.reduce(0) { $0 + $1.callsInFlight })
    }

    /// Listens, and returns; connections are served from then on.
    package func start() throws(SocketError) {
        for endpoint in endpoints {
            let descriptor: Int32
            if let inherited = endpoint.inherited {
                descriptor = inherited
            } else {
                descriptor = try UnixSocket.listen(at: endpoint.path, mode: endpoint.mode, group: endpoint.group)
            }
            state.withLock { $0.listeners.append(descriptor) }
            try BackgroundThread.start(named: "accept-\(endpoint.label)") { [self] in
                acceptConnections(of: endpoint, on: descriptor)
            }
        }
    }

    /// Takes no more connections or requests, waits for the calls in flight at most `patience`, then cancels
    /// them and waits as long again; removes the sockets.
    package func stop(patience: Duration) {
        let (listeners, sessions) = state.withLock { state in
            state.isStopping = true
            return (state.listeners, Array(state.sessions.values))
        }
        // shutdown(2) on a listening Unix socket makes accept(2) return in the threads that wait in it.
        // One that was handed over is still the manager's, and the next process's.
        for (endpoint, listener) in zip(endpoints, listeners) where endpoint.inherited == nil {
            shutdown(listener, Int32(SHUT_RDWR))
        }
        for endpoint in endpoints where endpoint.inherited == nil { unlink(endpoint.path) }
        for session in sessions { session.refuseFurtherCalls() }
        if !waitUntilIdle(patience) {
            for session in sessions { session.cancelCalls(.stopping) }
            _ = waitUntilIdle(patience)
        }
        for session in sessions { session.disconnect() }
    }

    private func waitUntilIdle(_ patience: Duration) -> Bool {
        changed.wait(atMost: patience) { load.calls == 0 }
    }

    private func acceptConnections(of endpoint: Endpoint, on listener: Int32) {
        while true {
            let descriptor = accept4(listener, .init(__sockaddr__: nil), nil, Int32(SOCK_CLOEXEC.rawValue))
            if descriptor >= 0 {
                serve(MessageConnection(descriptor: descriptor), endpoint: endpoint)
            } else if state.withLock({ $0.isStopping }) {
                close(listener)
                return
            } else if errno != EINTR && errno != ECONNABORTED {
                // EMFILE and its kind: the connection stays in the backlog until a descriptor is free.
                usleep(10_000)
            }
        }
    }

    private func serve(_ connection: MessageConnection, endpoint: Endpoint) {
        guard let peer = PeerCredentials(descriptor: connection.descriptor) else { return }
        let session = state.withLock { state -> RPCSession? in
            guard !state.isStopping, state.perEndpoint[endpoint.label, default: 0] < WireLimits.connections else {
                return nil
            }
            state.perEndpoint[endpoint.label, default: 0] += 1
            defer { state.nextSession += 1 }
            return RPCSession(number: state.nextSession, peer: peer, label: endpoint.label)
        }
        guard let session else {
            refuse(connection, "At most \(WireLimits.connections) connections are served at once; try again later.")
            return
        }
        let served = ServerConnection(connection, session: session, handler: handler) { [changed] in changed.signal() }
        state.withLock { $0.sessions[session.number] = served }
        do throws(SocketError) {
            try BackgroundThread.start(named: "peer-\(session.number)") { [self] in
                served.run()
                forget(session)
                handler.ended(session)
            }
        } catch {
            forget(session)
            refuse(connection, error.message)
        }
    }

    private func forget(_ session: RPCSession) {
        state.withLock { state in
            state.sessions[session.number] = nil
            state.perEndpoint[session.label, default: 1] -= 1
        }
        changed.signal()
    }

    private func refuse(_ connection: MessageConnection, _ message: String) {
        // A peer that was never served has sent nothing that could be waited for; a full buffer cannot be.
        try? connection.send(.error(id: nil, .limitReached(message)))
        connection.shutdown()
    }
}
