import Glibc
import Synchronization

/// What a ``StandInServer`` answers, faults included.
package indirect enum StandInReply: Sendable {
    case answer(status: Int, headers: [(String, String)], body: [UInt8])
    /// A body in chunks, ended when the closure returns.
    case stream(status: Int, headers: [(String, String)], write: @Sendable (StandInWriter) -> Void)
    /// The connection is closed, and no byte is sent.
    case closeBeforeAnswer
    /// The head promises the whole body; the connection is closed after so many bytes of it.
    case cut(status: Int, headers: [(String, String)], body: [UInt8], after: Int)
    /// Nothing is sent until the gate opens, the client goes or the server stops.
    case hang(until: StandInGate, then: StandInReply)
    /// These bytes in place of an answer, then the connection is closed.
    case garbage([UInt8])
    /// The body byte by byte.
    case slow(status: Int, headers: [(String, String)], body: [UInt8], pause: Duration)

    package static func json(_ text: String, status: Int = 200, headers: [(String, String)] = []) -> StandInReply {
        .answer(
            status: status, headers: [("Content-Type", "application/json")] + headers, body: Array(text.utf8))
    }

    package static func text(_ text: String, status: Int = 200) -> StandInReply {
        .answer(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }

    /// Hangs until the client goes or the server stops.
    package static var hang: StandInReply { .hang(until: StandInGate(), then: .closeBeforeAnswer) }

    enum Connection { case keepAlive, close }

    func send(with writer: StandInWriter) -> Connection {
        switch self {
        case .answer(let status, let headers, let body):
            writer.send(Self.head(status, headers + [("Content-Length", String(body.count))]) + body)
            return status == 400 || writer.isBroken ? .close : .keepAlive
        case .stream(let status, let headers, let write):
            writer.send(Self.head(status, headers + [("Transfer-Encoding", "chunked")]))
            write(writer)
            return writer.endChunks() ? .keepAlive : .close
        case .closeBeforeAnswer: return .close
        case .cut(let status, let headers, let body, let after):
            writer.send(Self.head(status, headers + [("Content-Length", String(body.count))]) + body.prefix(after))
            return .close
        case .hang(let gate, let next):
            while !gate.isOpen, writer.isOpen { writer.pause(.milliseconds(5)) }
            return writer.isOpen ? next.send(with: writer) : .close
        case .garbage(let bytes):
            writer.send(bytes)
            return .close
        case .slow(let status, let headers, let body, let pause):
            writer.send(Self.head(status, headers + [("Content-Length", String(body.count))]))
            for byte in body where writer.isOpen {
                writer.send([byte])
                writer.pause(pause)
            }
            return writer.isOpen ? .keepAlive : .close
        }
    }

    private static func head(_ status: Int, _ headers: [(String, String)]) -> [UInt8] {
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        return Array("HTTP/1.1 \(status) Stand-in\r\n\(lines)\r\n".utf8)
    }
}

/// Holds an answer back until a test opens it.
package final class StandInGate: Sendable {
    private let state = Atomic(false)
    package init() {}
    package var isOpen: Bool { state.load(ordering: .acquiring) }
    package func open() { state.store(true, ordering: .releasing) }
}

/// The answering end of one connection; used by its own thread alone.
package final class StandInWriter: Sendable {
    private let connection: Int32
    private let server: StandInServer
    private let broken = Atomic(false)
    private let isCut = Atomic(false)

    init(connection: Int32, server: StandInServer) { (self.connection, self.server) = (connection, server) }

    /// Whether the client had gone when something was to be sent, or while this side waited.
    var isBroken: Bool { broken.load(ordering: .relaxed) }

    /// Whether there is still a client that listens, and a server that wants to go on.
    package var isOpen: Bool {
        if isBroken || isCut.load(ordering: .relaxed) || server.isStopped { return false }
        var descriptor = pollfd(fd: connection, events: Int16(POLLRDHUP), revents: 0)
        if poll(&descriptor, 1, 0) > 0 { broken.store(true, ordering: .relaxed) }
        return !isBroken
    }

    /// One chunk of a streamed body.
    package func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, !isCut.load(ordering: .relaxed) else { return }
        send(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [0x0D, 0x0A])
    }

    package func write(_ text: String) { write(Array(text.utf8)) }

    /// Ends the connection here, in the middle of the body.
    package func cut() { isCut.store(true, ordering: .relaxed) }

    package func pause(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        usleep(UInt32(seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
    }

    /// Waits until the client goes, the gate opens or the server stops.
    package func hang(until gate: StandInGate = StandInGate()) {
        while !gate.isOpen, isOpen { pause(.milliseconds(5)) }
    }

    /// Whether the body came to its proper end.
    func endChunks() -> Bool {
        guard isOpen else { return false }
        send(Array("0\r\n\r\n".utf8))
        return !isBroken
    }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty, !isBroken {
            let count = rest.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return broken.store(true, ordering: .relaxed) }
            rest = rest.dropFirst(count)
        }
    }
}
