import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import TestSupport
import Testing

@Suite("check_port")
struct CheckPortTests {
    private let tool = CheckPortTool()

    @Test("a listening socket is shown with its process, its address and that it answers")
    func listenerIsShown() throws {
        let listener = try Listener()
        let result = tool.check(listener.port)
        #expect(result.success)
        #expect(result.output.hasPrefix("port \(listener.port): "))
        #expect(result.output.contains("(pid \(getpid()))"))
        #expect(result.output.contains("on 127.0.0.1"))
        #expect(result.metadata["answers"] == true)
        #expect(result.metadata["free"] == false)
        let first = result.metadata["listeners"]?.arrayValue?.first
        #expect(first?["pid"]?.intValue == Int(getpid()))
        #expect(first?["protocol"] == "tcp")
        #expect(first?["address"] == "127.0.0.1")
    }

    @Test("a socket of version 6 is found")
    func version6IsFound() throws {
        let listener = try Listener(.version6)
        let result = tool.check(listener.port)
        #expect(result.output.contains("on ::1"))
        #expect(result.metadata["answers"] == true)
    }

    @Test("a UDP socket is shown as one, and nobody is asked whether it answers")
    func datagramIsShown() throws {
        let listener = try Listener(type: SOCK_DGRAM)
        let result = tool.check(listener.port)
        #expect(result.output.contains("127.0.0.1 (udp)"))
        #expect(result.metadata["answers"] == nil)
        _ = consume listener
    }

    @Test("a port nobody has is said to be free")
    func freePort() throws {
        let port: UInt16
        do {
            let listener = try Listener()
            port = listener.port
        }
        let result = tool.check(port)
        #expect(result.success)
        #expect(result.output == "port \(port): free, nobody listens on it.")
        #expect(result.metadata["free"] == true)
        #expect(result.metadata["listeners"] == [])
    }

    @Test("a loopback port nobody has refuses the connection at once")
    func refusedConnection() throws {
        let port: UInt16
        do {
            let listener = try Listener()
            port = listener.port
        }
        #expect(PortProbe.connect(to: .loopback4, port: port) == .refused)
    }

    @Test("the kernel's tables are read: the listener's process, unit, and its program's name made harmless")
    func recordedMachine() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "net/tcp",
            """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
               1: 0100007F:0050 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1

            """)
        try directory.write(
            "1234/stat",
            "1234 (apache2\u{1B}[31m) S 1 1 1 0 -1 4194560 1 0 0 0 7 5 0 0 20 0 1 0 100 1000 10 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"
        )
        try directory.write("1234/cgroup", "0::/system.slice/apache2.service\n")
        mkdir("\(directory.path)/1234/fd", 0o755)
        symlink("socket:[4711]", "\(directory.path)/1234/fd/3")
        let report = PortReport.read(
            80, processes: ProcessTable(root: directory.path), ports: PortTable(root: directory.path))
        #expect(
            report.text == "port 80: apache2?[31m (pid 1234), unit apache2.service, on 0.0.0.0")
        #expect(report.metadata["free"] == false)
    }
}
