import Foundation
import StrictJSON
import Synchronization

/// Listens in front of a Unix socket and notes every line that passes, so that what a server sends can be checked.
///
/// Both directions pass on at once, with their ends: a peer that closes its writing half, or leaves, is seen to do so
/// on the other side too.
package final class MessageRecorder: Sendable {
    private struct Entry {
        let connection: Int
        let isFromServer: Bool
        let line: String
    }

    private struct State {
        var entries: [Entry] = []
        var connections = 0
    }

    /// A test that sends more is about something else than the protocol.
    private static let maximumEntries = 20_000

    private let target: String
    private let listener: Int32
    private let state = Mutex(State())

    /// - Throws: `POSIXError` when nothing can listen at `path`.
    package init(at path: String, before target: String) throws {
        self.target = target
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let result = withUnixAddress(path) { bind(listener, .init(__sockaddr__: $0), $1) }
        guard listener >= 0, result == 0, listen(listener, 1024) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        Thread.detachNewThread { [weak self, listener] in
            while true {
                let client = accept(listener, __SOCKADDR_ARG(__sockaddr__: nil), nil)
                if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard client >= 0, let self else { break }
                self.join(client)
            }
            close(listener)
        }
    }

    /// Ends listening; what is connected stays.
    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The recording, as `Schemas/validate.py` reads it.
    package var text: String {
        state.withLock { state in
            state.entries.map { entry in
                let json: JSONValue = [
                    "connection": JSONValue(entry.connection), "from": entry.isFromServer ? "server" : "client",
                    "line": .string(entry.line),
                ]
                return json.text + "\n"
            }.joined()
        }
    }

    private func join(_ client: Int32) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard withUnixAddress(target, { connect(server, .init(__sockaddr__: $0), $1) }) == 0 else {
            close(server)
            close(client)
            return
        }
        let number = state.withLock { state in
            state.connections += 1
            return state.connections
        }
        let pair = SocketPair(client: client, server: server)
        Thread.detachNewThread { [self] in pass(pair, number, isFromServer: false) }
        Thread.detachNewThread { [self] in pass(pair, number, isFromServer: true) }
    }

    private func pass(_ pair: SocketPair, _ connection: Int, isFromServer: Bool) {
        let (source, sink) = isFromServer ? (pair.server, pair.client) : (pair.client, pair.server)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var line: [UInt8] = []
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            // Noted before it passes on: a question stands before its answer.
            for piece in buffer[..<count].split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
                if piece.offset > 0 { note(&line, connection, isFromServer) }
                line.append(contentsOf: piece.element)
            }
            guard sendAll(buffer[..<count], to: sink) else { break }
        }
        shutdown(sink, Int32(SHUT_WR))
        if isFromServer { shutdown(sink, Int32(SHUT_RDWR)) } else { pair.waitForClient() }
    }

    private func note(_ line: inout [UInt8], _ connection: Int, _ isFromServer: Bool) {
        let entry = Entry(
            connection: connection, isFromServer: isFromServer, line: String(decoding: line, as: UTF8.self))
        line.removeAll()
        state.withLock { if $0.entries.count < Self.maximumEntries { $0.entries.append(entry) } }
    }
}

/// Two connected sockets; they close when nobody copies between them any more.
private final class SocketPair: Sendable {
    let client: Int32
    let server: Int32

    init(client: Int32, server: Int32) { (self.client, self.server) = (client, server) }

    deinit {
        close(client)
        close(server)
    }

    /// The client sends no more. Has it gone altogether, the server has to see that.
    func waitForClient() {
        var poller = pollfd(fd: client, events: 0, revents: 0)
        while poll(&poller, 1, -1) < 0, errno == EINTR {}
        shutdown(server, Int32(SHUT_RDWR))
    }
}

private func sendAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
    }
    return true
}
