import Glibc
import Testing

@testable import Systemd

@Suite("Log")
struct LogTests {
    @Test(
        "a record is one line, whatever its values hold",
        arguments: [
            (["PATH": "/etc/a.json"], "warning: A file was refused PATH=/etc/a.json\n"),
            (["REASON": "no such file"], "warning: A file was refused REASON=\"no such file\"\n"),
            (["REASON": "a\nb\u{1B}[31m\"c\""], "warning: A file was refused REASON=\"a b?[31m'c'\"\n"),
            (["B": "2", "A": ""], "warning: A file was refused A=\"\" B=2\n"),
        ])
    func line(_ fields: [String: String], _ expected: String) {
        let record = LogRecord(level: .warning, message: "A file was refused", fields: fields)
        #expect(record.line == expected)
    }

    @Test("the journal gets the message, the level and the fields it can take, and nothing else")
    func journalFields() {
        let record = LogRecord(
            level: .error, message: "Nothing runs",
            fields: ["REASON": "disk\nfull", "lower": "1", "_PID": "1", "": "x", "A B": "y", "2ND": "z"])
        #expect(record.journalFields == ["MESSAGE=Nothing runs", "PRIORITY=3", "REASON=disk\nfull"])
    }

    @Test("a level's name leads back to it, and other words to none", arguments: Log.Level.allCases)
    func names(_ level: Log.Level) {
        #expect(Log.Level(name: level.name) == level)
        #expect(Log.Level(name: level.name.uppercased()) == nil)
    }

    @Test("standard error is not the journal because a variable says so")
    func forgedStream() {
        setenv("JOURNAL_STREAM", "1:1", 1)
        defer { unsetenv("JOURNAL_STREAM") }
        #expect(!LogRecord.standardErrorIsJournal)
    }

    @Test("a record is written whole")
    func written() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let record = LogRecord(level: .info, message: "Serving", fields: ["SOCKET": "/run/x.sock"])
        record.writeLine(to: ends[1])
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(ends[0], &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "info: Serving SOCKET=/run/x.sock\n")
    }

    @Test(
        "a stranger's text neither drives a terminal nor breaks a line nor turns it around",
        arguments: [
            ("plain", "plain"), ("a\u{1B}]0;x\u{07}", "a?]0;x?"), ("a\r\nb", "a? b"), ("\u{202E}txt.exe", "?txt.exe"),
            ("ошибка: файл 😀", "ошибка: файл 😀"), ("a\u{2028}b\u{85}c", "a?b?c"),
        ])
    func safe(_ text: String, _ expected: String) {
        #expect(SafeText.line(text) == expected)
    }

    @Test("a very long text is cut, and says so")
    func long() {
        #expect(SafeText.line(String(repeating: "x", count: 5000), limit: 10) == "xxxxxxxxxx… (cut)")
    }
}
