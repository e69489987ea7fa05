import Glibc

/// Asks a port of this machine for a connection, and takes it back at once; the C function is `connect`.
package enum PortProbe {
    package enum Answer: Sendable, Hashable {
        case open
        case refused
        /// Nothing came back in time: a full queue, or a rule that drops packets.
        case silent(Duration)
        case failed(Int32)

        package var isOpen: Bool { self == .open }

        /// After `port 80`.
        package var text: String {
            switch self {
            case .open: "answers: it takes connections."
            case .refused: "does not answer: the connection was refused."
            case .silent(let patience):
                "does not answer: no connection within \(patience), as with a full queue or a firewall that drops packets."
            case .failed(let code): "does not answer: \(String(cString: strerror(code)))."
            }
        }
    }

    package static let patience = Duration.milliseconds(500)

    package static func connect(to address: SocketAddress, port: UInt16, patience: Duration = patience) -> Answer {
        let family = address.isVersion6 ? AF_INET6 : AF_INET
        let descriptor = socket(
            family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failed(errno) }
        defer { close(descriptor) }
        let result = address.withSocketAddress(port: port) { Glibc.connect(descriptor, .init(__sockaddr__: $0), $1) }
        if result == 0 { return .open }
        guard errno == EINPROGRESS else { return errno == ECONNREFUSED ? .refused : .failed(errno) }
        return wait(for: descriptor, patience)
    }

    private static func wait(for descriptor: Int32, _ patience: Duration) -> Answer {
        let deadline = ContinuousClock.now + patience
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let left = max((deadline - .now) / .milliseconds(1), 0)
            let count = poll(&waiting, 1, Int32(left.rounded(.up)))
            if count == 0 { return .silent(patience) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .failed(errno) }
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return .failed(errno) }
            return code == 0 ? .open : code == ECONNREFUSED ? .refused : .failed(code)
        }
    }
}

extension SocketAddress {
    /// Where a listener on this address is reached from the machine itself.
    package var reachable: SocketAddress { isAny ? (isVersion6 ? .loopback6 : .loopback4) : self }

    fileprivate func withSocketAddress<Result>(
        port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var storage = sockaddr_storage()
        let size = isVersion6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        withUnsafeMutableBytes(of: &storage) { raw in
            // Family, port in network order, then the address: after the flow label, where it is version 6.
            raw.storeBytes(of: sa_family_t(isVersion6 ? AF_INET6 : AF_INET), as: sa_family_t.self)
            raw.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            for (offset, byte) in bytes.enumerated() { raw[(isVersion6 ? 8 : 4) + offset] = byte }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
        }
    }
}
