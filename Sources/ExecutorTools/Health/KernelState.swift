import CLinux
import Glibc

/// Which kernel runs, and whether another is to.
package enum KernelState {
    /// The newest kernel installed beside the one that runs, of the same flavour; `nil` where it is the newest.
    ///
    /// - Parameter boot: Where kernels are installed; a container has none there.
    package static func newer(boot: String = "/boot", running: String? = nil) -> (installed: String, running: String)? {
        guard let running = running ?? release() else { return nil }
        let prefix = "vmlinuz-"
        let installed = (SystemFile.names(in: boot) ?? []).filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }.filter { flavour($0) == flavour(running) }
        guard let newest = installed.max(by: { isOlder($0, $1) }), isOlder(running, newest) else { return nil }
        return (newest, running)
    }

    /// The corresponding C function is `uname`.
    static func release() -> String? {
        SystemFile.text("/proc/sys/kernel/osrelease", limit: 256)?.split(separator: "\n").first.map(String.init)
    }

    /// `-amd64` of `6.1.0-18-amd64`.
    private static func flavour(_ version: String) -> Substring {
        guard let start = version.firstIndex(where: { $0.isLetter }) else { return "" }
        return version[start...]
    }

    private static func isOlder(_ left: String, _ right: String) -> Bool {
        numbers(left).lexicographicallyPrecedes(numbers(right))
    }

    private static func numbers(_ version: String) -> [Int] {
        version.prefix { !$0.isLetter }.split { !$0.isNumber }.compactMap { Int($0) }
    }

    /// Whether the kernel's clock follows a time server, as timedate1's `NTPSynchronized` says it.
    ///
    /// The corresponding C function is `adjtimex`; `nil` where a filter keeps it from being asked.
    package static func isClockSynchronised(timesync: String = "/run/systemd/timesync") -> Bool? {
        // Where timesyncd runs it makes this file once the clock follows a server.
        if SystemFile.isDirectory(timesync), access("\(timesync)/synchronized", F_OK) != 0 { return false }
        let answer = clinux_clock_is_synchronised()
        return answer < 0 ? nil : answer == 1
    }

    /// What the machine's sensors say, in degrees Celsius; none in most virtual machines.
    package static func temperatures(_ zones: String = "/sys/class/thermal") -> [(place: String, celsius: Double)] {
        (SystemFile.names(in: zones) ?? []).filter { $0.hasPrefix("thermal_zone") }.sorted().compactMap { zone in
            guard let thousandths = SystemFile.number("\(zones)/\(zone)/temp") else { return nil }
            let type = SystemFile.text("\(zones)/\(zone)/type", limit: 64)?.split(separator: "\n").first
            return (type.map(String.init) ?? zone, Double(thousandths) / 1000)
        }
    }
}
