import Foundation
import Synchronization

/// A program on a terminal of its own, and a person before it who reads first and then types.
package final class TypedProgram: Sendable {
    private struct State {
        /// Everything the terminal has shown, what was typed and echoed among it.
        var shown: [UInt8] = []
        /// How much of it was waited for already.
        var read = 0
        var hasEnded = false
    }

    private let state = Mutex(State())
    /// One element for whatever has changed since the last was taken.
    private let changes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let terminal: Int32
    private let pid: pid_t

    /// - Throws: `POSIXError` when there is no terminal, or no such program.
    package init(_ path: String, _ arguments: [String]) throws {
        terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
        var name = [CChar](repeating: 0, count: 64)
        guard terminal >= 0, grantpt(terminal) == 0, unlockpt(terminal) == 0,
            ptsname_r(terminal, &name, name.count) == 0
        else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        pid = try Self.spawn([path] + arguments, on: name)
        Thread.detachNewThread { [self] in readToEnd() }
    }

    deinit { close(terminal) }

    package var text: String { state.withLock { String(decoding: $0.shown, as: UTF8.self) } }

    /// Waits until the program shows these words, after those of the last wait.
    ///
    /// - Returns: Whether it did; not, where it ended first. It is killed when the task is cancelled.
    package func shows(_ words: String) async -> Bool {
        while true {
            let isFound: Bool? = state.withLock { state in
                guard let place = state.shown[state.read...].firstRange(of: Array(words.utf8)) else {
                    return state.hasEnded ? false : nil
                }
                state.read = place.upperBound
                return true
            }
            if let isFound { return isFound }
            await change()
        }
    }

    /// Types a line.
    package func type(_ line: String) { press(line + "\n") }

    /// Control-D, which ends the input of a program that waits for a line.
    package func endInput() { press("\u{4}") }

    private func press(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = bytes.withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
    }

    /// Waits for the end; the exit status, or -1 for a signal.
    package func exitStatus() async -> Int32 {
        while !state.withLock({ $0.hasEnded }) { await change() }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
    }

    /// Returns when there is more to read, or the end. A cancelled task waits for nothing: with the program's session
    /// killed, the end is near.
    private func change() async {
        for await _ in changes.stream { return }
        kill(-pid, SIGKILL)
        await Task.yield()
    }

    /// The first terminal that the leader of a session opens is its own (tty_ioctl(2)).
    private static func spawn(_ words: [String], on terminal: [CChar]) throws -> pid_t {
        let copies = words.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, terminal, O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSID))
        var pid = pid_t()
        let failure = posix_spawn(&pid, words[0], &actions, &attributes, copies + [nil], environ)
        guard failure == 0 else { throw POSIXError(.init(rawValue: failure) ?? .EIO) }
        return pid
    }

    /// The terminal answers EIO once nobody has its other end open.
    private func readToEnd() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(terminal, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            state.withLock { state in
                if count > 0 { state.shown += bytes[..<count] } else { state.hasEnded = true }
            }
            changes.continuation.yield()
            guard count > 0 else { return changes.continuation.finish() }
        }
    }
}
