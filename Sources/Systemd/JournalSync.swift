// Its headers bring SOCK_STREAM with them, and an optimised build then looks for it nowhere else.
import CSystemd
import Glibc

/// Waits until journald has written what was logged before; as `journalctl --sync` does, over Varlink.
///
/// The call is `io.systemd.Journal.Synchronize` (systemd 246 and later; root): journald answers once no message that
/// was sent to it is left.
package struct JournalSync: Sendable {
    package static let machineSocket = "/run/systemd/journal/io.systemd.journal"

    private let path: String

    package init(path: String = machineSocket) { self.path = path }

    /// - Returns: Whether journald said so in time; where it cannot be asked, `false` at once.
    @discardableResult
    package func wait(atMost limit: Duration) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // For the connection too: a full queue would hold it up.
        var time = timeval(limit)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor), send(descriptor) else { return false }
        return answers(descriptor, until: .now + limit)
    }

    private func connect(_ descriptor: Int32) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, .init(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// A message ends with NUL (varlink.org).
    private func send(_ descriptor: Int32) -> Bool {
        let message = Array(#"{"method":"io.systemd.Journal.Synchronize"}"#.utf8) + [0]
        return Glibc.send(descriptor, message, message.count, Int32(MSG_NOSIGNAL)) == message.count
    }

    private func answers(_ descriptor: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.answerBytes)
        while answer.count < Self.answerBytes {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0, poll(&waiting, 1, Int32(left.rounded(.up))) > 0 else { return false }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            answer += buffer[..<count]
            if answer.last == 0 { return !answer.starts(with: #"{"error""#.utf8) }
        }
        return false
    }

    /// An answer has no more than an empty list of parameters, or the name of an error.
    private static let answerBytes = 4096
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let microseconds = Int(clamping: duration.microseconds)
        self.init(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
    }
}
