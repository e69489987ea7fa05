import Glibc

/// Small files of the kernel's and of the administrator's, read whole.
package enum SystemFile {
    /// What is longer is cut: the longest file read this way is `/proc/self/mountinfo`.
    package static let maximumBytes = 4 << 20

    /// The bytes of `path`, or `nil` where it cannot be opened or read: gone, not permitted, a directory.
    ///
    /// A FIFO or a device does not hold the caller up: it is opened without waiting and then read as empty.
    package static func read(_ path: String, limit: Int = maximumBytes) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let room = min(max(bytes.count, 4096), limit - bytes.count)
            let count = withUnsafeTemporaryAllocation(byteCount: room, alignment: 16) { buffer in
                let count = retrying { Glibc.read(descriptor, buffer.baseAddress, room) }
                if count > 0 { bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
                return count
            }
            if count < 0 { return !bytes.isEmpty && errno == EAGAIN ? bytes : nil }
            if count == 0 { break }
        }
        return bytes
    }

    /// ``read(_:limit:)`` as text; what is not UTF-8 becomes U+FFFD.
    package static func text(_ path: String, limit: Int = maximumBytes) -> String? {
        read(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first number of a file that holds one, such as `/proc/sys/fs/nr_open`.
    package static func number(_ path: String) -> Int? {
        read(path, limit: 4096).flatMap { bytes in
            bytes.fields().first.flatMap { Int(decimal: $0) }
        }
    }

    /// What a symbolic link points to.
    package static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink(path, base.assumingMemoryBound(to: CChar.self), buffer.count)
            return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    /// The names in a directory, `.` and `..` left out, or `nil` where it cannot be read; of more than `limit`, some.
    package static func names(in path: String, limit: Int = .max) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < limit, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
