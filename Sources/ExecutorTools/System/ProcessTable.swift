import Glibc

/// One process, as `/proc/PID/stat` and its neighbours have it.
package struct ProcessEntry: Sendable, Hashable {
    package var pid: Int32
    package var parent: Int32
    /// The program's short name: any bytes the process chose, made printable.
    package var name: String
    /// `R`, `S`, `D`, `Z`, `T` … as in proc(5).
    package var state: Character
    package var userID: UInt32
    /// User and system time since it started, in clock ticks.
    package var cpuTicks: Int
    /// When it started, in clock ticks since the boot: with the pid, its identity.
    package var startTicks: Int
    package var residentBytes: Int
    package var threads: Int
}

/// The processes of a machine, read from its `/proc`.
///
/// Every answer may be of a moment ago: a process that went away in between is `nil`, never an error.
package struct ProcessTable: Sendable {
    package let root: String
    /// Clock ticks of ``ProcessEntry/cpuTicks`` in a second.
    package static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    private let pageSize = sysconf(Int32(_SC_PAGESIZE))

    package init(root: String = "/proc") { self.root = root }

    /// The pids there are, lowest first.
    package func pids() -> [Int32] {
        (SystemFile.names(in: root) ?? []).compactMap { Int32(decimal: $0.utf8) }.sorted()
    }

    package func processes() -> [ProcessEntry] { pids().compactMap(process) }

    package func process(_ pid: Int32) -> ProcessEntry? {
        guard let bytes = SystemFile.read("\(root)/\(pid)/stat", limit: 4096) else { return nil }
        // The name stands in parentheses and may itself have parentheses, blanks and newlines: the last one ends it.
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
            open < close
        else { return nil }
        let fields = bytes[(close + 1)...].fields(limit: 22)
        guard fields.count == 22, let state = fields[0].first, let parent = Int32(decimal: fields[1]),
            let user = Int(decimal: fields[11]), let system = Int(decimal: fields[12]),
            let threads = Int(decimal: fields[17]), let start = Int(decimal: fields[19]),
            let pages = Int(decimal: fields[21])
        else { return nil }
        var status = Glibc.stat()
        guard stat("\(root)/\(pid)", &status) == 0 else { return nil }
        return ProcessEntry(
            pid: pid, parent: parent, name: Self.printable(bytes[(open + 1)..<close]),
            state: Character(UnicodeScalar(state)), userID: status.st_uid, cpuTicks: user + system, startTicks: start,
            residentBytes: pages * pageSize, threads: threads)
    }

    /// The arguments it was started with; the name in brackets for a kernel thread and a zombie, as in `ps`.
    package func command(of pid: Int32) -> String? {
        guard let bytes = SystemFile.read("\(root)/\(pid)/cmdline", limit: Self.commandBytes) else { return nil }
        let words = bytes.split(separator: 0).map { Self.printable($0) }
        if words.isEmpty { return process(pid).map { "[\($0.name)]" } }
        return words.joined(separator: " ")
    }

    /// The path of the program, where it can be seen: by root, or by the process's own user.
    package func executable(of pid: Int32) -> String? { SystemFile.link("\(root)/\(pid)/exe") }

    /// Where systemd and a container engine put it, by its control group.
    package func membership(of pid: Int32) -> ControlGroupMembership {
        ControlGroupMembership(SystemFile.text("\(root)/\(pid)/cgroup", limit: 64 << 10) ?? "")
    }

    /// Processes whose short name or program is `name`; the name is cut to the 15 bytes the kernel keeps.
    package func processes(named name: String) -> [ProcessEntry] {
        let short = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        return processes().filter { entry in
            entry.name == short || executable(of: entry.pid)?.split(separator: "/").last.map(String.init) == name
        }
    }

    /// A command line longer than this is cut.
    package static let commandBytes = 4096

    /// Text a process chose for itself, without what could break a line or drive a terminal.
    package static func printable(_ bytes: some Collection<UInt8>) -> String {
        String(
            String.UnicodeScalarView(
                String(decoding: bytes, as: UTF8.self).unicodeScalars.map {
                    $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : $0
                }))
    }
}
