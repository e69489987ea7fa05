import Glibc

/// A socket that has a local port, as `/proc/net/{tcp,udp}{,6}` has it.
package struct PortSocket: Sendable, Hashable {
    package enum Transport: String, Sendable, Hashable {
        case tcp
        case udp
    }

    package enum State: Sendable, Hashable {
        /// Takes connections; for UDP, has no peer.
        case listening
        case other
    }

    package var transport: Transport
    package var address: SocketAddress
    package var port: UInt16
    package var state: State
    package var userID: UInt32
    package var inode: UInt64
}

/// Who has which port, read from `/proc`.
package struct PortTable: Sendable {
    package let root: String

    package init(root: String = "/proc") { self.root = root }

    /// The sockets that listen on `port`, or where nobody does, those that use it otherwise.
    package func sockets(onPort port: UInt16) -> [PortSocket] {
        let listening = sockets { $0.port == port && $0.state == .listening }
        return listening.isEmpty ? sockets(stopAtFirstConnection: false) { $0.port == port } : listening
    }

    /// Every socket that listens.
    package func listeners() -> [PortSocket] { sockets { $0.state == .listening } }

    /// - Parameter stopAtFirstConnection: The kernel lists a TCP table's listeners before everything else
    ///   (`tcp_seq_start`), so that the thousands of connections of a busy server need not be read.
    private func sockets(
        stopAtFirstConnection: Bool = true, where matches: (PortSocket) -> Bool
    ) -> [PortSocket] {
        var found: [PortSocket] = []
        for (name, transport) in [("tcp", PortSocket.Transport.tcp), ("tcp6", .tcp), ("udp", .udp), ("udp6", .udp)] {
            LineStream.read("\(root)/net/\(name)") { line in
                guard let socket = Self.parse(line, transport) else { return .continue }
                if matches(socket) { found.append(socket) }
                let isPastListeners = transport == .tcp && socket.state == .other
                return stopAtFirstConnection && isPastListeners ? .stop : .continue
            }
        }
        return found
    }

    /// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`; the heading is not one.
    private static func parse(_ line: UnsafeRawBufferPointer, _ transport: PortSocket.Transport) -> PortSocket? {
        let fields = line.fields(limit: 10)
        guard fields.count == 10, let colon = fields[1].lastIndex(of: UInt8(ascii: ":")),
            let address = SocketAddress(kernelHexadecimal: fields[1][..<colon]),
            let port = UInt16(hexadecimal: fields[1][(colon + 1)...]), let state = UInt8(hexadecimal: fields[3]),
            let user = UInt32(decimal: fields[7]), let inode = UInt64(decimal: fields[9])
        else { return nil }
        // TCP_LISTEN is 10; an unconnected UDP socket is in TCP_CLOSE, 7.
        let isListening = state == (transport == .tcp ? 10 : 7)
        return PortSocket(
            transport: transport, address: address, port: port, state: isListening ? .listening : .other,
            userID: user, inode: inode)
    }
}
