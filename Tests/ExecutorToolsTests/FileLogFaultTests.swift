import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import TestSupport
import Testing

/// A log that is rotated, packed or damaged between two reads.
@Suite("read_logs: files that change")
struct FileLogFaultTests {
    private let box: Box

    init() throws { box = try Box() }

    @Test(
        "a log rotated between two reads, by a new file or by emptying the old one, is read on in both",
        arguments: [false, true])
    func rotated(_ isCopied: Bool) throws {
        try box.write("app.log", "one\ntwo\n")
        #expect(try box.read() == ["one", "two"])
        try box.shell(isCopied ? "cp app.log app.log.1; : >app.log" : "mv app.log app.log.1; : >app.log")
        #expect(try box.read() == ["one", "two"])
        try box.shell("echo three >>app.log")
        #expect(try box.read() == ["one", "two", "three"])
    }

    @Test(
        "what was rotated away is read packed too, whatever packed it", arguments: ["gzip", "xz", "bzip2", "zstd --rm"])
    func packed(_ program: String) throws {
        let name = program.split(separator: " ").first.map(String.init) ?? ""
        guard access("/usr/bin/\(name)", X_OK) == 0 || access("/bin/\(name)", X_OK) == 0 else { return }
        try box.write("app.log.1", "old\n")
        try box.shell("\(program) -q app.log.1")
        try box.write("app.log", "new\n")
        #expect(try box.read() == ["old", "new"])
    }

    @Test("a line of 10 MB is cut and the lines about it are whole; bytes that are no text are made harmless")
    func damaged() throws {
        try box.shell(
            "{ echo before; head -c 10000000 /dev/zero | tr '\\0' x; echo; printf 'a\\001\\377\\033[31mb\\n'; echo after; } >app.log"
        )
        let lines = try box.read()
        #expect(lines.first == "before" && lines.last == "after" && lines.count == 4, "\(lines.map { $0.prefix(80) })")
        #expect(lines[1].hasPrefix("xxx") && lines[1].utf8.count < 3000)
        #expect(!lines[2].utf8.contains { $0 < 0x20 })
    }
}

private final class Box {
    private let directory: TemporaryDirectory
    private let run: RunCommandFixture
    private let tool: any Tool

    init() throws {
        let directory = try TemporaryDirectory()
        let run = try RunCommandFixture(rules: #"{"files": ["tail -n * \#(directory.path)/*"]}"#)
        let catalog = ToolCatalog(machine: Machine(runner: run.runner, settings: ToolSettings()))
        guard let tool = catalog["read_logs"] else { throw SetUpFailed(call: "read_logs", code: 0) }
        self.tool = tool
        self.directory = directory
        self.run = run
    }

    func write(_ name: String, _ text: String) throws { try directory.write(name, text) }

    func shell(_ commands: String) throws {
        try #require(system("cd \(directory.path) && \(commands)") == 0)
    }

    func read() throws -> [String] {
        let result = run.call(tool, ["service": .string("\(directory.path)/app.log")])
        return result.output.split(separator: "\n").map(String.init)
    }
}
