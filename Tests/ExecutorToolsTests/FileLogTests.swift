import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import Glibc
import StrictJSON
import Systemd
import TestSupport
import Testing
import Wire

@testable import ExecutorTools

/// Real files, real gzip and xz, under the rules and the runner of the executor.
@Suite("read_logs: files")
struct FileLogTests {
    private let directory: TemporaryDirectory
    private let run: RunCommandFixtureBox

    init() throws {
        directory = try TemporaryDirectory()
        run = try RunCommandFixtureBox(rules: #"{"files": ["tail -n * \#(directory.path)/*"]}"#)
    }

    private func call(_ more: [String: JSONValue] = [:], file: String = "app.log") -> ToolResult {
        // As the executor has it: with its words masked.
        let tools = ToolCatalog(machine: Machine(runner: run.fixture.runner, settings: ToolSettings()))
        guard let tool = tools[ToolName.readLogs.rawValue] else { return .failure("no read_logs") }
        return run.fixture.call(tool, ["service": .string("\(directory.path)/\(file)")].merging(more) { $1 })
    }

    private func lines(_ result: ToolResult) -> [String] { result.output.split(separator: "\n").map(String.init) }

    private func pack(_ program: String, _ name: String, _ text: String) throws {
        try directory.write(name, text)
        let command = "\(program) -f '\(directory.path)/\(name)'"
        try #require(system(command) == 0)
    }

    /// Twelve lines in four files, an hour a line, the newest at 12:00 on 2026-11-24 UTC.
    private func writeRotated() throws {
        func text(_ hours: ClosedRange<Int>) -> String {
            hours.map { "2026-11-24T\($0 < 10 ? "0" : "")\($0):00:00Z hour \($0)\n" }.joined()
        }
        try pack("gzip", "app.log.3", text(1...3))
        try pack("xz", "app.log.2", text(4...6))
        try directory.write("app.log.1", text(7...9))
        try directory.write("app.log", text(10...12))
    }

    @Test(
        "arguments a file cannot answer are refused, with what narrows it",
        arguments: [["priority": "err"], ["boot": "previous"]] as [[String: JSONValue]])
    func journalOnly(_ more: [String: JSONValue]) throws {
        let refusal = call(more).refusal
        #expect(refusal?.code == .invalidArguments && refusal?.message.contains("for the journal") == true)
        #expect(refusal?.alternative.contains("pattern") == true)
    }

    @Test("a window that ends before it begins is refused")
    func window() {
        #expect(call(["since": "1h", "until": "2h"]).refusal?.message == "The argument 'since' is after 'until'.")
    }

    @Test(
        "a file that is a link, a directory, a FIFO or not there is not read",
        arguments: ["link", "folder", "fifo", "none"])
    func notOrdinary(_ kind: String) throws {
        try directory.write("target", "told\n")
        switch kind {
        case "link": symlink("target", "\(directory.path)/app.log")
        case "folder": mkdir("\(directory.path)/app.log", 0o755)
        case "fifo": mkfifo("\(directory.path)/app.log", 0o644)
        default: break
        }
        let result = call()
        #expect(
            result.error?.contains("cannot be read here") == true && !result.text.contains("told"), "\(result.text)")
    }

    @Test("the last lines come, the oldest first, and it says that there are older ones")
    func last() throws {
        try directory.write("app.log", "one\ntwo\nthree\n")
        #expect(lines(call(["lines": 2])) == ["two", "three", "(there are older lines)"])
        let all = call(["lines": 3])
        #expect(lines(all) == ["one", "two", "three"] && all.metadata["cut"] == false)
    }

    @Test("it reads on in what was rotated away, packed or not, as far as the lines ask")
    func rotation() throws {
        try writeRotated()
        let two = call(["lines": 5])
        #expect(lines(two).first == "2026-11-24T08:00:00Z hour 8" && lines(two).count == 6, "\(two.text)")
        #expect(two.metadata["files"]?.arrayValue?.count == 2)
        let all = call(["lines": 50])
        #expect(lines(all).count == 12 && lines(all).first == "2026-11-24T01:00:00Z hour 1", "\(all.text)")
        #expect(all.metadata["files"]?.arrayValue?.count == 4 && all.metadata["cut"] == false)
        // What is written to now has just been rotated.
        try directory.write("app.log", "")
        #expect(lines(call(["lines": 1])).first == "2026-11-24T09:00:00Z hour 9")
    }

    @Test(
        "since and until choose by the times the lines carry, across files",
        arguments: [
            ("2026-11-24T05:00:00Z", "2026-11-24T08:30:00Z", 5...8), ("2026-11-24T11:00:00Z", nil, 11...12),
            (nil, "2026-11-24T02:30:00Z", 1...2), ("2026-11-24T02:00:00Z", "2026-11-24T02:00:00Z", 2...2),
        ] as [(String?, String?, ClosedRange<Int>)])
    func times(_ since: String?, _ until: String?, _ hours: ClosedRange<Int>) throws {
        try writeRotated()
        var more: [String: JSONValue] = [:]
        if let since { more["since"] = .string(since) }
        if let until { more["until"] = .string(until) }
        let result = call(more)
        #expect(
            lines(result).map { $0.split(separator: " ").last.flatMap { Int($0) } } == hours.map { $0 },
            "\(result.text)")
    }

    @Test("lines without a time belong to the one before them, and where none has one it says so")
    func stackTrace() throws {
        try directory.write(
            "app.log", "2026-11-24T10:00:00Z old\n  at old\n2026-11-24T11:00:00Z boom\n  at main\n  at start\n")
        #expect(
            lines(call(["since": "2026-11-24T10:30:00Z"])) == ["2026-11-24T11:00:00Z boom", "  at main", "  at start"])
        #expect(lines(call(["until": "2026-11-24T10:30:00Z"])) == ["2026-11-24T10:00:00Z old", "  at old"])
        try directory.write("app.log", "one\ntwo\n")
        #expect(call(["since": "1h"]).output.contains("(The lines carry no time that is known here"))
    }

    @Test("a pattern is looked for in all files, and what looks like an expression is told to be none")
    func pattern() throws {
        try writeRotated()
        #expect(
            lines(call(["pattern": "HOUR 2|hour 11"])) == [
                "2026-11-24T02:00:00Z hour 2", "2026-11-24T11:00:00Z hour 11",
            ])
        #expect(call(["pattern": "hour \\d"]).output.contains("no regular expression"))
    }

    @Test("repeated lines are folded with their count and their last time")
    func folded() throws {
        try directory.write(
            "app.log", (0..<60).map { "Nov 24 12:30:\($0 < 10 ? "0" : "")\($0) web app[7]: no route\n" }.joined())
        #expect(
            lines(call(["lines": 60]))
                == ["Nov 24 12:30:00 web app[7]: no route  (60 times until Nov 24 12:30:59)"])
    }

    @Test("binary data is counted, a long line is cut and how much is said, and secrets are masked")
    func safe() throws {
        try directory.write(
            "app.log", "a\0b\n\(String(repeating: "long ", count: 10_000))\npassword=hunter2\n\u{1B}[2J\n")
        let shown = lines(call())
        #expect(shown[0] == "(3 bytes of binary data)")
        #expect(shown[1].hasSuffix("… (48000 bytes cut)") && shown[1].utf8.count < 2100, "\(shown[1].suffix(40))")
        #expect(shown[2] == "password=[masked]" && shown[3] == "?[2J")
    }

    @Test("a private key in a log is left out, and the lines after it are not")
    func key() throws {
        try directory.write(
            "app.log", "before\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----\nafter\n")
        #expect(lines(call()) == ["before", "after", "(Lines of a private key are left out: 3.)"])
        try directory.write("app.log", "before\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n")
        #expect(lines(call()) == ["before", "[masked]"])
    }

    @Test("what the rules do not allow of the rotated files is left out, and it says so")
    func ruledOut() throws {
        let run = try RunCommandFixtureBox(rules: #"{"files": ["tail -n {count} \#(directory.path)/app.log"]}"#)
        try directory.write("app.log", "now\n")
        try directory.write("app.log.1", "before\n")
        let tool = ReadLogsTool(machine: Machine(runner: run.fixture.runner, settings: ToolSettings()))
        let result = run.fixture.call(tool, ["service": .string("\(directory.path)/app.log")])
        #expect(
            lines(result).first == "now" && result.output.contains("app.log.1 is left out: the rules"), "\(result.text)"
        )
    }

    @Test("a rotated file whose rule asks for a yes is left out, and it says how to ask")
    func asks() throws {
        let run = try RunCommandFixtureBox(
            rules:
                #"{"files": ["tail -n {count} \#(directory.path)/app.log", {"command": "tail -n {count} \#(directory.path)/app.log.1", "approval": "user"}]}"#
        )
        try directory.write("app.log", "now\n")
        try directory.write("app.log.1", "before\n")
        let tool = ReadLogsTool(machine: Machine(runner: run.fixture.runner, settings: ToolSettings()))
        let result = run.fixture.call(tool, ["service": .string("\(directory.path)/app.log")])
        #expect(lines(result).first == "now" && result.output.contains("its rule asks for a yes"), "\(result.text)")
    }

    @Test("a packed file asked for by its name is unpacked, and a broken one is one clear sentence")
    func packed() throws {
        try pack("gzip", "old.log", "packed line\n")
        #expect(lines(call(file: "old.log.gz")) == ["packed line"])
        try directory.write("bad.log.gz", "no gzip at all")
        #expect(call(file: "bad.log.gz").error?.contains("gzip ended with exit code 1") == true)
    }

    @Test("a file that unpacks without end is given up at the limit, and what was read stays")
    func bomb() throws {
        try directory.write("app.log", "now\n")
        try #require(system("head -c 8M /dev/zero | tr '\\0' '\\n' | gzip >'\(directory.path)/app.log.1.gz'") == 0)
        let page = try read(unpackedBytes: 1 << 20)
        #expect(page.lines.count == 1 && page.older == .notSearched)
        #expect(page.notes == ["\(directory.path)/app.log.1.gz is left out: it unpacks to more than 1 MiB."])
    }

    @Test(
        "long lines fill no memory: the newest that are shown are kept, from a packed file too", arguments: ["", ".gz"])
    func kept(_ end: String) throws {
        let text = (0..<600).map { "\($0) " + String(repeating: "long ", count: 1000) }.joined(separator: "\n") + "\n"
        if end.isEmpty { try directory.write("app.log", text) } else { try pack("gzip", "app.log", text) }
        let page = try read(LogQuery(lines: 1000), file: "app.log\(end)")
        #expect(page.lines.reduce(0) { $0 + $1.bytes.count } <= LogLimits.keptBytes && page.lines.count > 100)
        #expect(page.older == .some && page.lines.last?.bytes.starts(with: "599 long".utf8) == true)
    }

    @Test("a file too large to be looked through is given up at the limit, and it says so")
    func large() throws {
        try directory.write("app.log", String(repeating: "line\n", count: 100_000))
        let page = try read(try LogQuery(lines: 5, pattern: "nowhere"), scannedBytes: 100_000)
        #expect(page.lines.isEmpty && page.older == .notSearched)
    }

    @Test(
        "a file of holes, a line without end among them, is given up at the limit and not at its end",
        arguments: [1 << 40, 1 << 43])
    func holes(_ size: Int) throws {
        try directory.write("app.log", "one\n")
        try #require(truncate("\(directory.path)/app.log", size) == 0)
        let page = try read(scannedBytes: 1 << 20)
        #expect(page.lines.isEmpty && page.older == .notSearched)
    }

    @Test("a log that takes too long to look through is given up, and what was found stays")
    func patience() throws {
        try directory.write("app.log", "one\ntwo\n")
        try pack("gzip", "app.log.1", "before\n")
        let page = try read(patience: .zero)
        #expect(page.lines.map(\.bytes) == [Array("two".utf8)] && page.older == .notSearched)
    }

    @Test(
        "a packed file whose owner set its time beyond all bounds is read",
        arguments: [Int.max, 18_446_744_073_709, -1, Int.min])
    func absurdTimes(_ seconds: Int) throws {
        // Where file times have 64 bits; elsewhere the kernel keeps the last it has.
        let memory = try TemporaryDirectory(beneath: "/dev/shm")
        let run = try RunCommandFixtureBox(rules: #"{"files": ["tail -n * \#(memory.path)/*"]}"#)
        try memory.write("old.log", "2026-11-24T12:00:00Z told\n")
        try #require(system("gzip '\(memory.path)/old.log'") == 0)
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        try #require(utimensat(AT_FDCWD, "\(memory.path)/old.log.gz", times, 0) == 0)
        let tool = ReadLogsTool(machine: Machine(runner: run.fixture.runner, settings: ToolSettings()))
        let result = run.fixture.call(
            tool, ["service": .string("\(memory.path)/old.log.gz"), "since": "2026-11-24T11:00:00Z"])
        #expect(result.text.contains("told") == (seconds > 0), "\(result.text)")
    }

    private func read(
        _ query: LogQuery = LogQuery(lines: 5), file: String = "app.log", scannedBytes: Int = LogLimits.scannedBytes,
        unpackedBytes: Int = LogLimits.unpackedBytes, patience: Duration = LogLimits.patience
    ) throws -> FileLog.Page {
        let machine = Machine(runner: run.fixture.runner, settings: ToolSettings())
        var log = FileLog(
            machine: machine, policy: run.fixture.policy, query: query, timeout: nil, cancellation: Cancellation())
        (log.scannedBytes, log.unpackedBytes, log.patience) = (scannedBytes, unpackedBytes, patience)
        let path = "\(directory.path)/\(file)"
        guard case .allowed(let grant) = run.fixture.policy.judge(FileLog.command(path, lines: 5)) else {
            throw SetUpFailed(call: "judge", code: 0)
        }
        return try log.read(grant, path: path)
    }
}

extension LogQuery {
    fileprivate init(lines: Int, pattern: String) throws {
        self.init(lines: lines)
        self.pattern = try LogPattern(pattern)
    }
}

/// So that a suite can hold it.
private final class RunCommandFixtureBox {
    let fixture: RunCommandFixture
    init(rules: String) throws { fixture = try RunCommandFixture(rules: rules) }
}
