import Glibc
import StrictJSON
import TestSupport
import Testing

@testable import ExecutorTools

/// What `check_port` says of a port, from the kernel's tables of a machine that is a few files, and of this one.
@Suite("check_port: what is said of a port")
struct PortReportTests {
    private let proc: TemporaryDirectory

    init() throws { proc = try TemporaryDirectory() }

    /// - Parameter sockets: Local address and port, state and inode, in hexadecimal as the kernel writes them.
    private func write(_ sockets: [(address: String, state: String, inode: Int)]) throws {
        let lines = sockets.enumerated().map { index, socket in
            "\(index): \(socket.address) 00000000:0000 \(socket.state) 0:0 0:0 0 1000 0 \(socket.inode) 1 0 100"
        }
        try proc.write("net/tcp", "  sl  local_address ...\n" + lines.map { $0 + "\n" }.joined())
    }

    private func process(_ pid: Int, _ name: String, command: [String] = [], socket: Int? = nil) throws {
        try proc.write(
            "\(pid)/stat", "\(pid) (\(name)) S 1 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 1 0 100 1000 10 0 0 0 0\n")
        try proc.write("\(pid)/cmdline", command.map { $0 + "\0" }.joined())
        mkdir("\(proc.path)/\(pid)/fd", 0o755)
        if let socket { symlink("socket:[\(socket)]", "\(proc.path)/\(pid)/fd/3") }
    }

    private func read(_ port: UInt16, socketUnit: String? = nil) -> PortReport {
        PortReport.read(
            port, processes: ProcessTable(root: proc.path), ports: PortTable(root: proc.path),
            socketUnit: { _ in socketUnit })
    }

    @Test(
        "docker's proxy is shown with the container's address that its own command line names",
        arguments: [
            ("-container-ip 172.17.0.2 -container-port 80", ", passing on to 172.17.0.2:80"),
            ("-container-ip 172.17.0.2", ""), ("-container-port 80", ""), ("-container-port 80 -container-ip", ""),
            ("", ""),
        ])
    func proxy(_ options: String, _ words: String) throws {
        try write([("00000000:0050", "0A", 1)])
        let command = ["/usr/bin/docker-proxy"] + options.split(separator: " ").map(String.init)
        try process(7, "docker-proxy", command: command, socket: 1)
        #expect(read(80).text == "port 80: docker-proxy (pid 7)\(words), on 0.0.0.0")
    }

    @Test("a socket that systemd holds open is shown with the service that took it, and with its unit")
    func socketActivation() throws {
        try write([("00000000:0050", "0A", 1)])
        try process(1, "systemd", socket: 1)
        #expect(
            read(80, socketUnit: "web.socket").text == "port 80: systemd (pid 1), on 0.0.0.0, held open by web.socket")
        try process(7, "web", socket: 1)
        #expect(read(80, socketUnit: "web.socket").text == "port 80: web (pid 7), on 0.0.0.0, held open by web.socket")
    }

    @Test("a port that nobody listens on and that is in use is not free: the first ten users are shown")
    func users() throws {
        try write([("0100007F:1F90", "01", 1)] + (0..<11).map { _ in ("0100007F:1F90", "06", 0) })
        try process(7, "client", socket: 1)
        let report = read(8080)
        let lines = report.text.split(separator: "\n")
        #expect(lines.first == "port 8080: nobody listens, but it is in use:")
        #expect(lines.dropFirst().first == "client (pid 7), established")
        #expect(lines.dropFirst(2).dropLast().allSatisfy { $0 == "a connection, time-wait" })
        #expect(lines.last == "and 2 more" && lines.count == 12, "\(report.text)")
        #expect(report.metadata["free"] == false && report.metadata["answers"] == nil)
        let first = report.metadata["users"]?.arrayValue?.first
        #expect(first?["pid"] == 7 && first?["state"] == "established" && first?["protocol"] == "tcp")
    }

    @Test("a holder that cannot be seen is said to be none that can be seen, with how many were not looked into")
    func hidden() throws {
        try write([("00000000:0050", "0A", 1)])
        var report = read(80)
        #expect(report.text == "port 80: a process that is not to be seen, on 0.0.0.0")
        report.hiddenProcesses = 3
        #expect(report.text.hasSuffix("\n3 processes of other users could not be looked into."))
    }

    @Test("a listener whose queue is full is told of")
    func fullQueue() throws {
        let listener = try Listener(backlog: 1)
        let first = try Client(to: listener.port)
        let second = try Client(to: listener.port)
        let report = PortReport.read(listener.port, processes: ProcessTable(), ports: PortTable())
        #expect(report.listeners.first?.isFull == true)
        #expect(
            report.text.contains("\nIts queue is full: 2 connections wait to be taken, of 1 that may."),
            "\(report.text)")
        _ = consume first
        _ = consume second
    }

    @Test("ports in use by connections are counted, and the one that is listened on is not")
    func usedPorts() throws {
        let listener = try Listener()
        let client = try Client(to: listener.port)
        #expect(PortTable().usedPorts(in: client.port...client.port) == 1)
        #expect(PortTable().usedPorts(in: listener.port...listener.port) == 0)
        _ = consume client
    }

    @Test("the ports of outgoing connections are counted only where there are sockets enough to use them up")
    func ephemeralPorts() throws {
        try proc.write("sys/net/ipv4/ip_local_port_range", "1\t10\n")
        try proc.write("net/sockstat", "sockets: used 9\nTCP: inuse 2 orphan 0 tw 2 alloc 9 mem 1\n")
        #expect(EphemeralPorts.used(proc: proc.path) == nil)
        try proc.write("net/sockstat6", "TCP6: inuse 1\n")
        #expect(EphemeralPorts.used(proc: proc.path)?.size == 10)
        for range in ["10\t1\n", "1\n", "a\tb\n", ""] {
            try proc.write("sys/net/ipv4/ip_local_port_range", range)
            #expect(EphemeralPorts.used(proc: proc.path) == nil)
        }
    }

    @Test(
        "a state is called as ss calls it; include/net/tcp_states.h",
        arguments: [
            (1, "established"), (2, "syn-sent"), (3, "syn-recv"), (4, "fin-wait-1"), (5, "fin-wait-2"),
            (6, "time-wait"), (7, "unconnected"), (8, "close-wait"), (9, "last-ack"), (10, "listening"),
            (11, "closing"), (12, "syn-recv"), (13, "unknown"), (255, "unknown"),
        ] as [(UInt8, String)])
    func states(_ number: UInt8, _ name: String) {
        let socket = PortSocket(
            transport: .tcp, address: .loopback4, port: 1, state: .other, userID: 0, inode: 0, kernelState: number)
        #expect(socket.stateName == name)
    }

    @Test("an address with a port has brackets where colons would run together")
    func addresses() {
        #expect(SocketAddress.loopback4.with(port: 80) == "127.0.0.1:80")
        #expect(SocketAddress.loopback6.with(port: 80) == "[::1]:80")
    }

    @Test("a line longer than the buffer comes in pieces, and what follows it whole")
    func longLine() throws {
        try proc.write("long", "first\n" + String(repeating: "x", count: 600_000) + "\nlast")
        var counts: [Int] = []
        LineStream.read("\(proc.path)/long") { line in
            counts.append(line.count)
            return .continue
        }
        #expect(counts.first == 5 && counts.last == 4 && counts.count == 5)
        #expect(counts.dropFirst().dropLast().reduce(0, +) == 600_000)
    }

    @Test(
        "reading ends where the reader has seen enough: at a line, at a piece of one; a file that is not there has none"
    )
    func stopped() throws {
        for text in ["first\nsecond\n", String(repeating: "x", count: 600_000)] {
            try proc.write("file", text)
            var count = 0
            LineStream.read("\(proc.path)/file") { _ in
                count += 1
                return .stop
            }
            #expect(count == 1)
        }
        LineStream.read("\(proc.path)/missing") { _ in
            Issue.record("there is a line")
            return .stop
        }
    }
}

/// A connection to a port of this machine.
private struct Client: ~Copyable {
    private let descriptor: Int32
    let port: UInt16

    init(to port: UInt16) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        (address.sin_port, address.sin_addr.s_addr) = (port.bigEndian, UInt32(0x7F00_0001).bigEndian)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard connect(descriptor, .init(__sockaddr__: address), size) == 0 else { return -1 }
                return getsockname(descriptor, .init(__sockaddr__: address), &size)
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw SetUpFailed(call: "connect", code: errno)
        }
        (self.descriptor, self.port) = (descriptor, UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
