import Testing

@testable import ExecutorTools

/// Lines as nginx, apache2, node, Python, MariaDB, PostgreSQL and systemd write them.
@Suite("Signs in a log")
struct LogSignTests {
    @Test(
        "a line that names no cause has no sign",
        arguments: ["", "server ready", "GET / 200", "12:30:05 started", "warning: it is late"])
    func none(_ line: String) { #expect(LogSign(line) == nil) }

    @Test(
        "a port that is taken is named",
        arguments: [
            ("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", 80 as UInt16?),
            ("2026/11/25 09:30:05 [emerg] 12#12: bind() to [::]:8080 failed (98: Address already in use)", 8080),
            ("(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:443", 443),
            ("Error: listen EADDRINUSE: address already in use :::3000", 3000),
            ("web.socket: Failed to create listening socket ([::]:81): Address already in use", 81),
            ("Can't start server: Bind on TCP/IP port: Address already in use", nil),
            ("could not bind IPv4 address \"127.0.0.1\": Address already in use, port 5432", 5432),
            ("OSError: [Errno 98] Address already in use", nil), ("12:30:05 Address already in use", nil),
        ])
    func port(_ line: String, _ port: UInt16?) {
        #expect(LogSign(line)?.code == .portTaken)
        #expect(LogSign(line)?.port == port)
    }

    @Test(
        "a file is named: the one before the words, else the one behind them",
        arguments: [
            (
                #"nginx: [alert] could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied)"#,
                UnitFinding.Code.permissionDenied, "/var/log/nginx/error.log"
            ),
            ("/bin/cat: /etc/shadow: Permission denied", .permissionDenied, "/etc/shadow"),
            ("PermissionError: [Errno 13] Permission denied: '/srv/x y'", .permissionDenied, "/srv/x"),
            ("touch: cannot touch '/var/lib/x': Read-only file system", .readOnlyFileSystem, "/var/lib/x"),
            ("write() to \"/var/log/a.log\" failed (28: No space left on device)", .diskFull, "/var/log/a.log"),
            (
                "nginx: [emerg] unknown directive \"servr\" in /etc/nginx/nginx.conf:3", .badConfiguration,
                "/etc/nginx/nginx.conf:3"
            ),
            ("cat: /etc/no-such: No such file or directory", .missingFile, "/etc/no-such"),
        ])
    func path(_ line: String, _ code: UnitFinding.Code, _ path: String) {
        #expect(LogSign(line)?.code == code)
        #expect(LogSign(line)?.path == path)
    }

    @Test("what differs from one time to the next is no part of a failure's signature")
    func signature() {
        #expect(
            FailureSignature.form("12:30:05 worker 812 died: 0x7f00")
                == FailureSignature.form("09:01:59 worker 7 died: 0x9f12345"))
        #expect(FailureSignature.form("disk a failed") != FailureSignature.form("disk b failed"))
    }
}
