import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Testing

/// Faults of a unit's file, its limits and its programs, made in a real systemd, each to be recognised by `check_service`.
@Suite(
    "Services with systemd: further faults", .enabled(if: GuestFixture.root != nil, "needs SYSTEMD_TEST_BUS"),
    .serialized)
struct ServicesSystemdFurtherFaultTests {
    let guest: GuestFixture

    init() throws { guest = try GuestFixture() }

    typealias Fault = ServicesSystemdFaultTests.Fault

    private static let limits = [
        Fault(
            name: "few-processes",
            service: "User=daemon\nLimitNPROC=1\nExecStart=/bin/sh -c '/bin/true & wait; exit 2'",
            code: "process_limit", words: ["LimitNPROC=1"]),
        Fault(
            name: "large-file",
            service: "LimitFSIZE=1024\nExecStart=/bin/dd if=/dev/zero of=/run/large bs=4096 count=1",
            code: "file_size_limit", words: ["larger than it may (LimitFSIZE=1024)", "SIGXFSZ"]),
        Fault(
            name: "no-calls",
            service: "SystemCallFilter=~clone fork vfork clone3\nExecStart=/bin/sh -c '/bin/true; exit 0'",
            code: "killed",
            words: ["SIGSYS", "SystemCallFilter="]),
        Fault(
            name: "strict", service: "ProtectSystem=strict\nExecStart=/bin/sh -c 'echo x >/var/lib/strict-state'",
            code: "read_only_file_system", words: ["It may not write /var/lib/strict-state", "ReadWritePaths="]),
    ]

    private static let starts = [
        Fault(
            name: "no-pid",
            service: "Type=forking\nPIDFile=/run/no-such.pid\nTimeoutStartSec=1\n"
                + "ExecStart=/bin/sh -c 'sleep 100 & exit 0'",
            code: "timeout", words: ["Its pid file /run/no-such.pid (PIDFile=) was not there"]),
        Fault(
            name: "never-ready", service: "Type=notify\nTimeoutStartSec=1\nExecStart=/bin/sleep 100", code: "timeout",
            words: ["did not tell systemd that it was ready (Type=notify)"]),
        Fault(
            name: "after-start",
            service: "ExecStart=/bin/sleep 100\nExecStartPost=/bin/sh -c 'echo no schema >&2; exit 5'",
            code: "start_check_failed", words: ["What runs after its start failed", "exit status 5", "no schema"]),
        Fault(
            name: "no-groups", service: "SupplementaryGroups=nosuchgroup\nExecStart=/bin/sleep 100",
            code: "missing_user",
            words: ["SupplementaryGroups=nosuchgroup"]),
        Fault(
            name: "no-token", service: "LoadCredential=token:/no/such/token\nExecStart=/bin/sleep 100",
            code: "setup_failed", words: ["243/CREDENTIALS: a credential is missing"]),
        Fault(
            name: "other-calendar", service: "ExecStart=/bin/false\nExecStart=bin/app", code: "bad_unit_file",
            words: [":5: Neither a valid executable name nor an absolute path: bin/app"]),
    ]

    private static let programs = [
        Fault(
            name: "no-interpreter", service: "ExecStart=/usr/bin/env no-such-python", code: "missing_executable",
            words: ["A program that it calls is missing or cannot be run: no-such-python"]),
        Fault(
            name: "no-module",
            service: #"ExecStart=/bin/sh -c 'echo "ModuleNotFoundError: No module named flask"; exit 1'"#,
            code: "missing_module", words: ["is not installed: flask"]),
        Fault(
            name: "no-image",
            service:
                #"ExecStart=/bin/sh -c 'echo "docker: Error response from daemon: No such image: shop/web:1.2"; exit 125'"#,
            code: "missing_image", words: ["The image of its container is not here", ": shop/web:1.2"]),
        Fault(
            name: "second",
            service: #"ExecStart=/bin/sh -c 'echo "[ERROR] InnoDB: Unable to lock ./ibdata1 error: 11"; exit 1'"#,
            code: "locked", words: ["Another process holds a lock"]),
        Fault(
            name: "segfault", service: "ExecStart=/bin/sh -c 'kill -SEGV $$$$'", code: "killed",
            words: ["SIGSEGV: a fault in its use of memory"]),
        Fault(
            name: "shell-status", service: "ExecStart=/bin/sh -c 'exit 143'", code: "exited",
            words: ["as a shell says of a command that SIGTERM ended"]),
    ]

    @Test("a fault is named by check_service, and a change that meets it fails", arguments: limits + starts + programs)
    func fault(_ fault: Fault) throws {
        let unit = try guest.service(fault.name, fault.service)
        let start = guest.change(.start, unit)
        #expect(!start.success, "\(start.text)")
        let state = guest.check(unit, until: fault.code, saying: fault.words)
        #expect(state.findings.contains(fault.code), "\(state.text)")
        for words in fault.words { #expect(state.output.contains("\(words)"), "\(state.text)") }
    }

    /// Files that hold no program this machine can run.
    private static let files = [
        ("#!/usr/bin/no-such-python\n", "or the interpreter that it names, is missing"),
        ("#!/bin/sh\r\nexit 0\r\n", "or the interpreter that it names, is missing"),
        ("no interpreter line\n", "is no program that this machine runs (Exec format error)"),
    ]

    @Test("a script without a usable first line is told from a program that is not there", arguments: files)
    func script(_ text: String, _ words: String) throws {
        let file = "/usr/local/bin/\(GuestFixture.name("script", "sh"))"
        try guest.write(file, text, mode: 0o755)
        // Again and again: journald may come too late to see whose words those of a process are that is gone at once.
        let unit = try guest.service(
            "scripted", "Restart=always", "RestartSec=300ms", "ExecStart=\(file)", unit: "StartLimitIntervalSec=0")
        _ = guest.change(.start, unit)
        let state = guest.check(unit, until: "missing_executable", saying: [words])
        #expect(state.output.contains("\(file) ") && state.output.contains(words), "\(state.text)")
    }

    @Test("a line that systemd ignores is a note of a unit that runs, and gone when the line is")
    func ignoredLine() throws {
        let unit = try guest.service("mistyped", "Restrat=always", "ExecStart=/bin/sleep 100")
        #expect(guest.change(.start, unit).success)
        let state = guest.check(unit, until: "ignored_setting")
        #expect(state.findings == ["ignored_setting"], "\(state.text)")
        #expect(state.output.contains("Note: systemd ignores a line of its unit file: /run/systemd/system/\(unit):4:"))
        #expect(state.output.contains("'Restrat'") && state.output.contains("daemon-reload"), "\(state.text)")
        // A file's time has whole seconds.
        sleep(1)
        try guest.service("mistyped", "Restart=always", "ExecStart=/bin/sleep 100")
        let mended = guest.check(unit)
        #expect(mended.findings.isEmpty && mended.metadata["needs_daemon_reload"] == true, "\(mended.text)")
    }

    @Test("a unit that its drop-in makes unusable names the drop-in")
    func dropIn() throws {
        let name = GuestFixture.name("changed")
        let folder = "\(guest.root)/run/systemd/system/\(name).d"
        mkdir(folder, 0o755)
        defer { rmdir(folder) }
        let file = "/run/systemd/system/\(name).d/more.conf"
        try guest.write(file, "[Service]\nExecStart=/bin/true\n")
        defer { unlink(guest.root + file) }
        let unit = try guest.service("changed", "ExecStart=/bin/sleep 100")
        #expect(!guest.change(.start, unit).success)
        let state = guest.check(unit, until: "bad_unit_file")
        #expect(state.output.contains("more than one ExecStart=") && state.output.contains("changed by \(file)"))
    }

    @Test("a unit that needs a masked one names that one, in the change too")
    func maskedNeed() throws {
        let need = try guest.mask("masked-need")
        let unit = try guest.service("needing-masked", "ExecStart=/bin/sleep 100", unit: "Requires=\(need)")
        let start = guest.change(.start, unit)
        #expect(start.error?.contains("it needs \(need), which is masked") == true, "\(start.text)")
        #expect(start.error?.contains("systemctl unmask \(need)") == true)
        #expect(guest.check(unit).output.contains("It needs \(need), which is masked."))
    }

    @Test("a socket whose service runs already says so")
    func socketAfterService() throws {
        let service = try guest.service("early", "ExecStart=/bin/sleep 100")
        let socket = try guest.unit("early", kind: "socket", "[Socket]\nListenStream=127.0.0.1:48331")
        #expect(guest.change(.start, service).success)
        #expect(!guest.change(.start, socket).success)
        let state = guest.check(socket, until: "conflict")
        #expect(state.output.contains("Its service \(service) runs already"), "\(state.text)")
    }

    @Test("a unit that systemd starts again after a pause says how long that is, and its first failure is no loop")
    func pause() throws {
        let unit = try guest.service(
            "patient", "Restart=always", "RestartSec=90", "ExecStart=/bin/sh -c 'echo cannot reach the broker; exit 1'")
        #expect(!guest.change(.start, unit).success)
        let state = guest.check(unit, until: "exited")
        #expect(state.findings == ["exited"], "\(state.text)")
        #expect(state.output.contains("systemd starts it again 90.0 s after its end"), "\(state.text)")
    }

    @Test("lines that journald did not take are told of where the log is read")
    func rateLimit() throws {
        let guest = try GuestFixture(rules: [#""journalctl -u * -n *""#])
        let unit = try guest.service(
            "talker", "LogRateLimitIntervalSec=1s", "LogRateLimitBurst=5",
            "ExecStart=/bin/sh -c 'for i in $$(seq 200); do echo line $$i; done; sleep 1.5; echo the end; exec sleep 100'"
        )
        #expect(guest.change(.start, unit).success)
        guard let tool = ToolCatalog(machine: guest.machine)["read_logs"] else {
            throw SetUpFailed(call: "tool", code: 0)
        }
        let log = guest.run.call(tool, ["service": .string(unit), "source": "journal"])
        #expect(
            log.output.contains("the end") && log.output.contains("journald's rate limit. Suppressed "), "\(log.text)")
        #expect(log.metadata["left_out"]?.arrayValue?.count == 1, "\(log.text)")
    }
}
