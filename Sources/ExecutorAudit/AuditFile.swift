import Glibc

/// What the log asks of the disk that may fail where no test can make it fail.
package struct AuditDisk: Sendable {
    /// 0, or -1 and errno. The corresponding C function is `fdatasync`.
    package var sync: @Sendable (_ descriptor: Int32) -> Int32

    package init(sync: @escaping @Sendable (_ descriptor: Int32) -> Int32) { self.sync = sync }

    package static let real = AuditDisk { fdatasync($0) }
}

/// One open file of the log.
///
/// The descriptor is closed when nobody holds this any more, so that a thread that waits for the disk never
/// waits on a number that has been given to another file.
final class AuditFile: Sendable {
    let descriptor: Int32
    let path: String

    private init(_ path: String, _ flags: Int32) throws(AuditError) {
        descriptor = open(path, flags | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw .system("open", path) }
    }

    deinit { close(descriptor) }

    convenience init(appendingTo path: String) throws(AuditError) { try self.init(path, O_APPEND | O_CREAT) }

    /// The bytes, all of them, at the end; after a failure some of them may be there.
    func append(_ bytes: [UInt8]) throws(AuditError) {
        try put(bytes) { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    func sync(_ disk: AuditDisk) throws(AuditError) {
        guard disk.sync(descriptor) == 0 else { throw .system("sync", path) }
    }

    /// Bytes, and whether a directory still names the file.
    func status() throws(AuditError) -> (length: Int, isLinked: Bool) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("look at", path) }
        return (Int(status.st_size), status.st_nlink > 0)
    }

    /// Puts `tail` where the confirmed bytes end, cuts what lies behind it, and waits for the disk.
    ///
    /// After a failed `fdatasync` the kernel may have dropped pages and call them clean (fsync(2), "EIO"): only
    /// bytes that are written again are known to be tried again. They are written over the old ones in place,
    /// so that nothing is lost where this fails too.
    static func mend(_ path: String, from confirmed: Int, with tail: [UInt8], _ disk: AuditDisk) throws(AuditError) {
        let file = try AuditFile(path, 0)
        guard try file.status().length >= confirmed else {
            throw AuditError("\(path) was cut or replaced while it was written; restart the executor to record that.")
        }
        var offset = confirmed
        try file.put(tail) { bytes in
            let count = pwrite(file.descriptor, bytes.baseAddress, bytes.count, off_t(offset))
            offset += max(0, count)
            return count
        }
        guard ftruncate(file.descriptor, off_t(confirmed + tail.count)) == 0 else { throw .system("mend", path) }
        try file.sync(disk)
    }

    private func put(_ bytes: [UInt8], _ call: (UnsafeRawBufferPointer) -> Int) throws(AuditError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { call($0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path) }
            rest = rest.dropFirst(count)
        }
    }
}

/// The directory of the log, locked: one writer a directory.
final class AuditDirectory: Sendable {
    let path: String
    private let descriptor: Int32

    init(locking path: String) throws(AuditError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw AuditError("Another process writes the audit log in \(path); stop it first.")
        }
    }

    deinit { close(descriptor) }

    /// Another process may write the log from here on.
    func unlock() { flock(descriptor, LOCK_UN) }

    /// Waits until the names of new and removed files are on disk.
    func sync() throws(AuditError) {
        guard fsync(descriptor) == 0 else { throw .system("sync", path) }
    }
}
