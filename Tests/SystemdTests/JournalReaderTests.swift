import Systemd
import TestSupport
import Testing

/// Real journal files, made by systemd's own `systemd-journal-remote`.
@Suite("JournalReader", .enabled(if: JournalFixture.isPossible, "needs the package systemd-journal-remote"))
struct JournalReaderTests {
    let fixture: JournalFixture

    init() throws { fixture = try JournalFixture.shared.get() }

    private func messages(_ query: JournalQuery) throws -> [String] {
        try JournalReader(directory: fixture.path).read(query).entries.map(\.message)
    }

    @Test("a unit's entries are its own, systemd's about it and its crashes, and no one else's")
    func unit() throws {
        let found = try messages(JournalQuery(unit: "web.service", lines: 1000))
        #expect(found.contains("Started web."))
        #expect(found.contains("web dumped core"))
        #expect(found.contains("Failed to set up mount namespacing"), "of a child of systemd's, dead when looked up")
        #expect(found.contains("request 0") && found.contains("request 199"))
        #expect(!found.contains { $0.contains("other") || $0.contains("forged") })
    }

    @Test("the newest lines come, oldest first, and it says that there are older ones")
    func newest() throws {
        let page = try JournalReader(directory: fixture.path).read(JournalQuery(unit: "other.service", lines: 3))
        #expect(page.entries.map(\.message) == ["other 47", "other 48", "other 49"])
        #expect(page.older == .some)
        #expect(page.entries.map(\.time) == page.entries.map(\.time).sorted())
        let all = try JournalReader(directory: fixture.path).read(JournalQuery(unit: "other.service", lines: 50))
        #expect(all.entries.count == 50 && all.older == .none)
    }

    @Test("entries before `since` and after `until` are left out")
    func window() throws {
        var query = JournalQuery(unit: "other.service", lines: 100)
        query.since = fixture.time(of: 10)
        query.until = fixture.time(of: 12)
        #expect(try messages(query) == ["other 10", "other 11", "other 12"])
    }

    @Test("a priority keeps what is as urgent or more", arguments: [(3, 1), (4, 2), (6, 203)])
    func priority(_ level: Int, _ count: Int) throws {
        var query = JournalQuery(unit: "web.service", lines: 1000)
        query.priority = level
        #expect(try messages(query).count == count)
    }

    @Test("one start of a unit is told from another")
    func invocation() throws {
        var query = JournalQuery(unit: "web.service", lines: 1000)
        query.invocation = JournalFixture.secondStart
        #expect(try messages(query) == ["of the second start"])
    }

    @Test("what the caller does not want is left out, and it is asked of each message as it is, the newest first")
    func wanted() throws {
        var asked: [String] = []
        let page = try JournalReader(directory: fixture.path).read(JournalQuery(unit: "web.service", lines: 1)) {
            bytes in
            asked.append(String(decoding: bytes, as: UTF8.self))
            return asked.last?.contains("already in use") == true || asked.last == "Started web."
        }
        #expect(page.entries.map(\.message) == ["bind() to 0.0.0.0:80 failed (98: Address already in use)"])
        #expect(page.older == .some && asked.first == "web dumped core" && asked.last == "Started web.")
    }

    @Test(
        "the entries of one boot are told from those of another",
        arguments: [
            (JournalQuery.Boot.current, ["of this boot"]), (.previous, ["of the boot before"]),
            (.any, ["of an old boot", "of the boot before", "of this boot"]),
        ])
    func boots(_ boot: JournalQuery.Boot, _ expected: [String]) throws {
        var query = JournalQuery(unit: "boots.service", lines: 10)
        query.boot = boot
        #expect(try messages(query) == expected)
    }

    @Test("binary data is counted, not shown")
    func binary() throws {
        #expect(try messages(JournalQuery(unit: "binary.service", lines: 1)) == ["(5 bytes of binary data)"])
    }

    @Test("a message of many lines and control characters is one safe line")
    func hostile() throws {
        #expect(try messages(JournalQuery(unit: "hostile.service", lines: 1)) == ["first second?[2Jthird"])
    }

    @Test("a very long message is cut")
    func long() throws {
        let found = try messages(JournalQuery(unit: "long.service", lines: 1))
        #expect(found.first?.hasSuffix(" bytes cut)") == true && found.first?.contains("… (at least ") == true)
        #expect((found.first?.utf8.count ?? .max) < JournalReader.messageBytes)
    }

    @Test("a unit nobody heard of, or a name that looks like a match, finds nothing")
    func nothing() throws {
        #expect(try messages(JournalQuery(unit: "none.service", lines: 10)).isEmpty)
        #expect(try messages(JournalQuery(unit: "web.service\n_UID=0", lines: 10)).isEmpty)
    }

    @Test("a directory that is not there is one clear error")
    func absent() {
        let error = #expect(throws: SystemdError.self) { try JournalReader(directory: "/nonexistent/journal") }
        #expect(error?.message.contains("/nonexistent/journal") == true)
    }
}

/// A journal of a few hundred entries, made once.
final class JournalFixture: Sendable {
    static var isPossible: Bool { JournalFiles.canBeMade }
    static let shared = Result { try JournalFixture() }
    static let secondStart = "0123456789abcdef0123456789abcdef"

    var path: String { directory.path }
    private let directory: TemporaryDirectory
    private static let start: UInt64 = 1_790_000_000_000_000

    func time(of index: Int) -> UInt64 { Self.time(index) }
    private static func time(_ index: Int) -> UInt64 { start + UInt64(index) * 1_000_000 }

    private init() throws {
        directory = try TemporaryDirectory()
        try JournalFiles.write(Self.entries, to: directory.path + "/app.journal")
    }

    private static var entries: [JournalFiles.Entry] {
        var entries: [JournalFiles.Entry] = []
        func add(_ index: Int, _ fields: [(String, String)]) {
            entries.append(JournalFiles.Entry(time: time(index), fields: fields))
        }
        func own(_ index: Int, _ unit: String, _ message: String, _ priority: Int = 6, _ more: [(String, String)] = [])
        {
            entries.append(JournalFiles.Entry(time: time(index), unit: unit, message, priority: priority, more: more))
        }
        for index in 0..<50 { own(index, "other.service", "other \(index)") }
        for (index, (boot, text)) in [(Character("a"), "of an old boot"), ("b", "of the boot before")].enumerated() {
            entries.append(
                JournalFiles.Entry(
                    time: start - 9_000_000 + UInt64(index) * 1_000_000, boot: boot, unit: "boots.service", text))
        }
        own(60, "boots.service", "of this boot")
        add(100, [("MESSAGE", "Started web."), ("PRIORITY", "6"), ("_PID", "1"), ("UNIT", "web.service")])
        let forged = [("MESSAGE", "forged word about web"), ("PRIORITY", "6"), ("_PID", "99"), ("UNIT", "web.service")]
        add(101, forged + [("_UID", "33")])
        add(
            102,
            [
                ("MESSAGE", "Failed to set up mount namespacing"), ("PRIORITY", "7"), ("_PID", "98"), ("_UID", "0"),
                ("UNIT", "web.service"),
            ])
        for index in 0..<200 { own(200 + index, "web.service", "request \(index)") }
        own(500, "web.service", "bind() to 0.0.0.0:80 failed (98: Address already in use)", 3)
        own(501, "web.service", "of the second start", 4, [("_SYSTEMD_INVOCATION_ID", secondStart)])
        add(
            502,
            [
                ("MESSAGE", "web dumped core"), ("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1"), ("_UID", "0"),
                ("COREDUMP_UNIT", "web.service"),
            ])
        own(600, "hostile.service", "first\nsecond\u{1B}[2Jthird")
        own(601, "long.service", String(repeating: "long ", count: 20_000))
        own(602, "binary.service", "a\u{0}b\u{1}c")
        // In the order of their times, as a journal is written.
        return entries.sorted { $0.time < $1.time }
    }
}
