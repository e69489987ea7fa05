import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Testing

/// More faults made in a real systemd, each to be recognised by `check_service` alone.
@Suite(
    "Services with systemd: more faults", .enabled(if: GuestFixture.root != nil, "needs SYSTEMD_TEST_BUS"), .serialized)
struct ServicesSystemdMoreFaultTests {
    let guest: GuestFixture

    init() throws { guest = try GuestFixture() }

    typealias Fault = ServicesSystemdFaultTests.Fault

    private static let faults = [
        Fault(
            name: "not-executable", service: "ExecStart=/etc/passwd", code: "missing_executable",
            words: ["/etc/passwd may not be executed by root (203/EXEC)"]),
        Fault(
            name: "no-directory", service: "WorkingDirectory=/no/such\nExecStart=/bin/sleep 100",
            code: "missing_directory", words: ["/no/such (WorkingDirectory=)", "200/CHDIR"]),
        Fault(
            name: "no-environment", service: "EnvironmentFile=/no/such.env\nExecStart=/bin/sleep 100",
            code: "missing_file", words: ["EnvironmentFile=/no/such.env", "is missing"]),
        Fault(
            name: "no-sandbox", service: "ReadWritePaths=/no/such\nExecStart=/bin/sleep 100", code: "setup_failed",
            words: ["226/NAMESPACE", "/no/such: No such file"]),
        Fault(
            name: "no-watchdog",
            service: "Type=notify\nNotifyAccess=all\nWatchdogSec=500ms\n"
                + "ExecStart=/bin/sh -c 'systemd-notify --ready; sleep 100'",
            code: "watchdog", words: ["watchdog in time"]),
        Fault(
            name: "too-long", service: "RuntimeMaxSec=500ms\nExecStart=/bin/sleep 100", code: "timeout",
            words: ["RuntimeMaxSec="]),
        Fault(
            name: "silent", service: "Type=notify\nExecStart=/bin/true", code: "not_ready", words: ["Type=notify"]),
        Fault(
            name: "over-at-once", service: "ExecStart=/bin/true", code: "ended",
            words: ["nobody stopped it", "Type=forking"]),
        Fault(
            name: "unknown-error", service: "ExecStart=/bin/sh -c 'echo the flux is gone; exit 3'", code: "exited",
            words: ["exit status 3", "It said last: the flux is gone"]),
        Fault(
            name: "crash", service: "ExecStart=/bin/sh -c 'kill -SEGV $$$$'", code: "killed", words: ["SIGSEGV"]),
        Fault(
            name: "killed", service: "ExecStart=/bin/sh -c 'kill -KILL $$$$'", code: "killed",
            words: ["SIGKILL", "want of memory"]),
        Fault(
            name: "not-to-run", service: "ExecCondition=/bin/false\nExecStart=/bin/sleep 100", code: "condition_failed",
            words: ["ExecCondition="]),
        Fault(
            name: "no-device", service: "ExecStart=/bin/sleep 100",
            unit: "Requires=dev-nosuch.device\nAfter=dev-nosuch.device\nJobTimeoutSec=1", code: "missing_dependency",
            words: ["dev-nosuch.device", "no such device has appeared"]),
        Fault(
            name: "many-files",
            service: "LimitNOFILE=16\nExecStart=/usr/bin/perl -e "
                + "'for (1..50) { open($$h[$$_], q(<), q(/etc/hostname)) or die $$! }'",
            code: "open_files_limit", words: ["LimitNOFILE=16", "Too many open files"]),
        Fault(
            name: "no-name", service: "ExecStart=/usr/bin/curl -sS http://db.example.invalid/",
            code: "name_not_resolved", words: ["(DNS): db.example.invalid"]),
        Fault(
            name: "no-library",
            service: "ExecStart=/bin/sh -c 'echo app: error while loading shared libraries: libfoo.so.1: "
                + "cannot open shared object file: No such file or directory >&2; exit 127'",
            code: "missing_library", words: ["is missing: libfoo.so.1"]),
        Fault(
            name: "low-port",
            service: "User=daemon\nExecStart=/usr/bin/perl -MIO::Socket::INET -e "
                + "'IO::Socket::INET->new(LocalPort=>81, Listen=>1) or die qq(bind to 0.0.0.0:81 failed: $$!)'",
            code: "permission_denied", words: ["port 81, as daemon", "below 1024"]),
        Fault(
            name: "no-pid-file",
            service: "User=daemon\nExecStart=/bin/sh -c ': >/run/no-pid-file.pid'", code: "permission_denied",
            words: ["/run/no-pid-file.pid, as daemon"]),
    ]

    @Test("a fault is named by check_service, and a change that meets it fails", arguments: faults)
    func fault(_ fault: Fault) throws {
        let unit = try guest.unit(fault.name, "[Unit]\n\(fault.unit)\n[Service]\n\(fault.service)")
        let start = guest.change(.start, unit)
        #expect(!start.success, "\(start.text)")
        let state = guest.check(unit, until: fault.code)
        #expect(state.findings.contains(fault.code), "\(state.text)")
        for words in fault.words { #expect(state.output.contains("\(words)"), "\(state.text)") }
    }

    @Test("a service that does not stop in time is told from one that does not start")
    func doesNotStop() throws {
        let unit = try guest.service(
            "stubborn", "TimeoutStopSec=1", "ExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 1; done'")
        #expect(guest.change(.start, unit).success)
        _ = guest.change(.stop, unit)
        let state = guest.check(unit, until: "timeout")
        #expect(state.findings == ["timeout"] && state.output.contains("did not stop"), "\(state.text)")
    }

    @Test("one that was stopped has no cause, for that is none")
    func stopped() throws {
        let unit = try guest.service("stopped", "ExecStart=/bin/sleep 100")
        #expect(guest.change(.start, unit).success && guest.change(.stop, unit).success)
        #expect(guest.check(unit).findings.isEmpty, "\(guest.check(unit).text)")
    }

    @Test("a refused connection says what listens on the port now")
    func refused() throws {
        let unit = try guest.service("client", "ExecStart=/usr/bin/curl -sS http://127.0.0.1:7/")
        _ = guest.change(.start, unit)
        let state = guest.check(unit, until: "connection_refused")
        #expect(state.output.contains("port 7 of this machine; nobody listens there"), "\(state.text)")
    }

    /// Where a mount unit `mnt-NAME` of this run belongs.
    private func place(_ name: String) -> String { "/mnt/\(name)/\(GuestFixture.name("x").dropFirst(2).dropLast(8))" }

    /// A service, and a file system of the guest's own that comes with it and goes with it: mounts are protected.
    private func fill(_ name: String, _ options: String, _ command: (String) -> String) throws -> (String, ToolResult) {
        let place = place(name)
        let mount = try guest.unit(
            "mnt-\(name)", kind: "mount",
            "[Unit]\nStopWhenUnneeded=yes\n[Mount]\nWhat=tmpfs\nWhere=\(place)\nType=tmpfs\nOptions=\(options)")
        // It stays mounted for as long as the service is tried again.
        let unit = try guest.service(
            name, "Restart=on-failure\nRestartSec=2s\nExecStart=\(command(place))",
            unit: "Requires=\(mount)\nAfter=\(mount)")
        _ = guest.change(.start, unit)
        return (place, guest.check(unit, until: "disk_full"))
    }

    @Test("a disk that is full is named, with how full it is")
    func diskFull() throws {
        let (place, state) = try fill("full", "size=64k") { "/bin/dd if=/dev/zero of=\($0)/data bs=1k count=100" }
        #expect(state.findings.first == "disk_full", "\(state.text)")
        #expect(state.output.contains("\(place)/data; \(place) is 100% used, 0 B free"), "\(state.text)")
    }

    @Test("one without inodes is told from one without space")
    func inodesFull() throws {
        let (place, state) = try fill("many", "size=1m,nr_inodes=4") { place in
            "/bin/sh -c 'for i in 1 2 3 4 5 6; do : >\(place)/$$i || exit 1; done'"
        }
        #expect(state.findings.first == "disk_full", "\(state.text)")
        #expect(state.output.contains("\(place) has no inodes left (100% used), though it has space"), "\(state.text)")
    }

    @Test("a socket, a timer and a path unit say of the service they start that it failed")
    func triggers() throws {
        let service = try guest.service("backup", "Type=oneshot", "ExecStart=/bin/sh -c 'echo no target >&2; exit 2'")
        let timer = try guest.unit("backup", kind: "timer", "[Timer]\nOnActiveSec=1ms\nAccuracySec=1ms")
        #expect(guest.change(.start, timer).success)
        let state = guest.check(timer, until: "triggered_unit_failed")
        #expect(state.output.contains("It starts \(service), which failed"), "\(state.text)")
        #expect(guest.check(service, until: "exited").output.contains("It said last: no target"))
        let socket = try guest.unit(
            "none", kind: "socket", "[Socket]\nListenStream=127.0.0.1:48321\nService=no-such-\(getpid()).service")
        _ = guest.change(.start, socket)
        #expect(guest.check(socket).findings == ["missing_dependency"], "\(guest.check(socket).text)")
    }

    @Test("a mount that fails says what could not be mounted where, and why")
    func mount() throws {
        let place = place("disk")
        let mount = try guest.unit("mnt-disk", kind: "mount", "[Mount]\nWhat=/etc/hostname\nWhere=\(place)\nType=ext4")
        let unit = try guest.service("on-disk", "ExecStart=/bin/sleep 100", unit: "Requires=\(mount)\nAfter=\(mount)")
        _ = guest.change(.start, unit)
        let state = guest.check(mount, until: "mount_failed")
        #expect(state.output.contains("/etc/hostname could not be mounted on \(place)"), "\(state.text)")
        #expect(state.output.contains("mount said: mount: "), "\(state.text)")
        #expect(guest.check(unit).output.contains("It needs \(mount), which failed."))
    }

    @Test("units that wait for each other are named in their round")
    func cycle() throws {
        let (first, second) = (GuestFixture.name("hen"), GuestFixture.name("egg"))
        try guest.service("egg", "ExecStart=/bin/sleep 100", unit: "Requires=\(first)\nAfter=\(first)")
        try guest.service("hen", "ExecStart=/bin/sleep 100", unit: "Requires=\(second)\nAfter=\(second)")
        _ = guest.change(.start, first)
        let state = guest.check(first, until: "dependency_cycle")
        let rounds = ["\(first) → \(second) → \(first)", "\(second) → \(first) → \(second)"]
        #expect(rounds.contains { state.output.contains($0) }, "\(state.text)")
    }

    @Test("a unit that another one excludes says by which")
    func conflict() throws {
        let loser = try guest.service("loser", "ExecStart=/bin/sleep 100")
        let winner = try guest.service("winner", "ExecStart=/bin/sleep 100", unit: "Conflicts=\(loser)")
        #expect(guest.change(.start, loser).success && guest.change(.start, winner).success)
        let state = guest.check(loser)
        #expect(state.output.contains("It cannot run beside \(winner), which is active"), "\(state.text)")
    }

    @Test("what a past start said is no cause of this one's failure")
    func lastStartOnly() throws {
        let name = GuestFixture.name("twice")
        let seen = "/run/\(name).seen"
        let unit = try guest.service(
            "twice",
            "ExecStart=/bin/sh -c 'test -e \(seen) || { : >\(seen); echo bind: Address already in use; sleep 0.2; exit 1; }; exit 4'"
        )
        _ = guest.change(.start, unit)
        #expect(guest.check(unit, until: "port_taken").findings == ["port_taken"])
        _ = guest.change(.start, unit)
        #expect(guest.check(unit, until: "exited").findings == ["exited"], "\(guest.check(unit).text)")
    }
}
