import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Testing
import Wire

/// Faults that have to do with ports, files of nginx, and repairs; in the machine's own network.
@Suite(
    "Services with systemd: repairs", .enabled(if: GuestFixture.isInside, "needs scripts/guest.sh join"), .serialized)
struct ServicesSystemdRepairTests {
    let guest: GuestFixture

    init() throws { guest = try GuestFixture() }

    /// An nginx of the test's own; its error log is the journal.
    private func nginx(_ stem: String, port: Int, directives: String = "") throws -> (unit: String, file: String) {
        let file = "/run/\(stem)-\(getpid()).conf"
        try writeConfiguration(file, port: port, directives: directives)
        let unit = try guest.service(
            stem, "ExecStartPre=/usr/sbin/nginx -t -q -c \(file)", "ExecStart=/usr/sbin/nginx -c \(file)")
        return (unit, file)
    }

    private func writeConfiguration(_ file: String, port: Int, directives: String = "") throws {
        try guest.write(
            file,
            """
            \(directives)
            daemon off; pid \(file).pid; error_log stderr;
            events {}
            http { access_log off; server { listen \(port); location /gone { return 502; } location / { return 200; } } }

            """)
    }

    private func verify(_ unit: String, _ url: String? = nil) -> ToolResult {
        var arguments: [String: JSONValue] = ["service": .string(unit)]
        arguments["test_url"] = url.map { .string($0) }
        return guest.run.call(VerifyFixTool(machine: guest.machine), arguments)
    }

    @Test("a port that is taken is named with who has it")
    func portTaken() throws {
        let holder = try nginx("holder", port: 8180)
        #expect(guest.change(.start, holder.unit).success)
        let (unit, _) = try nginx("rival", port: 8180)
        let start = guest.change(.start, unit)
        #expect(start.findings.first == "port_taken" || start.findings.contains("port_taken"), "\(start.text)")
        #expect(start.output.contains("Port 8180 is taken by nginx"), "\(start.text)")
        #expect(start.output.contains("unit \(holder.unit)"), "\(start.text)")
    }

    @Test(
        "a configuration that the program's own check refuses is named with file and line, and the repair is verified")
    func badConfiguration() throws {
        let (unit, file) = try nginx("config", port: 8181, directives: "servr_names on;")
        let start = guest.change(.start, unit)
        #expect(start.findings.contains("bad_configuration"), "\(start.text)")
        #expect(start.output.contains("unknown directive \"servr_names\" in \(file):1"), "\(start.text)")
        #expect(verify(unit).metadata["verified"] == false)
        try writeConfiguration(file, port: 8181)
        #expect(guest.change(.restart, unit).success)
        let verified = verify(unit, "http://127.0.0.1:8181/")
        #expect(verified.metadata["verified"] == true && verified.metadata["http_status"] == 200, "\(verified.text)")
        #expect(verified.output.contains("listens on port 8181, which takes connections"), "\(verified.text)")
        #expect(verified.output.contains("what its log said when it failed before is not there again"))
    }

    @Test("a service that is up and still says what it said when it failed is not verified")
    func signatureStays() throws {
        let flag = "/run/repaired-\(getpid())"
        let unit = try guest.service(
            "whining",
            "ExecStart=/bin/sh -c 'echo error 1: cannot reach the database at 10.0.0.$$$$; test -e \(flag) && exec sleep 100; exit 1'"
        )
        #expect(!guest.change(.start, unit).success)
        try guest.write(flag, "")
        #expect(guest.change(.restart, unit).success)
        let verified = verify(unit)
        #expect(verified.metadata["verified"] == false, "\(verified.text)")
        #expect(verified.output.contains("❌ its log says again what it said when it failed"), "\(verified.text)")
        #expect(verified.output.contains("cannot reach the database"), "\(verified.text)")
    }

    @Test("an address that answers with an error is not verified, although the unit is up")
    func badAnswer() throws {
        let (unit, _) = try nginx("gateway", port: 8182)
        #expect(guest.change(.start, unit).success)
        let verified = verify(unit, "http://127.0.0.1:8182/gone")
        #expect(verified.metadata["verified"] == false && verified.metadata["http_status"] == 502, "\(verified.text)")
        #expect(verified.metadata["service_active"] == true)
        #expect(verified.findings.contains("http_error"), "\(verified.text)")
    }

    @Test("a certificate that curl does not trust is not verified, and what is wrong with it is said")
    func certificate() throws {
        let key = "/run/key-\(getpid()).pem"
        let unit = try guest.service(
            "tls",
            "ExecStartPre=/usr/bin/openssl req -x509 -newkey rsa:2048 -nodes -keyout \(key) -out \(key).crt -days 5 -subj /CN=x",
            "ExecStart=/usr/bin/openssl s_server -accept 8443 -cert \(key).crt -key \(key) -www -quiet")
        #expect(guest.change(.start, unit).success)
        let verified = verify(unit, "https://127.0.0.1:8443/")
        #expect(verified.metadata["verified"] == false && verified.metadata["http_status"] == .null, "\(verified.text)")
        #expect(verified.output.contains("its certificate is self-signed"), "\(verified.text)")
        #expect(verified.findings == ["certificate_self_signed"], "\(verified.text)")
    }

    @Test("a change of a unit keeps what it was, and is put back")
    func undo() throws {
        let unit = try guest.service("undone", "ExecStart=/bin/sleep 100")
        #expect(guest.change(.start, unit).success)
        let run = try #require(ToolCatalog(machine: guest.machine)["run_command"])
        guard
            case .ready(let stop) = run.prepare(
                ["command": .string("systemctl stop \(unit)")], policy: guest.run.policy)
        else { throw SetUpFailed(call: "prepare", code: 0) }
        let stopped = stop.perform(ToolContext(cancellation: Cancellation()))
        let changed = try #require(stopped.changed)
        #expect(changed.before.activity == "active" && changed.after.activity == "inactive")
        #expect(changed.before.unitFile == "static")
        let tool = UndoTool(machine: guest.machine, id: "x", subject: .changed(changed, command: stop.command))
        let undone = guest.run.call(tool.whole, [:])
        #expect(undone.success && undone.metadata["undone"] == true, "\(undone.text)")
        #expect(guest.check(unit).metadata["service_active"] == true)
    }
}
