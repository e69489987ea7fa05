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
    /// The kernel's number of its state; include/net/tcp_states.h.
    package var kernelState: UInt8
    /// The other end, of one that does not listen.
    package var peer: String?
    /// Of a TCP listener: connections that wait to be taken, and how many may.
    package var waiting: Waiting?

    package struct Waiting: Sendable, Hashable {
        package var count: Int
        package var limit: Int

        package init(count: Int, limit: Int) { (self.count, self.limit) = (count, limit) }
    }

    /// What its state is called, as `ss` has it.
    package var stateName: String {
        let names = [
            "", "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "unconnected",
            "close-wait", "last-ack", "listening", "closing", "syn-recv",
        ]
        return names.indices.contains(Int(kernelState)) ? names[Int(kernelState)] : "unknown"
    }
}

/// Who has which port: asked of the kernel over netlink, and where it is not to be had so, read from `/proc`.
package struct PortTable: Sendable {
    package let root: String
    private let source: Source

    package enum Source: Sendable, Hashable {
        case netlink
        /// `/proc/net`, also the recorded one of a test.
        case files
    }

    package init(root: String = "/proc", source: Source? = nil) {
        (self.root, self.source) = (root, source ?? (root == "/proc" ? .netlink : .files))
    }

    /// The sockets that listen on `port`, or where nobody does, those that use it otherwise.
    package func sockets(onPort port: UInt16) -> [PortSocket] {
        let listening = listeners(onPort: port)
        if !listening.isEmpty { return listening }
        if source == .netlink, let found = ask(SocketDiagnosis.Table.all, port, listening: false) { return found }
        return read(stopAtFirstConnection: false) { $0.port == port }
    }

    /// Every socket that listens.
    package func listeners() -> [PortSocket] { listeners(onPort: 0) }

    /// - Parameter port: 0 for any.
    private func listeners(onPort port: UInt16) -> [PortSocket] {
        if source == .netlink, let found = ask(SocketDiagnosis.Table.all, port, listening: true) { return found }
        return read { ($0.port == port || port == 0) && $0.state == .listening }
    }

    /// How many of the local ports for outgoing connections are in use; `nil` where the kernel does not tell.
    package func usedPorts(in range: ClosedRange<UInt16>) -> Int? {
        var used = Set<UInt16>()
        for table in SocketDiagnosis.Table.tcp {
            let isWhole = SocketDiagnosis.sockets(table, states: SocketDiagnosis.States.connections, port: 0) {
                if range.contains($0.port) { used.insert($0.port) }
            }
            guard isWhole else { return nil }
        }
        let listening = Set(listeners().filter { $0.transport == .tcp }.map(\.port))
        return used.subtracting(listening).count
    }

    private func ask(_ tables: [SocketDiagnosis.Table], _ port: UInt16, listening: Bool) -> [PortSocket]? {
        var found: [PortSocket] = []
        for table in tables {
            let wanted =
                !listening
                ? SocketDiagnosis.States.all
                : table.transport == .tcp ? SocketDiagnosis.States.listening : SocketDiagnosis.States.unconnected
            guard SocketDiagnosis.sockets(table, states: wanted, port: port, { found.append($0) }) else { return nil }
        }
        return found
    }

    /// - Parameter stopAtFirstConnection: The kernel lists a TCP table's listeners before everything else
    ///   (`tcp_seq_start`), so that the thousands of connections of a busy server need not be read.
    private func read(
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
            userID: user, inode: inode, kernelState: state)
    }
}
