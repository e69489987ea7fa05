import Glibc

/// A small file of which there is always a whole one: the old or the new.
enum AtomicFile {
    /// Reads at most `limit` bytes; `nil` where there is no such file.
    static func read(_ path: String, limit: Int) throws(AuditError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw .system("read", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw .system("read", path) }
        return Array(bytes.prefix(count))
    }

    /// Writes beside the file, waits for the disk, renames, and waits for the disk again.
    static func replace(_ name: String, in directory: String, _ bytes: [UInt8]) throws(AuditError) {
        let path = directory + "/" + name
        let draft = path + ".new"
        // Left behind by a crash.
        unlink(draft)
        try write(bytes, draft)
        guard rename(draft, path) == 0 else { throw .system("replace", path) }
        try syncDirectory(directory)
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws(AuditError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("make", path) }
        defer { close(descriptor) }
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count, fsync(descriptor) == 0 else { throw .system("write", path) }
    }

    private static func syncDirectory(_ path: String) throws(AuditError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync", path) }
    }
}
