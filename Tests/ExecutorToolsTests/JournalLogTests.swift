import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import TestSupport
import Testing

/// `read_logs` over real journal files.
@Suite("read_logs: the journal", .enabled(if: JournalFiles.canBeMade, "needs the package systemd-journal-remote"))
struct JournalLogTests {
    private let journal: JournalDirectory
    private let run: Rules

    init() throws {
        journal = try JournalDirectory()
        run = try Rules()
    }

    private func call(_ service: String, _ more: [String: JSONValue] = [:]) -> ToolResult {
        let tools = ToolCatalog(
            machine: Machine(runner: run.fixture.runner, settings: ToolSettings(), journalDirectory: journal.path))
        guard let tool = tools[ToolName.readLogs.rawValue] else { return .failure("no read_logs") }
        return run.fixture.call(tool, ["service": .string(service)].merging(more) { $1 })
    }

    private func messages(_ result: ToolResult) -> [String] {
        result.output.split(separator: "\n").map { line in
            line.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? String(line)
        }
    }

    @Test("an earlier boot that the journal does not have is one clear sentence")
    func noBoot() throws {
        let other = try JournalDirectory(entries: [.init(time: JournalDirectory.start, unit: "web.service", "only")])
        let tools = ToolCatalog(
            machine: Machine(runner: run.fixture.runner, settings: ToolSettings(), journalDirectory: other.path))
        let result = tools[ToolName.readLogs.rawValue].map {
            run.fixture.call($0, ["service": "web", "source": "journal", "boot": "previous"])
        }
        #expect(result?.error == "The journal has no entries of an earlier boot.")
    }

    @Test("repeated messages are folded with their count, first and last time, whatever pid wrote them")
    func folded() {
        let result = call("looping", ["lines": 100])
        #expect(result.metadata["lines"] == 40 && result.output.split(separator: "\n").count == 1, "\(result.text)")
        #expect(result.output.contains("cannot bind: address in use  (40 times until "), "\(result.text)")
        #expect(result.output.contains("app["))
    }

    @Test(
        "a secret is masked, and a pattern does not tell what it is",
        arguments: [("token", 1), ("token=s3cr", 0), ("masked", 0)])
    func secret(_ pattern: String, _ count: Int) {
        let result = call("secretive", ["pattern": .string(pattern)])
        #expect(result.metadata["lines"] == JSONValue(count) && !result.text.contains("s3cretvalue"), "\(result.text)")
    }

    @Test("a private key that a service printed is not shown, not even by a pattern that fits its lines")
    func key() {
        for more in [[:], ["pattern": "MIIE|AAA"]] as [[String: JSONValue]] {
            let text = call("keyed", more).text
            #expect(text.contains("(Lines of a private key are left out: 4.)"), "\(text)")
            #expect(!text.contains("MIIEvQIBADAN") && !text.contains("AAAAB3Nza"), "\(text)")
        }
    }

    @Test(
        "a priority, a boot, a time and a pattern each choose, and together",
        arguments: [
            (["priority": "err"], ["no disk", "no route"]), (["boot": "previous"], ["old start"]),
            (["since": "2026-09-21T13:00:00Z", "until": "2026-09-21T15:00:00Z"], ["no disk", "fine"]),
            (["pattern": "NO disk|route", "priority": "err"], ["no disk", "no route"]),
            (["boot": "current", "pattern": "start"], ["start"]), (["lines": 1], ["end", "there are older lines)"]),
        ] as [([String: JSONValue], [String])])
    func chosen(_ more: [String: JSONValue], _ expected: [String]) {
        let result = call("web", more)
        let shown = messages(result).map { $0.hasPrefix("(") ? String($0.dropFirst()) : $0 }
        #expect(shown == expected, "\(result.text)")
    }

    @Test("a service with no lines that fit says so, and where it looked")
    func nothing() {
        #expect(call("web", ["pattern": "no[0-9]"]).output.contains("no regular expression"))
        #expect(call("web", ["since": "1s"]).output == "The log of web (journal) has no line that fits.")
    }
}

private final class Rules {
    let fixture: RunCommandFixture
    init() throws { fixture = try RunCommandFixture(rules: #"{"system": ["journalctl -u * -n *"]}"#) }
}

/// A journal of the test's own.
private final class JournalDirectory: Sendable {
    /// 2026-09-21 12:00:00 UTC
    static let start: UInt64 = 1_789_992_000_000_000
    private static let hour: UInt64 = 3_600_000_000

    private let directory: TemporaryDirectory
    var path: String { directory.path }

    convenience init() throws { try self.init(entries: Self.entries) }

    init(entries: [JournalFiles.Entry]) throws {
        directory = try TemporaryDirectory()
        try JournalFiles.write(entries, to: directory.path + "/app.journal")
    }

    private static var entries: [JournalFiles.Entry] {
        var entries = [JournalFiles.Entry(time: start - hour, boot: "a", unit: "web.service", "old start")]
        let web: [(String, Int)] = [("start", 6), ("no disk", 3), ("fine", 6), ("no route", 2), ("end", 6)]
        for (index, (text, priority)) in web.enumerated() {
            let time = start + UInt64(index) * hour + hour / 2
            entries.append(JournalFiles.Entry(time: time, unit: "web.service", text, priority: priority))
        }
        var time = start + 10 * hour
        func add(_ unit: String, _ text: String) {
            entries.append(JournalFiles.Entry(time: time, unit: unit, text))
            time += 1_000_000
        }
        for _ in 0..<40 { add("looping.service", "cannot bind: address in use") }
        add("secretive.service", "login with token=s3cretvalue")
        for line in ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADAN", "AAAAB3Nza", "-----END PRIVATE KEY-----"] {
            add("keyed.service", line)
        }
        return entries
    }
}
