import Glibc

/// Sockets as the kernel tells them over netlink; sock_diag(7).
///
/// The kernel filters by port itself, where `/proc/net/tcp` is every socket of the machine as text.
enum SocketDiagnosis {
    /// One protocol of one family.
    struct Table: Sendable {
        let transport: PortSocket.Transport
        let isVersion6: Bool

        static let all = [
            Table(transport: .tcp, isVersion6: false), Table(transport: .tcp, isVersion6: true),
            Table(transport: .udp, isVersion6: false), Table(transport: .udp, isVersion6: true),
        ]
        static let tcp = Array(all.prefix(2))
    }

    /// Sets of TCP states, a bit for each; include/net/tcp_states.h.
    enum States {
        static let listening: UInt32 = 1 << 10
        /// TCP_CLOSE: an unconnected UDP socket.
        static let unconnected: UInt32 = 1 << 7
        static let all: UInt32 = 0xFFF
        static let connections = all & ~listening
    }

    private static let sockDiag: Int32 = 4
    private static let sockDiagByFamily: UInt16 = 20
    private static let requestAndDump: UInt16 = 0x301
    private static let (done, error): (UInt16, UInt16) = (3, 2)
    private static let requestBytes = 72
    private static let messageBytes = 72

    /// Calls `found` with each socket of a table.
    ///
    /// - Parameter port: The local port; 0 for any.
    /// - Returns: Whether the kernel told them all; it does not where it lacks the module, or a filter forbids netlink.
    static func sockets(_ table: Table, states: UInt32, port: UInt16, _ found: (PortSocket) -> Void) -> Bool {
        let descriptor = Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), sockDiag)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // The kernel answers a dump as it is read; this is for one that does not.
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let request = request(table, states: states, port: port)
        guard send(descriptor, request, request.count, 0) == request.count else { return false }
        return withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            while true {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                switch read(UnsafeRawBufferPointer(rebasing: buffer[..<count]), table, found) {
                case .more: continue
                case .end: return true
                case .refused: return false
                }
            }
        }
    }

    private enum Progress { case more, end, refused }

    /// The messages of one datagram; netlink(7).
    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ table: Table, _ found: (PortSocket) -> Void
    ) -> Progress {
        var offset = 0
        while bytes.count - offset >= 16 {
            let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            guard length >= 16, length <= bytes.count - offset else { return .refused }
            switch bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self) {
            case done: return .end
            case error: return .refused
            case sockDiagByFamily where length >= 16 + messageBytes:
                found(entry(UnsafeRawBufferPointer(rebasing: bytes[(offset + 16)..<(offset + length)]), table))
            default: break
            }
            offset += (length + 3) & ~3
        }
        return .more
    }

    /// `struct nlmsghdr` and `struct inet_diag_req_v2`; linux/inet_diag.h.
    private static func request(_ table: Table, states: UInt32, port: UInt16) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: requestBytes)
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: UInt32(requestBytes), as: UInt32.self)
            raw.storeBytes(of: sockDiagByFamily, toByteOffset: 4, as: UInt16.self)
            raw.storeBytes(of: requestAndDump, toByteOffset: 6, as: UInt16.self)
            raw[16] = UInt8(table.isVersion6 ? AF_INET6 : AF_INET)
            raw[17] = UInt8(table.transport == .tcp ? IPPROTO_TCP : IPPROTO_UDP)
            raw.storeBytes(of: states, toByteOffset: 20, as: UInt32.self)
            raw.storeBytes(of: port.bigEndian, toByteOffset: 24, as: UInt16.self)
        }
        return bytes
    }

    /// `struct inet_diag_msg`: family, state, timer, retransmits, ports, addresses, interface, cookie, and after them
    /// the expiry, the queues, the user and the inode.
    private static func entry(_ bytes: UnsafeRawBufferPointer, _ table: Table) -> PortSocket {
        func port(_ offset: Int) -> UInt16 {
            UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
        func word(_ offset: Int) -> UInt32 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        let size = table.isVersion6 ? 16 : 4
        let state = bytes[1]
        let isListening = state == (table.transport == .tcp ? 10 : 7)
        return PortSocket(
            transport: table.transport, address: SocketAddress(Array(bytes[8..<(8 + size)])), port: port(4),
            state: isListening ? .listening : .other, userID: word(64), inode: UInt64(word(68)),
            kernelState: state,
            peer: isListening
                ? nil : SocketAddress(Array(bytes[24..<(24 + size)])).with(port: port(6)),
            waiting: table.transport == .tcp && isListening
                ? PortSocket.Waiting(count: Int(word(56)), limit: Int(word(60))) : nil)
    }
}
