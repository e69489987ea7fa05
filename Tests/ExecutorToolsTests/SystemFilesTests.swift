import ExecutorTools
import Glibc
import TestSupport
import Testing

@Suite("The kernel's files")
struct SystemFilesTests {
    @Test("this process is in the table, with its own figures")
    func ownProcess() throws {
        let table = ProcessTable()
        let entry = try #require(table.process(getpid()))
        #expect(entry.parent == getppid())
        #expect(entry.userID == geteuid())
        #expect(entry.residentBytes > 0)
        #expect(entry.threads >= 1)
        #expect(table.pids().contains(getpid()))
    }

    @Test("a process that is gone is nil and no error")
    func goneProcess() {
        #expect(ProcessTable().process(Int32.max) == nil)
        #expect(ProcessTable().command(of: Int32.max) == nil)
    }

    @Test("a name with parentheses, blanks and a newline is read whole and made harmless")
    func strangeName() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "7/stat", "7 (a) R (b\n) S 1 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 3 0 100 1000 10 0 0 0 0\n")
        let entry = try #require(ProcessTable(root: directory.path).process(7))
        #expect(entry.name == "a) R (b?")
        #expect(entry.state == "S")
        #expect(entry.cpuTicks == 12)
        #expect(entry.threads == 3)
    }

    @Test(
        "a control group tells the unit and the container",
        arguments: [
            ("0::/system.slice/nginx.service\n", "nginx.service", nil),
            ("12:pids:/x\n1:name=systemd:/system.slice/a.service/sub\n0::/\n", "a.service", nil),
            ("0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope", nil),
            ("0::/\n", nil, nil), ("", nil, nil),
            (
                "0::/system.slice/docker-\(String(repeating: "ab", count: 32)).scope\n", nil, "abababababab"
            ),
            ("4:memory:/docker/\(String(repeating: "cd", count: 32))\n", nil, "cdcdcdcdcdcd"),
        ] as [(String, String?, String?)])
    func membership(_ text: String, _ unit: String?, _ container: String?) {
        #expect(ControlGroupMembership(text) == ControlGroupMembership(unit: unit, container: container))
    }

    @Test("a FIFO nobody writes to does not hold the reader up")
    func fifo() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/fifo"
        try #require(mkfifo(path, 0o600) == 0)
        #expect(SystemFile.read(path) == [])
    }

    @Test("a file is read to its limit", arguments: [0, 1, 4096, 5000])
    func limit(_ limit: Int) throws {
        let directory = try TemporaryDirectory()
        try directory.write("file", String(repeating: "x", count: 5000))
        #expect(SystemFile.read("\(directory.path)/file", limit: limit)?.count == limit)
    }

    @Test(
        "figures are written as a person reads them",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"),
            (150 << 30, "150 GiB"), (-5, "0 B"), (Int.max, "8.0 EiB"),
        ])
    func bytes(_ count: Int, _ text: String) {
        #expect(Figures.bytes(count) == text)
    }
}
