import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Testing

/// Faults made in a real systemd, each to be recognised by the tools' answers alone.
@Suite("Services with systemd: faults", .enabled(if: GuestFixture.root != nil, "needs SYSTEMD_TEST_BUS"), .serialized)
struct ServicesSystemdFaultTests {
    let guest: GuestFixture

    init() throws { guest = try GuestFixture() }

    /// A service, the cause its failure has, and words of the sentence that says so.
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var service: String
        var unit = ""
        var code: String
        var words: [String]
        var testDescription: String { name }
    }

    private static let faults = [
        Fault(
            name: "crash-loop",
            service: "ExecStart=/bin/sh -c 'echo no luck >&2; exit 3'\nRestart=always\nRestartSec=200ms",
            unit: "StartLimitIntervalSec=0", code: "crash_loop", words: ["Crash loop", "exit status 3"]),
        Fault(
            name: "start-limit", service: "ExecStart=/bin/false\nRestart=always\nRestartSec=10ms",
            unit: "StartLimitBurst=3\nStartLimitIntervalSec=60", code: "start_limit",
            words: ["Start limit hit (3 starts in 60 s)", "waiting 60 s lifts", "reset-failed"]),
        Fault(
            name: "no-program", service: "ExecStart=/usr/sbin/no-such-program", code: "missing_executable",
            words: ["/usr/sbin/no-such-program", "203/EXEC"]),
        Fault(
            name: "no-user", service: "User=nosuchuser\nExecStart=/bin/true", code: "missing_user",
            words: ["user nosuchuser does not exist", "217/USER"]),
        Fault(
            name: "no-permission", service: "User=nobody\nExecStart=/bin/cat /etc/shadow", code: "permission_denied",
            words: ["Permission denied: /etc/shadow, as nobody"]),
        // A directory that this machine and the guest have alike.
        Fault(
            name: "no-entry", service: "User=nobody\nExecStart=/bin/ls /var/cache/ldconfig", code: "permission_denied",
            words: ["/var/cache/ldconfig (0700, root:root)", "as nobody"]),
        Fault(
            name: "disk-full", service: "ExecStart=/bin/dd if=/dev/zero of=/dev/full count=1", code: "disk_full",
            words: ["disk is full", "No space left on device"]),
        Fault(
            name: "read-only", service: "ReadOnlyPaths=/var/lib\nExecStart=/usr/bin/touch /var/lib/x",
            code: "read_only_file_system", words: ["/var/lib/x", "read-only"]),
        Fault(
            name: "no-file", service: "ExecStart=/bin/cat /etc/no-such.conf", code: "missing_file",
            words: ["/etc/no-such.conf", "missing"]),
        Fault(
            name: "too-slow", service: "Type=notify\nTimeoutStartSec=1\nExecStart=/bin/sleep 100", code: "timeout",
            words: ["timeout"]),
        Fault(
            name: "check-fails", service: "ExecStartPre=/bin/sh -ec 'exit 4'\nExecStart=/bin/sleep 100",
            code: "start_check_failed", words: ["before its start failed", "exit status 4"]),
        Fault(
            name: "no-need", service: "ExecStart=/bin/sleep 100", unit: "Requires=no-such-need.service",
            code: "missing_dependency", words: ["no-such-need.service", "does not exist"]),
        Fault(
            name: "not-up", service: "ExecStart=/bin/sleep 100", unit: "Requisite=rescue.target",
            code: "missing_dependency", words: ["rescue.target", "is not active"]),
        Fault(
            name: "bad-setting", service: "ExecStart=/bin/true\nExecStart=/bin/false", code: "bad_unit_file",
            words: ["not usable (bad-setting)", "bad unit file setting", "more than one ExecStart="]),
        Fault(
            name: "bad-line", service: "ExecStart=/bin/false\nType=sometimes", code: "bad_unit_file",
            words: ["does not accept a line", "/run/systemd/system/bad-line", ":5: Failed to parse service type"]),
        Fault(
            name: "asserted", service: "ExecStart=/bin/sleep 100", unit: "AssertPathExists=/no/such/path",
            code: "assert_failed", words: ["AssertPathExists=/no/such/path"]),
    ]

    @Test("a fault is named by the change that meets it, and by check_service afterwards", arguments: faults)
    func fault(_ fault: Fault) throws {
        let unit = try guest.unit(fault.name, "[Unit]\n\(fault.unit)\n[Service]\n\(fault.service)")
        let start = guest.change(.start, unit)
        #expect(!start.success && start.metadata["service_active"] != true, "\(start.text)")
        let state = guest.check(unit, until: fault.code)
        #expect(state.findings.contains(fault.code), "\(state.text)")
        for words in fault.words { #expect(state.output.contains("\(words)"), "\(state.text)") }
        #expect(state.output.contains("Cause: "))
    }

    @Test("a condition that does not hold is said: the job is done, and the unit is not up")
    func condition() throws {
        let unit = try guest.service(
            "conditioned", "ExecStart=/bin/sleep 100", unit: "ConditionPathExists=/no/such/path")
        let start = guest.change(.start, unit)
        #expect(!start.success && start.findings == ["condition_failed"], "\(start.text)")
        #expect(guest.check(unit).output.contains("ConditionPathExists=/no/such/path"))
    }

    @Test("a masked unit is said to be masked, by the change and by its state")
    func masked() throws {
        let unit = try guest.mask("masked")
        let start = guest.change(.start, unit)
        #expect(start.error?.contains("masked") == true, "\(start.text)")
        let state = guest.check(unit)
        #expect(state.findings == ["masked"] && state.output.contains("systemctl unmask"), "\(state.text)")
    }

    @Test("a service whose need failed is told apart from the need itself")
    func needFailed() throws {
        let need = try guest.service("need", "Type=oneshot", "ExecStart=/bin/false")
        let unit = try guest.service(
            "needing", "ExecStart=/bin/sleep 100", unit: "Requires=\(need)\nAfter=\(need)")
        let start = guest.change(.start, unit)
        #expect(start.metadata["job"] == "dependency" && start.findings.contains("missing_dependency"), "\(start.text)")
        #expect(start.output.contains("It needs \(need), which failed."), "\(start.text)")
    }

    @Test("a service that dies two seconds after its start did not start")
    func diesLater() throws {
        let unit = try guest.service("mayfly", "ExecStart=/bin/sh -c 'sleep 2; echo out of luck >&2; exit 7'")
        let result = guest.run.call(RestartServiceTool(machine: guest.machine), ["service": .string(unit)])
        #expect(!result.success && result.error?.contains("exit status 7") == true, "\(result.text)")
        #expect(result.output.contains("out of luck"), "\(result.text)")
        #expect(result.metadata["before"]?["state"] == "inactive" && result.metadata["state"] == "failed")
    }

    @Test("the log of a change is of just this start")
    func thisStart() throws {
        let unit = try guest.service(
            "counting", "ExecStart=/bin/sh -c 'echo start of $$$$; exit 9'")
        let first = guest.change(.restart, unit)
        let second = guest.change(.restart, unit)
        #expect(first.output.contains("start of"), "\(first.text)")
        #expect(second.output.contains("start of"), "\(second.text)")
        let lines = second.output.split(separator: "\n").filter { $0.hasPrefix("  ") && $0.contains("start of") }
        #expect(lines.count == 1, "\(second.text)")
    }

    @Test("an OOM kill is named, by systemd's own result")
    func oom() throws {
        // As systemd-oomd marks a unit before it kills it: setxattr(2) of its control group.
        let script = #"""
            open F, "/proc/self/cgroup"; while (<F>) { /^0::(.*)$/ and $g = $1 }
            $p = "/sys/fs/cgroup$g"; $n = "user.oomd_ooms"; $v = "1";
            `uname -m` =~ /aarch64/ ? syscall(5, $p, $n, $v, 1, 0) : syscall(188, $p, $n, $v, 1, 0); kill 9, $$;
            """#
        try guest.write("/run/oom-\(getpid()).pl", script)
        let unit = try guest.service("hungry", "ExecStart=/usr/bin/perl /run/oom-\(getpid()).pl")
        _ = guest.change(.start, unit)
        let state = guest.check(unit, until: "oom_kill")
        #expect(state.findings.contains("oom_kill"), "\(state.text)")
    }

    @Test("a file that changed since systemd read it is said")
    func changedFile() throws {
        let unit = try guest.service("edited", "ExecStart=/bin/sleep 100")
        #expect(guest.change(.start, unit).success)
        // Within the same second the file would not look newer.
        try guest.service("edited", "ExecStart=/bin/sleep 200", unit: "Description=edited")
        var time = [
            timespec(tv_sec: Glibc.time(nil) + 5, tv_nsec: 0), timespec(tv_sec: Glibc.time(nil) + 5, tv_nsec: 0),
        ]
        utimensat(AT_FDCWD, "\(guest.root)/run/systemd/system/\(unit)", &time, 0)
        let restarted = guest.change(.restart, unit)
        #expect(restarted.success && restarted.output.contains("daemon-reload"), "\(restarted.text)")
        #expect(guest.check(unit).metadata["needs_daemon_reload"] == true)
    }
}

/// Units that are no services, and those with many instances.
@Suite("Services with systemd: kinds", .enabled(if: GuestFixture.root != nil, "needs SYSTEMD_TEST_BUS"), .serialized)
struct ServicesSystemdKindTests {
    let guest: GuestFixture

    init() throws { guest = try GuestFixture() }

    @Test("a timer tells when it was due and is due next, and what it starts")
    func timer() throws {
        let service = try guest.service("tick", "Type=oneshot", "ExecStart=/bin/true")
        let timer = try guest.unit("tick", kind: "timer", "[Timer]\nOnActiveSec=2h\nAccuracySec=1s")
        #expect(guest.change(.start, timer).success)
        let state = guest.check(timer)
        #expect(state.output.contains("✅ \(timer): active (waiting)"), "\(state.text)")
        #expect(state.output.contains("Starts: \(service)"), "\(state.text)")
        #expect(state.output.contains("Last time: never") && state.output.contains("in 119 min"), "\(state.text)")
        #expect(guest.check(service).output.contains("Started by: \(timer)"))
        let calendar = try guest.unit("daily", kind: "timer", "[Timer]\nOnCalendar=daily\nUnit=\(service)")
        #expect(guest.change(.start, calendar).success)
        #expect(guest.check(calendar).metadata["next_elapse"]?.stringValue?.contains(":") == true)
    }

    @Test("a socket tells where it listens and which service it starts")
    func socket() throws {
        let service = try guest.service("echo", "ExecStart=/bin/sleep 100")
        let socket = try guest.unit("echo", kind: "socket", "[Socket]\nListenStream=127.0.0.1:48123")
        #expect(guest.change(.start, socket).success)
        let state = guest.check(socket)
        #expect(state.output.contains("✅ \(socket): active (listening)"), "\(state.text)")
        #expect(state.output.contains("Waits on: Stream 127.0.0.1:48123"), "\(state.text)")
        #expect(state.metadata["triggers"]?.arrayValue == [.string(service)])
        #expect(guest.change(.start, service).success)
        let stopped = guest.change(.stop, service)
        #expect(stopped.success && stopped.output.contains("It can be started again by \(socket)"), "\(stopped.text)")
    }

    @Test("an instance of a template is a unit; the template itself is not, and its instances are named")
    func template() throws {
        let stem = "worker\(getpid())@"
        try guest.write("/run/systemd/system/\(stem).service", "[Service]\nExecStart=/bin/sleep 100\n")
        let instance = "\(stem)one.service"
        #expect(guest.change(.start, instance).success)
        #expect(guest.check(instance).output.contains("✅ \(instance): active (running)"))
        let bare = guest.run.call(CheckServiceTool(machine: guest.machine), ["service": .string(stem)])
        #expect(bare.error?.contains("\(stem).service is a template") == true, "\(bare.text)")
        #expect(bare.output.contains("\(instance): active (running)"), "\(bare.text)")
        #expect(guest.change(.stop, instance).success)
    }
}
