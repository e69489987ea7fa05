import ExecutorTools
import Glibc

/// Reads files that decide what root does: only those that nobody else can write.
enum TrustedFile {
    /// No policy is this long.
    static let maximumBytes = 4 << 20

    /// Who else may read the file.
    enum Readers: Sendable { case anybody, owner }

    enum Content: Sendable {
        case bytes([UInt8])
        case missing
    }

    /// Reads a whole regular file.
    ///
    /// Refused when it, or a directory above it, belongs to somebody else or can be written by others; a
    /// directory with the sticky bit lets nobody rename what is ours, so it passes (chmod(1), "RESTRICTED
    /// DELETION FLAG OR STICKY BIT"). The same holds for a link on the way to it.
    static func read(_ path: String, readableBy readers: Readers = .anybody) throws(ExecutorError) -> Content {
        guard let real = realpath(path, nil) else {
            if errno == ENOENT { return .missing }
            throw unreadable(path)
        }
        defer { free(real) }
        let resolved = String(cString: real)
        let descriptor = open(resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ExecutorError(.configuration, "\(path) is no regular file; put the file itself there.")
        }
        try check(status, resolved, mayBeSticky: false)
        if readers == .owner { try checkSecret(status, resolved) }
        try checkWay(to: path)
        return .bytes(try readAll(descriptor, path))
    }

    /// Links on the way to a file; the kernel's own limit (path_resolution(7)).
    private static let maximumLinks = 40

    /// Goes from name to name as the kernel does: whoever can change one of these directories, or has put one of the
    /// links there, chooses which of the administrator's files is read.
    private static func checkWay(to path: String) throws(ExecutorError) {
        var directory = ""
        var names = (path.hasPrefix("/") ? path : currentDirectory + "/" + path).split(separator: "/")[...]
        var links = 0
        while let name = names.popFirst() {
            if name == "." { continue }
            if name == ".." {
                directory = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
                continue
            }
            let parent = directory.isEmpty ? "/" : directory
            try check(try look(parent), parent, mayBeSticky: true)
            let place = "\(directory)/\(name)"
            let status = try look(place)
            guard status.st_mode & S_IFMT == S_IFLNK else {
                directory = place
                continue
            }
            links += 1
            guard isOurs(status), links <= maximumLinks, let target = SystemFile.link(place) else {
                throw ExecutorError(
                    .configuration, "\(place) is a link of user \(status.st_uid); put the file itself there.")
            }
            if target.hasPrefix("/") { directory = "" }
            names = target.split(separator: "/") + names
        }
    }

    private static var currentDirectory: String { SystemFile.link("/proc/self/cwd") ?? "" }

    private static func look(_ path: String) throws(ExecutorError) -> stat {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw unreadable(path) }
        return status
    }

    /// What errno says.
    private static func unreadable(_ path: String) -> ExecutorError {
        ExecutorError(.configuration, "\(path) cannot be read: \(String(cString: strerror(errno))).")
    }

    private static func isOurs(_ status: stat) -> Bool { status.st_uid == 0 || status.st_uid == geteuid() }

    private static func check(_ status: stat, _ name: String, mayBeSticky: Bool) throws(ExecutorError) {
        guard isOurs(status) else {
            throw ExecutorError(
                .configuration, "\(name) belongs to user \(status.st_uid); run: chown root \(name)")
        }
        let writable = status.st_mode & 0o022
        guard writable == 0 || (mayBeSticky && status.st_mode & S_ISVTX != 0) else {
            throw ExecutorError(.configuration, "\(name) can be written by others; run: chmod go-w \(name)")
        }
    }

    private static func checkSecret(_ status: stat, _ name: String) throws(ExecutorError) {
        guard status.st_mode & 0o077 == 0 else {
            throw ExecutorError(.configuration, "\(name) can be read by others; run: chmod 600 \(name)")
        }
    }

    private static func readAll(_ descriptor: Int32, _ path: String) throws(ExecutorError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var count = 0
        repeat {
            // A regular file: no signal interrupts its reading.
            count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw unreadable(path) }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= maximumBytes else {
                throw ExecutorError(.configuration, "\(path) has more than \(maximumBytes) bytes; shorten it.")
            }
        } while count > 0
        return bytes
    }
}
