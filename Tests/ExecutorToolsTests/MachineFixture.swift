import Glibc

struct SetUpFailed: Error {
    let call: String
    let code: Int32
}

/// A socket of this process that listens, on a port the kernel chose.
struct Listener: ~Copyable {
    enum Family { case version4, version6 }

    private let descriptor: Int32
    let port: UInt16

    init(_ family: Family = .version4, type: __socket_type = SOCK_STREAM, backlog: Int32 = 8) throws {
        let descriptor = socket(family == .version4 ? AF_INET : AF_INET6, Int32(type.rawValue), 0)
        guard descriptor >= 0 else { throw SetUpFailed(call: "socket", code: errno) }
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutableBytes(of: &storage) { raw in
            raw.storeBytes(of: sa_family_t(family == .version4 ? AF_INET : AF_INET6), as: sa_family_t.self)
            // Loopback: 127.0.0.1, or ::1 after the flow label.
            if family == .version4 { raw[4] = 127; raw[7] = 1 } else { raw[23] = 1 }
        }
        let length = socklen_t(family == .version4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(descriptor, .init(__sockaddr__: address), length) == 0 else { return -1 }
                return getsockname(descriptor, .init(__sockaddr__: address), &size)
            }
        }
        let port = withUnsafeBytes(of: &storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
        guard result == 0, type == SOCK_DGRAM || listen(descriptor, backlog) == 0 else {
            close(descriptor)
            throw SetUpFailed(call: "bind or listen", code: errno)
        }
        (self.descriptor, self.port) = (descriptor, port)
    }

    deinit { close(descriptor) }
}
