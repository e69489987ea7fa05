import Foundation

/// Starts programs that leave a daemon behind.
package enum DaemonStarter {
    /// Runs a program to its end; the exit status, or -1 for a signal.
    ///
    /// Foundation's `Process` takes a program for ended only when every descendant has closed a socket it hands them,
    /// so a daemon would never let it end.
    package static func run(_ path: String, _ arguments: [String]) async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: wait(path, arguments)) }
        }
    }

    private static func wait(_ path: String, _ arguments: [String]) -> Int32 {
        let copies = ([path] + arguments).map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var pid = pid_t()
        guard posix_spawn(&pid, path, &actions, nil, copies + [nil], environ) == 0 else { return 127 }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
    }
}
