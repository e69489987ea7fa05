import Foundation
import Glibc
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 that stands in for a service this program talks to.
///
/// One thread a connection, keep-alive. It works in bytes, so it can also answer as no server should.
/// A request that breaks HTTP is answered with 400 and recorded in ``violations``.
package final class StandInServer: Sendable {
    package typealias Handler = @Sendable (StandInRequest) -> StandInReply

    /// Such as `http://127.0.0.1:41234`, without a slash at its end.
    package let url: String
    package let port: UInt16
    private let listener: Int32
    private let handler: Handler
    private let state = Mutex(State())

    private struct State {
        var isStopped = false
        var connections: Set<Int32> = []
        var accepted = 0
        var abandoned = 0
        var violations: [String] = []
        var requests: [StandInRequest] = []
    }

    /// - Parameter port: 0 takes any that is free.
    package init(port wanted: UInt16 = 0, handler: @escaping Handler) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw StandInError("socket: \(String(cString: strerror(errno)))") }
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, __CONST_SOCKADDR_ARG(__sockaddr__: UnsafePointer(address)), length) == 0
                    && listen(listener, 4096) == 0
                    && getsockname(listener, __SOCKADDR_ARG(__sockaddr__: address), &length) == 0
            }
        }
        guard result else {
            close(listener)
            throw StandInError("cannot listen on 127.0.0.1: \(String(cString: strerror(errno)))")
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        url = "http://127.0.0.1:\(port)"
        self.handler = handler
        Thread.detachNewThread { [self] in acceptConnections() }
    }

    /// Closes the door and every connection; what hangs is let go.
    package func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    package var isStopped: Bool { state.withLock { $0.isStopped } }
    /// What clients sent that is no HTTP, one sentence each.
    package var violations: [String] { state.withLock { $0.violations } }
    /// Every whole request so far, in the order of arrival.
    package var requests: [StandInRequest] { state.withLock { $0.requests } }
    /// Connections taken so far: keep-alive shows here.
    package var connectionCount: Int { state.withLock { $0.accepted } }
    /// Answers whose reader had gone before their end.
    package var abandonedCount: Int { state.withLock { $0.abandoned } }

    /// For a check of a handler's own, beyond HTTP.
    package func record(violation: String) { state.withLock { $0.violations.append(violation) } }

    private func acceptConnections() {
        while true {
            let connection = accept4(listener, __SOCKADDR_ARG(__sockaddr__: nil), nil, Int32(SOCK_CLOEXEC.rawValue))
            if connection < 0, errno == EINTR || errno == ECONNABORTED { continue }
            guard connection >= 0 else { break }
            var on: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            let isWelcome = state.withLock { state in
                guard !state.isStopped else { return false }
                state.connections.insert(connection)
                state.accepted += 1
                return true
            }
            guard isWelcome else {
                close(connection)
                break
            }
            Thread.detachNewThread { [self] in serve(connection) }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        var reader = StandInRequestReader(connection: connection)
        let writer = StandInWriter(connection: connection, server: self)
        loop: while true {
            do {
                guard let request = try reader.next() else { break }
                state.withLock { $0.requests.append(request) }
                guard handler(request).send(with: writer) == .keepAlive else { break loop }
            } catch {
                record(violation: error.description)
                let reply = StandInReply.answer(status: 400, headers: [], body: Array(error.description.utf8))
                _ = reply.send(with: writer)
                break
            }
        }
        state.withLock { state in
            if writer.isBroken { state.abandoned += 1 }
            state.connections.remove(connection)
            close(connection)
        }
    }
}

package struct StandInError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

package struct StandInRequest: Sendable {
    package var method: String
    /// Without the query, percent escapes as they came.
    package var path: String
    /// What follows the first `?`; empty where nothing does.
    package var query: String
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
    /// As it stands in the request line; a client that uses this server as its proxy sends a whole address.
    package var target: String

    package var bodyText: String { String(decoding: body, as: UTF8.self) }
}
