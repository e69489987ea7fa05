import Glibc

/// Unix stream sockets by path.
enum UnixSocket {
    /// The corresponding C functions are `socket` and `connect`.
    static func connect(to path: String) throws(SocketError) -> Int32 {
        let descriptor = try make()
        let result = try withAddress(path) { Glibc.connect(descriptor, .init(__sockaddr__: $0), $1) }
        guard result == 0 else {
            let number = errno
            close(descriptor)
            throw SocketError(.cannotConnect, "No connection to \(path): \(SocketError.describe(number)).")
        }
        return descriptor
    }

    /// Listens at `path`, in place of a socket that nobody listens on any more.
    ///
    /// The mode is set before anyone can connect. The corresponding C functions are `bind`, `chmod`, `listen`.
    static func listen(at path: String, mode: mode_t, group: gid_t?) throws(SocketError) -> Int32 {
        try removeStale(path)
        let descriptor = try make()
        do throws(SocketError) {
            // Between bind and chmod the umask decides; nothing can connect before listen anyway.
            try check(try withAddress(path) { bind(descriptor, .init(__sockaddr__: $0), $1) }, "bind \(path)")
            if let group { try check(chown(path, uid_t.max, group), "give \(path) to its group") }
            try check(chmod(path, mode), "set the mode of \(path)")
            try check(Glibc.listen(descriptor, Int32(WireLimits.connections)), "listen on \(path)")
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func make() throws(SocketError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError(.io, "No socket: \(SocketError.describe(errno)).") }
        return descriptor
    }

    private static func check(_ result: Int32, _ what: String) throws(SocketError) {
        if result != 0 { throw SocketError(.cannotListen, "Cannot \(what): \(SocketError.describe(errno)).") }
    }

    private static func removeStale(_ path: String) throws(SocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SocketError(.cannotListen, "\(path) is there and is no socket; move it away.")
        }
        if let other = try? connect(to: path) {
            close(other)
            throw SocketError(.cannotListen, "Another process listens on \(path); stop it first.")
        }
        unlink(path)
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SocketError) -> Int32 {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= WireLimits.socketPathBytes else {
            throw SocketError(
                .io, "A socket's path has 1 to \(WireLimits.socketPathBytes) bytes; this one has \(bytes.count).")
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
