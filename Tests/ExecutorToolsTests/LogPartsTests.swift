import ExecutorAPI
import Glibc
import TestSupport
import Testing

@testable import ExecutorTools

@Suite("Logs: parts")
struct LogPartsTests {
    /// 2026-11-24 12:30:05 UTC
    private static let moment: UInt64 = 1_795_523_405_000_000

    @Test(
        "what is no moment is refused, with what would be",
        arguments: [
            "", "soon", "12", "12:60", "24:00", "30x", "1h1h1h1h1h", "2026-13-01", "-5m", "1 fortnight ago", "12:30:",
        ])
    func noMoment(_ text: String) {
        let refusal = #expect(throws: Refusal.self) { try LogMoment.read(text, argument: "since") }
        #expect(refusal?.message.contains("since") == true && refusal?.alternative.contains("30m") == true)
    }

    @Test(
        "a span counts back from now",
        arguments: [
            ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800), ("1 hour ago", 3600),
            ("5min ago", 300), ("now", 0),
        ] as [(String, UInt64)])
    func spans(_ text: String, _ seconds: UInt64) throws {
        #expect(try LogMoment.read(text, argument: "since", now: Self.moment) == Self.moment - seconds * 1_000_000)
    }

    @Test(
        "a day and a time with a zone are that moment",
        arguments: ["2026-11-24T12:30:05Z", "2026-11-24 12:30:05+00:00", "2026-11-24T14:30:05+0200"])
    func moments(_ text: String) throws {
        #expect(try LogMoment.read(text, argument: "since") == Self.moment)
    }

    @Test("a time of day is the last there was, and a day begins at midnight")
    func clock() throws {
        let now = ClockText.now
        let last = try LogMoment.read("23:59:59", argument: "since", now: now)
        #expect(last <= now && now - last < 90_000_000_000)
        let (today, yesterday) = (
            try LogMoment.read("today", argument: "since", now: now),
            try LogMoment.read("yesterday", argument: "since", now: now)
        )
        #expect(today <= now && (82_800_000_000...90_000_000_000).contains(today - yesterday))
    }

    @Test(
        "the time a line carries is read in the forms programs write",
        arguments: [
            ("2026-11-24T12:30:05.123Z app: x", "2026-11-24T12:30:05.123Z"),
            ("[2026-11-24 12:30:05,123 +0000] x", nil), ("{\"time\":\"2026-11-24T12:30:05+00:00\"}", nil),
            ("127.0.0.1 - - [24/Nov/2026:12:30:05 +0000] \"GET /\"", "24/Nov/2026:12:30:05 +0000"),
        ] as [(String, String?)])
    func lineTimes(_ line: String, _ range: String?) throws {
        let bytes = Array(line.utf8)
        let time = try #require(bytes.withUnsafeBytes { LineTime($0) })
        if let range {
            #expect(String(decoding: bytes[time.range], as: UTF8.self) == range)
            #expect(time.microseconds == Self.moment)
        }
    }

    @Test(
        "a local time is read in the machine's zone, and without a year it is the last such day",
        arguments: [
            "2026/11/24 12:30:05 [error] 7#7: x", "2026-11-24 12:30:05 x", "Nov 24 12:30:05 host app[1]: x",
            "[Tue Nov 24 12:30:05.123456 2026] [error] x",
        ])
    func localTimes(_ line: String) throws {
        let now = Self.moment + 3 * 86_400_000_000
        let time = try #require(Array(line.utf8).withUnsafeBytes { LineTime($0, now: now) })
        var seconds = time_t(time.microseconds / 1_000_000)
        var broken = tm()
        localtime_r(&seconds, &broken)
        #expect(broken.tm_hour == 12 && broken.tm_min == 30 && broken.tm_mday == 24 && broken.tm_year == 126)
    }

    @Test(
        "what is no time is none",
        arguments: ["", "no", "2026-11-24", "2026-99-24 12:30:05", "12:30:05", "Nov 2026", "2026-11-24 25:30:05"])
    func noTime(_ line: String) {
        #expect(Array(line.utf8).withUnsafeBytes { LineTime($0) } == nil)
    }

    @Test(
        "a pattern with an empty alternative, or too many, is refused",
        arguments: ["|", "a||b", "a|", String(repeating: "a|", count: 16) + "a"])
    func badPattern(_ text: String) {
        let refusal = #expect(throws: Refusal.self) { try LogPattern(text) }
        #expect(refusal?.alternative.contains("error|timed out") == true)
    }

    @Test(
        "a pattern finds its text, capital or small, or one of its alternatives, and is no expression",
        arguments: [
            ("ERROR", "an error", true), ("error|timed out", "it Timed Out", true), ("a.c", "abc", false),
            ("ошибка", "тут ошибка", true), ("long", "lo", false), ("x*", "x* y", true),
        ])
    func pattern(_ text: String, _ line: String, _ isThere: Bool) throws {
        let pattern = try LogPattern(text)
        #expect(Array(line.utf8).withUnsafeBytes { pattern.matches($0) { line } } == isThere)
    }

    @Test(
        "a pattern does not tell what a masked secret is",
        arguments: [
            ("password=h", false), ("hunter2", false), ("password=h|login", true), ("masked", false), ("login", true),
        ])
    func oracle(_ text: String, _ isThere: Bool) throws {
        let pattern = try LogPattern(text)
        let line = Array("login with password=hunter2".utf8)
        let shown = "login with password=[masked]"
        #expect(line.withUnsafeBytes { pattern.matches($0) { shown } } == isThere)
    }

    @Test("a private key's lines are not shown one by one, the newest first")
    func key() {
        var filter = LogFilter(nil) { $0 }
        let lines = [
            "after", "-----END RSA PRIVATE KEY-----", "MIIE", "AAAA", "-----BEGIN RSA PRIVATE KEY-----", "before",
        ]
        let shown = lines.filter { line in Array(line.utf8).withUnsafeBytes { filter.takes($0) } }
        #expect(shown == ["after", "before"])
    }

    @Test("rotated files follow the newest first, and others are left alone")
    func rotated() {
        let names = [
            "app.log", "app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log.old", "app.log.gz", "other.log.1",
            "app.log.1.2.3",
            "app.log-20261101.xz", "app.log-20261124", "app-20261120.log", "app.log.12345",
        ]
        #expect(
            RotatedLogs.names(of: "app.log", among: names) == [
                "app.log.1", "app.log.2.gz", "app.log.10.gz", "app.log-20261124", "app-20261120.log",
                "app.log-20261101.xz",
            ])
        let many = (1...100).map { "app.log.\($0)" }
        #expect(RotatedLogs.names(of: "app.log", among: many.reversed()) == Array(many.prefix(LogLimits.rotatedFiles)))
    }

    @Test("lines that repeat in turn are shown once, with how often they came before")
    func cycles() {
        let log = (1...4).flatMap { round in
            [
                "Nov 24 12:30:0\(round) Started web.", "Nov 24 12:30:0\(round) no route",
                "Nov 24 12:30:0\(round) restart counter is at \(round).",
            ]
        }
        let texts = LogLines(
            text: (["Nov 24 12:30:00 before"] + log + ["Nov 24 12:30:09 after"]).joined(separator: "\n")
        ).texts
        #expect(
            texts == [
                "Nov 24 12:30:00 before", "(the 3 lines below came 3 times before, since Nov 24 12:30:01)",
                "Nov 24 12:30:04 Started web.", "Nov 24 12:30:04 no route", "Nov 24 12:30:04 restart counter is at 4.",
                "Nov 24 12:30:09 after",
            ])
    }

    @Test(
        "lines that differ in more than half of a round, or come twice, are all shown",
        arguments: [
            ["get 1", "put 2", "get 3", "put 4", "get 5", "put 6"], ["a", "b", "a", "b", "c"], ["a", "b", "c", "d"], [],
        ])
    func noCycles(_ keys: [String]) {
        #expect(LogCycles.parts(keys) == keys.indices.map { .line($0) })
    }

    @Test(
        "a file is read backwards line by line, whatever lies on a block's border",
        arguments: [
            "", "\n", "a", "a\n", "a\nb", "a\n\nb\n",
            String(repeating: "x", count: BackwardReader.blockBytes - 1) + "\ny\n",
            String(repeating: "x", count: BackwardReader.blockBytes) + "\ny",
            (0..<20_000).map { "line \($0)" }.joined(separator: "\n") + "\n",
        ])
    func backwards(_ text: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("log", text)
        let descriptor = open("\(directory.path)/log", O_RDONLY)
        defer { close(descriptor) }
        var reader = BackwardReader(descriptor, limit: .max)
        var lines: [String] = []
        while let line = reader.next({ line, total in "\(total) " + String(decoding: line, as: UTF8.self) }) {
            if !line.hasPrefix("0 ") { lines.append(line) }
        }
        let expected = text.split(separator: "\n").reversed()
            .map { "\($0.utf8.count) \($0.prefix(LogLimits.lineBytes))" }
        #expect(lines == expected)
    }
}
