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
            throw ExecutorError(.configuration, "\(path) cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { free(real) }
        let resolved = String(cString: real)
        let descriptor = open(resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw ExecutorError(.configuration, "\(path) cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ExecutorError(.configuration, "\(path) is no regular file; put the file itself there.")
        }
        try check(status, resolved, mayBeSticky: false)
        if readers == .owner { try checkSecret(status, resolved) }
        try checkDirectories(above: resolved)
        if path != resolved { try checkLink(path) }
        return .bytes(try readAll(descriptor, path))
    }

    /// Whoever can put a link there chooses which of the administrator's files is read.
    private static func checkLink(_ path: String) throws(ExecutorError) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_uid == 0 || status.st_uid == geteuid() else {
            throw ExecutorError(
                .configuration, "\(path) is a link of user \(status.st_uid); put the file itself there.")
        }
        try checkDirectories(above: path)
    }

    private static func checkDirectories(above path: String) throws(ExecutorError) {
        var directory = path[...]
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            let name = directory.isEmpty ? "/" : String(directory)
            var status = stat()
            guard stat(name, &status) == 0 else {
                throw ExecutorError(.configuration, "\(name) cannot be examined: \(String(cString: strerror(errno))).")
            }
            try check(status, name, mayBeSticky: true)
        }
    }

    private static func check(_ status: stat, _ name: String, mayBeSticky: Bool) throws(ExecutorError) {
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
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
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw ExecutorError(.configuration, "\(path) cannot be read: \(String(cString: strerror(errno))).")
            }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= maximumBytes else {
                throw ExecutorError(.configuration, "\(path) has more than \(maximumBytes) bytes; shorten it.")
            }
        }
    }
}
