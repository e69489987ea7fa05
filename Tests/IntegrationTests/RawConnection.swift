import Foundation
import StrictJSON
import Synchronization
import TestSupport

/// A socket on which a test sends whatever bytes it likes.
final class RawConnection: Sendable {
    private let descriptor: Int32
    private let pending = Mutex<[UInt8]>([])

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let result = withUnixAddress(path) { [descriptor] in connect(descriptor, $0, $1) }
        guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(descriptor) }

    /// Sends until all is taken or the peer has gone.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends what the peer takes at once, and no more; how much that was.
    @discardableResult
    func offer(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(
                    descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    func send(_ line: String) { send(Array((line + "\n").utf8)) }

    func closeWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line; `nil` when the peer has closed.
    func receive() async -> JSONValue? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in continuation.resume(returning: readLine()) }
        }
    }

    private func readLine() -> JSONValue? {
        while true {
            let line = pending.withLock { bytes -> [UInt8]? in
                guard let end = bytes.firstIndex(of: 0x0A) else { return nil }
                defer { bytes.removeFirst(end + 1) }
                return Array(bytes[..<end])
            }
            if let line { return try? JSONValue(parsing: line) }
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            pending.withLock { $0.append(contentsOf: buffer[..<count]) }
        }
    }
}
