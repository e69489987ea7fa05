import Glibc

/// A file system that is mounted, as `/proc/PID/mountinfo` has it.
package struct MountEntry: Sendable, Hashable {
    package var device: String
    package var mountPoint: String
    package var type: String
    package var source: String
    /// Read-only at this place.
    package var isReadOnly: Bool
    /// Read-only wherever it is mounted: so the kernel leaves it after an error.
    package var isFileSystemReadOnly: Bool
}

package enum MountTable {
    /// The mounts of `path`, in the order the kernel lists them.
    package static func read(_ path: String) -> [MountEntry] {
        (SystemFile.text(path) ?? "").split(separator: "\n").compactMap(parse)
    }

    /// `36 35 98:0 /root /mount opts shared:1 … - type source superopts`; proc(5).
    package static func parse(_ line: Substring) -> MountEntry? {
        let fields = line.split(separator: " ")
        guard fields.count >= 10, let dash = fields[6...].firstIndex(of: "-"), fields.count >= dash + 4 else {
            return nil
        }
        return MountEntry(
            device: String(fields[2]), mountPoint: unescaped(fields[4]), type: String(fields[dash + 1]),
            source: unescaped(fields[dash + 2]), isReadOnly: isReadOnly(fields[5]),
            isFileSystemReadOnly: isReadOnly(fields[dash + 3]))
    }

    /// Those that hold data of the machine's: one entry a file system, at its shortest mount point.
    ///
    /// Left out are the kernel's own trees and what lies in them, images that are full by nature (squashfs, iso9660), and what
    /// lies on another machine, where asking for the figures could wait for ever.
    package static func storage(among mounts: [MountEntry]) -> [MountEntry] {
        var chosen: [String: MountEntry] = [:]
        // A later mount at the same place hides the earlier one.
        let visible = Dictionary(mounts.map { ($0.mountPoint, $0) }) { _, last in last }
        for mount in visible.values where mount.isStorage {
            let key = mount.source.hasPrefix("/dev/") ? mount.source : mount.device
            if let other = chosen[key], (other.mountPoint.utf8.count, other.mountPoint) <= mount.rank { continue }
            chosen[key] = mount
        }
        return chosen.values.sorted { $0.mountPoint < $1.mountPoint }
    }

    private static func isReadOnly(_ options: Substring) -> Bool {
        options.split(separator: ",").contains("ro")
    }

    /// The kernel writes blanks, tabs, newlines and backslashes as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "\\"), rest.count >= 4,
                let value = UInt8(String(decoding: rest.dropFirst().prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(4)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension MountEntry {
    fileprivate var rank: (Int, String) { (mountPoint.utf8.count, mountPoint) }

    /// Lives in memory: worth a word only where it is nearly full.
    package var isMemory: Bool { type == "tmpfs" || type == "ramfs" }

    fileprivate var isStorage: Bool {
        guard !["/proc", "/sys"].contains(where: { mountPoint == $0 || mountPoint.hasPrefix("\($0)/") }) else {
            return false
        }
        switch type {
        case "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "vfat", "exfat", "ntfs", "ntfs3", "zfs", "bcachefs",
            "jfs", "reiserfs", "fuseblk", "erofs", "tmpfs":
            return true
        // The root of a container, and of a live system.
        case "overlay", "aufs", "9p", "virtiofs": return mountPoint == "/"
        default: return false
        }
    }
}
