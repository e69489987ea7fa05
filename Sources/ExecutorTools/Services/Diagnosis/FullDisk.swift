import Systemd

/// Which disk is full, and of what: space and inodes fail with the same words.
struct FullDisk: Sendable {
    /// Where `/proc` is, in the machine's root directory.
    let proc: String

    /// A disk with so much of it used takes no more, or hardly.
    private static let full = 99

    /// - Parameter path: The file that could not be written; without one every disk is looked at.
    func text(_ path: String?) -> String {
        let disks = (path.flatMap(mount).map { [$0] } ?? mounts).compactMap {
            DiskUsage($0, root: String(proc.dropLast("/proc".utf8.count)))
        }
        let what = disks.compactMap(Self.fullness).first
        return "A disk is full\(path.map { ": \($0)" } ?? "")"
            + (what ?? " (no space or no inodes left; it has room now).")
    }

    private var mounts: [MountEntry] { MountTable.storage(among: MountTable.read("\(proc)/1/mountinfo")) }

    /// Where `path` lies, as the machine's first process sees it.
    func mount(of path: String) -> MountEntry? {
        mounts.filter { Self.lies(path, in: $0.mountPoint) }.max {
            $0.mountPoint.utf8.count < $1.mountPoint.utf8.count
        }
    }

    private static func lies(_ path: String, in place: String) -> Bool {
        place == "/" || path == place || path.hasPrefix("\(place)/")
    }

    private static func fullness(_ disk: DiskUsage) -> String? {
        let name = PrintableText.line(disk.mount.mountPoint)
        if let inodes = disk.inodesUsedPercent, inodes >= full, disk.freeBytes > 0, disk.usedPercent < full {
            return "; \(name) has no inodes left (\(inodes)% used), though it has space (\(disk.usedPercent)% used)."
        }
        return disk.usedPercent >= full
            ? "; \(name) is \(disk.usedPercent)% used, \(Figures.bytes(disk.freeBytes)) free." : nil
    }
}
