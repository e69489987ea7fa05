import Glibc

/// What tells the processes of one run from those of another: a word in the environment that they inherit.
struct CallMark: Sendable, Hashable {
    private static let name = "DEVOPS_CALL"
    /// 16 hexadecimal digits.
    let text: String

    init() {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        text = String(repeating: "0", count: 16 - digits.count) + digits
    }

    var environmentEntry: String { "\(Self.name)=\(text)" }

    /// Whether it stands in a process's environment as it was at its start. A process may overwrite that, and then is
    /// taken for nobody's.
    func isOn(_ pid: pid_t) -> Bool {
        let entry = Array(environmentEntry.utf8)
        return ControlFile("/proc/\(pid)/environ").bytes.split(separator: 0).contains { $0.elementsEqual(entry) }
    }
}
