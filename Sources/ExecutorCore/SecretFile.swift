import Glibc

/// A small file that this user alone may read, replaced whole or not at all.
struct SecretFile: Sendable {
    let path: String

    var exists: Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// - Throws: ``ExecutorError`` where others can read it or change it; names the path and the remedy.
    func read() throws(ExecutorError) -> [UInt8]? {
        if case .bytes(let bytes) = try TrustedFile.read(path, readableBy: .owner) { bytes } else { nil }
    }

    /// On disk, with its name, when this returns.
    func write(_ bytes: [UInt8]) throws(ExecutorError) {
        let fresh = path + ".new"
        unlink(fresh)
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("made") }
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isWritten = count == bytes.count && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(fresh, path) == 0 else {
            let error = failure("written")
            unlink(fresh)
            throw error
        }
        try syncDirectory()
    }

    func remove() throws(ExecutorError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("removed") }
        try syncDirectory()
    }

    private func syncDirectory() throws(ExecutorError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("written") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("written") }
    }

    private func failure(_ act: String) -> ExecutorError {
        ExecutorError(.configuration, "\(path) cannot be \(act): \(String(cString: strerror(errno))).")
    }
}
