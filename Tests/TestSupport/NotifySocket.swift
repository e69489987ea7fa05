import Foundation

/// The service manager's side of sd_notify(3): a datagram socket, and what came by it.
package final class NotifySocket: Sendable {
    package let path: String
    private let descriptor: Int32
    private let received = AsyncStream<String>.makeStream()

    package init(directory: String) throws {
        path = directory + "/notify.sock"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        let result = withUnixAddress(path) { bind(descriptor, .init(__sockaddr__: $0), $1) }
        guard result == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        let continuation = received.continuation
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                continuation.yield(String(decoding: buffer[..<count], as: UTF8.self))
            }
            continuation.finish()
            close(descriptor)
        }
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Waits for a message with this line; the whole message.
    package func wait(for line: String) async -> String? {
        for await message in received.stream where message.split(separator: "\n").contains(line[...]) { return message }
        return nil
    }

    /// Waits for a message in which a line begins so.
    package func wait(forPrefix prefix: String) async -> String? {
        for await message in received.stream
        where message.split(separator: "\n").contains(where: { $0.hasPrefix(prefix) }) {
            return message
        }
        return nil
    }
}
