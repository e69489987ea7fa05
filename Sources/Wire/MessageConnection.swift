import Glibc
import StrictJSON
import Synchronization

/// One end of a Unix stream socket that carries a JSON-RPC message a line.
///
/// One thread reads; any thread sends. The descriptor closes with the last reference.
package final class MessageConnection: Sendable {
    package enum Incoming: Sendable {
        case message(RPCMessage)
        /// A line that is no message; the answer to it has the id where the line had one.
        case broken(id: RequestID?, RPCError)
        /// A line too long, or cut in the middle: nothing more can be read.
        case framingLost(RPCError)
        case end
    }

    let descriptor: Int32
    private let sending = Mutex(())

    package init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Calls `body` with each message, on this thread, until the peer sends no more.
    package func receive(_ body: (Incoming) -> Void) {
        var reader = LineReader(descriptor: descriptor)
        while true {
            switch reader.next() {
            case .line(let bytes):
                guard !bytes.isEmpty else { continue }
                body(Self.decode(bytes))
            case .tooLong:
                body(.framingLost(.invalidRequest("A message has at most \(WireLimits.lineBytes) bytes.")))
                return
            case .cut:
                body(.framingLost(.parse("The stream ended inside a message; each ends with a newline.")))
                return
            case .end, .failed:
                body(.end)
                return
            }
        }
    }

    private static func decode(_ bytes: [UInt8]) -> Incoming {
        do throws(JSONError) {
            let json = try JSONValue(
                parsing: bytes, options: JSONReadingOptions(maximumDepth: WireLimits.jsonDepth))
            do throws(RPCError) {
                return .message(try RPCMessage(json: json))
            } catch {
                return .broken(id: json["id"].flatMap { RequestID($0) }, error)
            }
        } catch {
            return .broken(id: nil, .parse("The line is \(error)."))
        }
    }

    /// Writes one message whole; waits as long as the peer does not read.
    ///
    /// - Throws: ``SocketError`` when the peer is gone or ``shutdown()`` was called.
    package func send(_ message: RPCMessage) throws(SocketError) {
        var bytes = message.json.encoded()
        bytes.append(0x0A)
        try send(bytes)
    }

    private func send(_ bytes: [UInt8]) throws(SocketError) {
        let failure = sending.withLock { _ -> Int32 in
            var sent = 0
            while sent < bytes.count {
                // MSG_NOSIGNAL: a peer that left is an error here, not a signal to the process (send(2)).
                let count = bytes.withUnsafeBytes { bytes in
                    Glibc.send(
                        descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                if count >= 0 { sent += count } else if errno != EINTR { return errno }
            }
            return 0
        }
        if failure != 0 { throw SocketError(.closed, "The peer is gone: \(SocketError.describe(failure)).") }
    }

    /// Ends both directions: whoever reads or sends on it stops waiting. The corresponding C function is `shutdown`.
    package func shutdown() { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Says that nothing more will be sent; answers still come.
    package func shutdownSending() { _ = Glibc.shutdown(descriptor, Int32(SHUT_WR)) }
}
