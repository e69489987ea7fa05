import Glibc

/// A process that has many of the files open that it may have.
package struct FileHungryProcess: Sendable, Hashable {
    package var pid: Int32
    package var name: String
    package var open: Int
    package var limit: Int

    package init(pid: Int32, name: String, open: Int, limit: Int) {
        (self.pid, self.name, self.open, self.limit) = (pid, name, open, limit)
    }

    /// Fewer open files than this are looked at no closer: the least limit in use is 1024.
    static let least = 512

    /// Those among `processes` that have at least ``least`` files open.
    ///
    /// Linux 6.2 and later tell their number as the size of `/proc/PID/fd`; where it is 0 nobody is named.
    static func find(among processes: [ProcessEntry], root: String) -> [FileHungryProcess] {
        processes.compactMap { process in
            var status = stat()
            guard stat("\(root)/\(process.pid)/fd", &status) == 0, status.st_size >= least,
                let limit = limit(of: process.pid, root)
            else { return nil }
            return FileHungryProcess(
                pid: process.pid, name: process.name, open: Int(status.st_size), limit: limit)
        }
    }

    /// `Max open files            1024                 524288               files`
    private static func limit(of pid: Int32, _ root: String) -> Int? {
        let lines = SystemFile.read("\(root)/\(pid)/limits", limit: 16 << 10)?.lines() ?? []
        guard let line = lines.first(where: { $0.starts(with: "Max open files".utf8) }) else { return nil }
        return line.fields().dropFirst(3).first.flatMap { Int(decimal: $0) }
    }
}
