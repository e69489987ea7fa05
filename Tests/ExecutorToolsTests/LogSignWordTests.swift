import Testing

@testable import ExecutorTools

/// Lines as Python, node, Ruby, docker, nginx, PostgreSQL, MariaDB and ssh write them.
@Suite("Signs in a log: what is meant")
struct LogSignWordTests {
    @Test(
        "an error number's name is one only where it stands by itself, in capitals",
        arguments: [
            "WorkflowNotFoundException raised", "the emfiles folder", "reenfiled 3 documents", "serofsky logged in",
        ])
    func noName(_ line: String) { #expect(LogSign(line) == nil) }

    @Test(
        "a line is known by its words, and what it is about is told",
        arguments: [
            ("ModuleNotFoundError: No module named 'flask'", .missingModule, ": flask."),
            ("Error: Cannot find module '/srv/app/index.js'", .missingModule, ": /srv/app/index.js."),
            ("getaddrinfo ENOTFOUND db.internal", .nameNotResolved, ": db.internal."),
            (
                "2026/11/25 16:25:07 [error] 9#9: *149 shop.invalid could not be resolved (110: Operation timed out)",
                .nameNotResolved, ": shop.invalid."
            ),
            ("/usr/bin/env: ‘python2’: No such file or directory", .missingExecutable, ": python2."),
            (#"exec: "gunicorn": executable file not found in $PATH"#, .missingExecutable, ": gunicorn."),
            (
                "docker: Error response from daemon: pull access denied for shop/web, repository does not exist",
                .missingImage, ": shop/web."
            ),
            (
                #"[emerg] SSL_CTX_use_PrivateKey("/etc/x.key") failed (SSL: error:05800074::key values mismatch)"#,
                .keyMismatch, ": /etc/x.key."
            ),
            (#"[emerg] open() "/etc/nginx/x.conf" failed (2: No such file or directory)"#, .missingFile, "/x.conf."),
            (
                "connect() to unix:/run/app.sock failed (2: No such file or directory) while connecting to upstream",
                .missingFile, ": /run/app.sock."
            ),
            (
                #"connect() failed (111: Connection refused), client: 127.0.0.1, upstream: "http://10.0.0.7:8080/x""#,
                .connectionRefused, ": 10.0.0.7:8080."
            ),
            (
                #"upstream timed out (110: Connection timed out), client: 10.0.0.1, upstream: "http://10.0.0.7:8080/""#,
                .timeout, ": 10.0.0.7:8080."
            ),
            (
                #"FATAL:  data directory "/var/lib/postgresql/15/main" has invalid permissions"#, .badPermissions,
                ": /var/lib/postgresql/15/main."
            ),
            ("[ERROR] InnoDB: Unable to lock ./ibdata1 error: 11", .locked, "Another process"),
            ("Bind for 0.0.0.0:8977 failed: port is already allocated", .portTaken, "Port 8977"),
        ] as [(String, UnitFinding.Code, String)])
    func meaning(_ line: String, _ code: UnitFinding.Code, _ words: String) {
        #expect(LogSign(line)?.code == code, "\(line)")
        #expect(LogSign(line)?.sentence.contains(words) == true, "\(LogSign(line)?.sentence ?? "")")
    }

    @Test("an upstream elsewhere is not taken for this machine's port, although the client is on it")
    func remoteUpstream() {
        let line = #"connect() failed (111: Connection refused), client: 127.0.0.1, upstream: "http://10.0.0.7:80/""#
        #expect(
            LogSign(line)?.isLocal == false && LogSign(line.replacing("10.0.0.7", with: "127.0.0.1"))?.isLocal == true)
    }
}
