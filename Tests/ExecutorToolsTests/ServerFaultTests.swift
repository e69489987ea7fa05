import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Testing

/// What nginx answers when something behind it is wrong, and what it does not start for.
@Suite("Services with systemd: nginx", .enabled(if: GuestFixture.isInside, "needs scripts/guest.sh join"), .serialized)
struct ServicesSystemdServerTests {
    let guest: GuestFixture

    init() throws { guest = try GuestFixture() }

    /// An nginx of the test's own; its error log is the journal.
    private func nginx(_ stem: String, port: Int, more: String = "", _ locations: String = "") throws -> String {
        let file = "/run/\(stem)-\(getpid()).conf"
        let server = "server { listen \(port); \(locations) }"
        try guest.write(
            file,
            "daemon off; pid \(file).pid; error_log stderr; events {}\nhttp { access_log off; \(more) \(server) }\n")
        return try guest.service(stem, "ExecStart=/usr/sbin/nginx -c \(file)")
    }

    private func verify(_ unit: String, _ url: String) -> ToolResult {
        guest.run.call(
            VerifyFixTool(machine: guest.machine), ["service": .string(unit), "test_url": .string(url)])
    }

    @Test(
        "an error is explained by what nginx says of it",
        arguments: [
            ("dead", "connection_refused", ["port 8399 of this machine; nobody listens there"]),
            (
                "both", "connection_refused",
                ["port 8397 of this machine; nobody listens there", "port 8398 of this machine; nobody listens there"]
            ),
            ("socket", "missing_file", ["A file is missing: /run/no-such-app.sock"]),
            ("files/x", "missing_file", ["A file is missing: /no/such/root/files/x"]),
            ("closed", "http_error", ["403 Forbidden"]),
            ("loop", "redirect_loop", ["it redirects in a circle"]),
        ])
    func explained(_ path: String, _ code: String, _ words: [String]) throws {
        let unit = try nginx(
            "front", port: 8310,
            more: "upstream both { server 127.0.0.1:8397; server 127.0.0.1:8398; }",
            """
            location /dead { proxy_pass http://127.0.0.1:8399; } location /both { proxy_pass http://both; }
            location /socket { proxy_pass http://unix:/run/no-such-app.sock; } location /files { root /no/such/root; }
            location /closed { deny all; } location /loop { return 302 /loop; }
            """)
        #expect(guest.change(.start, unit).success)
        let verified = verify(unit, "http://127.0.0.1:8310/\(path)")
        #expect(verified.metadata["verified"] == false, "\(verified.text)")
        #expect(verified.findings.contains(code), "\(verified.text)")
        for words in words { #expect(verified.output.contains("\(words)"), "\(verified.text)") }
    }

    @Test(
        "a file that is missing, and a key that is another's, are told from a mistake in the configuration",
        arguments: [
            ("none.key", "missing_file", "/none.key"),
            ("other.key", "key_mismatch", "does not belong to its certificate"),
        ])
    func keys(_ key: String, _ code: String, _ words: String) throws {
        let folder = "\(guest.root)/run/keys-\(getpid())"
        mkdir(folder, 0o700)
        defer { system("rm -r \(folder)") }
        for name in ["own", "other"] {
            let command =
                "openssl req -x509 -newkey rsa:2048 -nodes -keyout \(folder)/\(name).key -out \(folder)/\(name).crt -days 5 -subj /CN=x"
            try #require(system("\(command) 2>/dev/null") == 0)
        }
        let place = "/run/keys-\(getpid())"
        let unit = try nginx(
            "keyed", port: 8311,
            more: "ssl_certificate \(place)/own.crt; ssl_certificate_key \(place)/\(key);", "listen 8312 ssl;")
        #expect(!guest.change(.start, unit).success)
        let state = guest.check(unit, until: code)
        #expect(state.findings.contains(code) && state.output.contains(words), "\(state.text)")
    }
}
