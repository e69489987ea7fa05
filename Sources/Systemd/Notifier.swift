import CSystemd
import Glibc

/// Tells the service manager how this daemon is; without one, every member does nothing.
///
/// The corresponding C function is `sd_notify`, which sends one datagram to `$NOTIFY_SOCKET`.
package struct Notifier: Sendable {
    /// How often the manager wants to hear ``watchdog()``, or `nil` where it does not watch this process.
    package let watchdogInterval: Duration?

    package init() {
        var microseconds: UInt64 = 0
        // The corresponding C function is `sd_watchdog_enabled`; 0 leaves the environment as it is.
        let watched = sd_watchdog_enabled(0, &microseconds) > 0 && microseconds > 0
        watchdogInterval = watched ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    package func ready(status: String? = nil) { send(["READY=1"], status: status) }

    package func stopping(status: String? = nil) { send(["STOPPING=1"], status: status) }

    /// To be followed by ``ready(status:)`` once the new settings are in force.
    package func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send(["RELOADING=1", "MONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)"], status: nil)
    }

    /// One line for `systemctl status`.
    package func status(_ text: String) { send([], status: text) }

    package func watchdog() { send(["WATCHDOG=1"], status: nil) }

    private func send(_ assignments: [String], status: String?) {
        // A newline would begin another assignment.
        let line = status.map { text in
            "STATUS=" + String(text.prefix(Self.statusCharacters).map { $0.isNewline ? " " : $0 })
        }
        sd_notify(0, (assignments + [line].compactMap { $0 }).joined(separator: "\n"))
    }

    private static let statusCharacters = 500
}
