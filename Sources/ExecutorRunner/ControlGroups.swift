import CLinux
import ExecutorPolicy
import Glibc

/// The directory of cgroup2 that systemd gave to this daemon (`Delegate=`, systemd.resource-control(5)), divided: the
/// daemon itself in `daemon`, each call in a group of its own beside it, as groups with controllers hold no processes
/// (cgroups(7), "No internal processes").
package struct ControlGroups: Sendable {
    private static let controllers = ["memory", "pids"]
    private static let daemonGroup = "daemon"
    private static let callPrefix = "call-"

    let directory: String

    /// Takes the daemon's own directory and divides it, and ends what a past life left in it.
    ///
    /// `nil` where none was delegated, as outside a unit.
    package static func delegated() -> ControlGroups? {
        guard let own = ownDirectory() else { return nil }
        let suffix = "/" + daemonGroup
        let parent = own.hasSuffix(suffix) ? String(own.dropLast(suffix.count)) : own
        guard clinux_is_delegated(parent) != 0 else { return nil }
        return ControlGroups(dividing: parent)
    }

    /// - Parameter directory: Of cgroup2, and this daemon's to divide.
    init?(dividing directory: String) {
        self.directory = directory
        let daemon = "\(directory)/\(Self.daemonGroup)"
        guard mkdir(daemon, 0o755) == 0 || errno == EEXIST else { return nil }
        // "0" is whoever writes it (cgroups(7)), with all its threads.
        guard ControlFile("\(daemon)/cgroup.procs").write("0") else { return nil }
        // Those that this level has not are on another hierarchy: the kill of the whole works all the same.
        for name in Self.controllers { _ = ControlFile("\(directory)/cgroup.subtree_control").write("+\(name)") }
        sweep()
    }

    /// What of a rule's limits no controller here enforces.
    var missingControllers: [String] {
        let present = ControlFile("\(directory)/cgroup.subtree_control").words
        return Self.controllers.filter { !present.contains(Substring($0)) }
    }

    func make(for mark: CallMark, _ limits: ResourceLimits) throws(RunnerError) -> ControlGroup {
        try ControlGroup(path: "\(directory)/\(Self.callPrefix)\(mark.text)", limits)
    }

    private func sweep() {
        guard let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while let item = readdir(stream) {
            let name = withUnsafeBytes(of: item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix(Self.callPrefix) else { continue }
            _ = ControlFile("\(directory)/\(name)/cgroup.kill").write("1")
            rmdir("\(directory)/\(name)")
        }
    }

    /// `0::/path` of `/proc/self/cgroup`, beneath where cgroup2 is mounted whole (cgroups(7)).
    private static func ownDirectory() -> String? {
        let line = ControlFile("/proc/self/cgroup").lines.first { $0.hasPrefix("0::/") }
        let mounts = ControlFile("/proc/self/mountinfo").lines.map { $0.split(separator: " ") }
        let mount = mounts.first { fields in
            guard let separator = fields.firstIndex(of: "-"), fields.count > separator + 1 else { return false }
            return fields[separator + 1] == "cgroup2" && fields[3] == "/"
        }
        guard let line, let mount else { return nil }
        return String(mount[4] + line.dropFirst("0::".count))
    }
}

/// The cgroup of one call: the kernel's own list of all that it started.
final class ControlGroup: Sendable {
    let path: String
    /// For CLONE_INTO_CGROUP (clone(2)).
    let directory: Descriptor

    fileprivate init(path: String, _ limits: ResourceLimits) throws(RunnerError) {
        self.path = path
        guard mkdir(path, 0o755) == 0 else { throw .system("No cgroup could be made for the call") }
        let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw .system("The cgroup of the call could not be opened") }
        directory = Descriptor(number)
        // Each fails where its controller is not here; `ControlGroups.missingControllers` has said so at start.
        _ = file("memory.max").write(String(limits.memoryBytes))
        _ = file("memory.swap.max").write("0")
        _ = file("memory.oom.group").write("1")
        _ = file("pids.max").write(String(limits.processes))
    }

    func signal(_ number: Int32) {
        if number == SIGKILL, file("cgroup.kill").write("1") { return }
        for line in file("cgroup.procs").lines { if let pid = pid_t(line) { kill(pid, number) } }
    }

    var isEmpty: Bool { file("cgroup.events").lines.contains("populated 0") }

    /// Bytes; `nil` where the kernel does not say.
    var peakMemory: Int? { file("memory.peak").words.first.flatMap { Int($0) } }

    /// What stays is a daemon that a change started: the limits of the command are not its.
    func release() {
        _ = file("memory.max").write("max")
        _ = file("memory.swap.max").write("max")
        _ = file("pids.max").write("max")
    }

    /// False while a process is in it.
    @discardableResult
    func remove() -> Bool { rmdir(path) == 0 }

    private func file(_ name: String) -> ControlFile { ControlFile("\(path)/\(name)") }
}

/// A small file of the kernel's.
struct ControlFile {
    private static let limit = 1 << 20
    private let path: String

    init(_ path: String) { self.path = path }

    func write(_ text: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
    }

    /// Empty where it cannot be read.
    var bytes: [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < Self.limit {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    var lines: [Substring] { String(decoding: bytes, as: UTF8.self).split(separator: "\n") }
    var words: [Substring] { String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" } }
}
