import CLinux
import Glibc
package import Systemd

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

    /// Whether the clock follows a time server: as timesyncd says, or the kernel, or timedated.
    ///
    /// The corresponding C function is `adjtimex`, which a sandbox may refuse even to ask.
    ///
    /// - Parameters:
    ///   - timesync: Where timesyncd keeps a file once the clock follows a server.
    ///   - bus: Where timedated is asked, when the kernel may not be.
    /// - Returns: `nil` where nobody says.
    package static func isClockSynchronised(timesync: String = "/run/systemd/timesync", bus: SystemBus? = nil) -> Bool?
    {
        let followsServer = access("\(timesync)/synchronized", F_OK) == 0
        if SystemFile.isDirectory(timesync), !followsServer { return false }
        let answer = clinux_clock_is_synchronised()
        if answer >= 0 { return answer == 1 }
        return followsServer ? true : bus?.isClockSynchronised(within: clockPatience)
    }

    /// How long timedated may take, which the bus has to start first.
    private static let clockPatience = Duration.milliseconds(300)

    /// What the machine's sensors say, in degrees Celsius; none in most virtual machines.
    package static func temperatures(_ zones: String = "/sys/class/thermal") -> [(place: String, celsius: Double)] {
        (SystemFile.names(in: zones) ?? []).filter { $0.hasPrefix("thermal_zone") }.sorted().compactMap { zone in
            guard let thousandths = SystemFile.number("\(zones)/\(zone)/temp") else { return nil }
            let type = SystemFile.text("\(zones)/\(zone)/type", limit: 64)?.split(separator: "\n").first
            return (type.map(String.init) ?? zone, Double(thousandths) / 1000)
        }
    }
}
