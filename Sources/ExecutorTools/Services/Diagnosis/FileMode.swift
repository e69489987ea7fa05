import Glibc

/// Who may do what with a file, as `ls -l` has it.
enum FileMode {
    /// ` (0600, root:root)`; empty where it cannot be seen.
    static func text(of path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "" }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        let padded = String(repeating: "0", count: max(0, 4 - mode.utf8.count)) + mode
        return " (\(padded), \(user(status.st_uid)):\(group(status.st_gid)))"
    }

    private static func user(_ id: uid_t) -> String {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes) { buffer in
            guard let base = buffer.baseAddress, getpwuid_r(id, &entry, base, bytes, &found) == 0, found != nil else {
                return "\(id)"
            }
            return entry.pw_name.map { String(cString: $0) } ?? "\(id)"
        }
    }

    private static func group(_ id: gid_t) -> String {
        var (entry, found) = (Glibc.group(), UnsafeMutablePointer<Glibc.group>?.none)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes) { buffer in
            guard let base = buffer.baseAddress, getgrgid_r(id, &entry, base, bytes, &found) == 0, found != nil else {
                return "\(id)"
            }
            return entry.gr_name.map { String(cString: $0) } ?? "\(id)"
        }
    }

    /// Of one entry of the user and group tables.
    private static let bytes = 16 << 10
}
