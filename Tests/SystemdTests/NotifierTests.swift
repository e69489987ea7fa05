import Glibc
import Systemd
import TestSupport
import Testing

/// Sets variables of this process, so one test at a time.
@Suite("Notifier", .serialized)
struct NotifierTests {
    @Test("without a manager nothing is sent and nothing fails")
    func alone() {
        unsetenv("NOTIFY_SOCKET")
        unsetenv("WATCHDOG_USEC")
        let notifier = Notifier()
        notifier.ready(status: "Serving")
        notifier.stopping()
        #expect(notifier.watchdogInterval == nil)
    }

    @Test(
        "each word arrives as sd_notify(3) has it",
        arguments: [
            (Word.ready, "READY=1\nSTATUS=Serving"), (.stopping, "STOPPING=1"), (.watchdog, "WATCHDOG=1"),
            (.status, "STATUS=Reading the rules"),
            // A newline would begin another assignment.
            (.forgedStatus, "STATUS=a READY=1"),
        ])
    func words(_ word: Word, _ expected: String) throws {
        let socket = try NotifySocket()
        setenv("NOTIFY_SOCKET", socket.path, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        word.send(Notifier())
        #expect(socket.receive() == expected)
    }

    @Test("a reload carries the time it began, as systemd asks of Type=notify-reload")
    func reload() throws {
        let socket = try NotifySocket()
        setenv("NOTIFY_SOCKET", socket.path, 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        Notifier().reloading()
        let lines = try #require(socket.receive()).split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        #expect(lines.last?.hasPrefix("MONOTONIC_USEC=") == true)
        #expect(lines.last.flatMap { Int($0.dropFirst(15)) }.map { $0 > 0 } == true)
    }

    @Test("the watchdog's interval is this process's own", arguments: [(true, true), (false, false)])
    func watchdog(_ isOurs: Bool, _ isWatched: Bool) {
        setenv("WATCHDOG_USEC", "3000000", 1)
        setenv("WATCHDOG_PID", String(isOurs ? getpid() : 1), 1)
        defer {
            unsetenv("WATCHDOG_USEC")
            unsetenv("WATCHDOG_PID")
        }
        #expect(Notifier().watchdogInterval == (isWatched ? .seconds(3) : nil))
    }

    @Test("a socket that nobody handed over is not there")
    func noActivation() throws {
        unsetenv("LISTEN_FDS")
        unsetenv("LISTEN_PID")
        #expect(try ActivatedSockets().sockets.isEmpty)
        #expect(try ActivatedSockets().unixListener(named: "agent") == nil)
    }

    enum Word: Sendable {
        case ready
        case stopping
        case watchdog
        case status
        case forgedStatus

        func send(_ notifier: Notifier) {
            switch self {
            case .ready: notifier.ready(status: "Serving")
            case .stopping: notifier.stopping()
            case .watchdog: notifier.watchdog()
            case .status: notifier.status("Reading the rules")
            case .forgedStatus: notifier.status("a\nREADY=1")
            }
        }
    }
}

/// A datagram socket in a directory of its own, as systemd listens on one.
final class NotifySocket {
    let directory: TemporaryDirectory
    let path: String
    private let descriptor: Int32

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/notify"
        descriptor = try boundSocket(path, SOCK_DGRAM)
    }

    deinit { close(descriptor) }

    /// What was sent: the sender has sent by the time this is asked.
    func receive() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

/// A Unix socket that has the name `path`.
func boundSocket(_ path: String, _ kind: __socket_type) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(kind.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    try #require(result == 0)
    return descriptor
}
