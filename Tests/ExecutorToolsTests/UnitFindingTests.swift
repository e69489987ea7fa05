import ExecutorPolicy
import Systemd
import TestSupport
import Testing

@testable import ExecutorTools

/// What is found of a unit from its properties and its journal, without a systemd: the properties are a table, and the
/// journal is files.
@Suite("Why a unit is not up", .enabled(if: JournalFiles.canBeMade, "needs the package systemd-journal-remote"))
struct UnitFindingTests {
    /// A unit, the cause that is found, and words of its sentence.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var properties: [String: BusValue] = [:]
        /// Of its last start; those that begin with `systemd: ` are systemd's.
        var lines: [String] = []
        var code: UnitFinding.Code
        var words: String
        var testDescription: String { name }
    }

    @Test("a cause is found and said", arguments: unusable + processes + checks + ends + signs)
    func found(_ unit: Case) throws {
        let findings = try Self.findings(unit)
        #expect(findings.contains { $0.code == unit.code && $0.text.contains(unit.words) }, "\(findings)")
    }

    @Test("a unit that is up has no cause, whatever its log says")
    func up() throws {
        let unit = Case(
            name: "up.service", properties: ["ActiveState": .text("active"), "Result": .text("success")],
            lines: ["no space left on device"], code: .diskFull, words: "")
        #expect(try Self.findings(unit).isEmpty)
    }

    @Test("a unit that somebody stopped has no cause")
    func stopped() throws {
        let unit = Case(
            name: "stopped.service",
            properties: ["ActiveState": .text("inactive"), "Result": .text("success"), "Type": .text("simple")],
            lines: ["systemd: Stopping it...", "systemd: stopped.service: Deactivated successfully."], code: .ended,
            words: "")
        #expect(try Self.findings(unit).isEmpty)
    }

    // MARK: The table

    private static let unusable = [
        Case(
            name: "masked.service", properties: ["LoadState": .text("masked")], code: .masked, words: "systemctl unmask"
        ),
        Case(
            name: "bad.service",
            properties: [
                "LoadState": .text("bad-setting"),
                "LoadError": .array([.text("org.bus.Error"), .text("No ExecStart=")]),
            ], code: .badUnitFile, words: "(bad-setting): No ExecStart="),
        Case(
            name: "line.service", properties: ["FragmentPath": .text("/etc/line.service")],
            lines: ["systemd: /etc/line.service:3: Failed to parse Restart= value"], code: .badUnitFile,
            words: "does not accept a line of its unit file: /etc/line.service:3:"),
        Case(
            name: "condition.service",
            properties: ["ConditionResult": .bool(false), "Conditions": check("ConditionPathExists", "/none")],
            code: .conditionFailed, words: "a condition does not hold: ConditionPathExists=!/none"),
        Case(
            name: "assert.service",
            properties: ["AssertResult": .bool(false), "Asserts": check("AssertPathExists", "/none")],
            code: .assertFailed, words: "an assertion does not hold: AssertPathExists=!/none"),
        Case(
            name: "skipped.service", properties: forgotten,
            lines: ["systemd: It was skipped because of an unmet condition"],
            code: .conditionFailed, words: "It was skipped because of"),
        Case(
            name: "exec-condition.service", properties: forgotten,
            lines: ["systemd: exec-condition.service: Skipped due to 'exec-condition'."], code: .conditionFailed,
            words: "its ExecCondition= said"),
        Case(
            name: "forgotten.service", properties: forgotten, lines: ["systemd: Assertion failed for it."],
            code: .assertFailed, words: "Assertion failed for it."),
        Case(
            name: "cycle.service",
            lines: [
                "systemd: a.service: Found ordering cycle on b.service/start",
                "systemd: a.service: Found dependency on c.service/start",
            ],
            code: .dependencyCycle, words: "b.service → c.service → b.service"),
    ]

    private static let processes = [
        Case(
            name: "oom.service", properties: ["Result": .text("oom-kill"), "MemoryMax": .unsigned(1 << 20)],
            code: .oomKill,
            words: "whose limit is 1.0 MiB"),
        Case(
            name: "start.service", properties: ["Result": .text("timeout")],
            lines: ["systemd: start.service: start operation timed out."],
            code: .timeout, words: "TimeoutStartSec="),
        Case(
            name: "runtime.service", properties: ["Result": .text("timeout")],
            lines: ["systemd: runtime.service: Service reached runtime time limit."], code: .timeout,
            words: "RuntimeMaxSec="),
        Case(
            name: "stop.service", properties: ["Result": .text("timeout")],
            lines: ["systemd: stop.service: State 'stop-sigterm' timed out."], code: .timeout, words: "TimeoutStopSec="),
        Case(
            name: "late.service", properties: ["Result": .text("timeout")], code: .timeout,
            words: "not ready, or not down, in the time"),
        Case(name: "watchdog.service", properties: ["Result": .text("watchdog")], code: .watchdog, words: "in time"),
        Case(
            name: "chdir.service", properties: exit(200, ["WorkingDirectory": .text("/none")]), code: .missingDirectory,
            words: "/none"),
        Case(
            name: "group.service", properties: exit(216, ["Group": .text("none")]), code: .missingUser,
            words: "Group=none) does not exist"),
        Case(
            name: "user.service", properties: exit(217, ["User": .text("none")]), code: .missingUser, words: "user none"
        ),
        Case(
            name: "namespace.service", properties: exit(226),
            lines: ["systemd: Failed to set up mount namespacing: /none"],
            code: .setUpFailed,
            words:
                "(226/NAMESPACE: a path of its sandbox is missing). Its log: Failed to set up mount namespacing: /none"),
        Case(
            name: "exec.service", properties: exit(203, ["ExecStart": .array([.structure([.text("/opt/web")])])]),
            code: .missingExecutable, words: "/opt/web is missing or not executable (203/EXEC"),
        Case(
            name: "denied.service", properties: exit(203, ["User": .text("web")]),
            lines: ["systemd: Failed to execute /opt/web: Permission denied"], code: .missingExecutable,
            words: "may not be executed by web"),
        Case(
            name: "format.service", properties: exit(203),
            lines: ["systemd: Failed to execute /opt/web: Exec format error"],
            code: .missingExecutable, words: "is no program that this machine runs"),
        Case(
            name: "interpreter.service", properties: exit(203),
            lines: ["systemd: Failed to execute /opt/web: No such file or directory"], code: .missingExecutable,
            words: "the interpreter that it names, is missing"),
        Case(
            name: "locate.service", properties: exit(203), lines: ["systemd: Failed to locate executable /opt/web"],
            code: .missingExecutable, words: "its program is missing"),
        Case(
            name: "environment.service",
            properties: [
                "Result": .text("resources"),
                "EnvironmentFiles": .array([
                    .structure([.text("/etc/none"), .bool(false)]), .structure([.text("/etc/maybe"), .bool(true)]),
                ]),
            ], lines: ["systemd: Failed to load environment files: No such file or directory"], code: .missingFile,
            words: "(EnvironmentFile=/etc/none) is missing"),
        Case(
            name: "resources.service", properties: ["Result": .text("resources")],
            lines: ["systemd: Failed to create it: too much"], code: .setUpFailed,
            words: "could not set up what it needs. Its log: Failed to create it"),
        Case(
            name: "srv.mount",
            properties: ["ActiveState": .text("failed"), "Where": .text("/srv"), "What": .text("/dev/none")],
            lines: ["mount: /srv: special device /dev/none does not exist."], code: .mountFailed,
            words: "/dev/none could not be mounted on /srv. mount said: mount: /srv"),
    ]

    private static let checks = [
        Case(
            name: "forking.service", properties: ["Result": .text("protocol"), "Type": .text("forking")],
            code: .notReady,
            words: "PIDFile="),
        Case(
            name: "dbus.service", properties: ["Result": .text("protocol"), "Type": .text("dbus")], code: .notReady,
            words: "its name on the bus"),
        Case(
            name: "notify.service", properties: ["Result": .text("protocol"), "Type": .text("notify")], code: .notReady,
            words: "told systemd"),
        Case(
            name: "pre.service", properties: ["ExecStartPre": precheck(["/bin/check", "now"], code: 1, status: 4)],
            code: .startCheckFailed, words: "`/bin/check now` ended with exit status 4"),
        Case(
            name: "killed-pre.service", properties: ["ExecStartPre": precheck(["/bin/check"], code: 2, status: 9)],
            code: .startCheckFailed, words: "ended with signal SIGKILL"),
        Case(
            name: "test.service",
            properties: ["ExecStartPre": precheck(["/usr/sbin/nginx", "-t"], code: 1, status: 1)],
            lines: ["nginx: [emerg] unknown directive \"x\" in /etc/nginx.conf:1"], code: .badConfiguration,
            words: "It said: nginx: [emerg] unknown directive"),
        Case(
            name: "start-limit.service",
            properties: [
                "Result": .text("start-limit-hit"), "StartLimitBurst": .unsigned(3),
                "StartLimitIntervalUSec": .unsigned(60_000_000),
            ], code: .startLimit, words: "Start limit hit (3 starts in 60 s)"),
    ]

    private static let ends = [
        Case(
            name: "loop.service", properties: exit(3, ["NRestarts": .unsigned(5)]), code: .crashLoop,
            words: "restarted it 5 times, then gave up; last it ended with exit status 3"),
        Case(
            name: "once.service",
            properties: [
                "ActiveState": .text("activating"), "SubState": .text("auto-restart"), "NRestarts": .unsigned(1),
            ],
            code: .crashLoop, words: "restarted it once."),
        Case(
            name: "exited.service", properties: exit(3), lines: ["no luck today"], code: .exited,
            words: "ended with exit status 3. It said last: no luck today"),
        Case(
            name: "killed.service",
            properties: ["Result": .text("signal"), "ExecMainCode": .integer(2), "ExecMainStatus": .integer(9)],
            code: .killed, words: "signal SIGKILL: by "),
        Case(
            name: "ended.service",
            properties: ["Result": .text("success"), "Type": .text("simple"), "ActiveState": .text("inactive")],
            lines: ["systemd: ended.service: Deactivated successfully."], code: .ended, words: "needs Type=forking"),
    ]

    private static let signs = said.enumerated().map { index, sign in
        Case(
            name: "sign-\(index).service",
            properties: exit(
                1, ["User": .text("web"), "TasksMax": .unsigned(9), "LimitNOFILESoft": .unsigned(1024)]),
            lines: [sign.0], code: sign.1, words: sign.2)
    }

    /// What a program said, and what is made of it.
    private static let said: [(String, UnitFinding.Code, String)] = [
        (
            "[emerg] bind() to 127.0.0.1:1 failed: Address already in use", .portTaken,
            "Port 1 was taken; nobody listens"
        ),
        ("Address already in use", .portTaken, "A port it wants is taken."),
        ("open /var/lib/x: No space left on device", .diskFull, "A disk is full: /var/lib/x"),
        ("touch: /srv/x: Read-only file system", .readOnlyFileSystem, "read-only: /srv/x"),
        ("accept: Too many open files", .tooManyFiles, "(LimitNOFILE=1024)"),
        ("sh: fork: retry: Resource temporarily unavailable", .processLimit, "(TasksMax=9)"),
        ("malloc: Cannot allocate memory", .outOfMemory, "no more memory"),
        ("web: error while loading shared libraries: libx.so.1: cannot open", .missingLibrary, "missing: libx.so.1"),
        ("could not resolve host: db.example", .nameNotResolved, "(DNS): db.example"),
        (
            "connect to 127.0.0.1:1: Connection refused", .connectionRefused,
            "port 1 of this machine; nobody listens there"
        ),
        ("connect to 10.0.0.1:5432: Connection refused", .connectionRefused, "refuses the connection: 10.0.0.1:5432."),
        ("FATAL: password authentication failed for user web", .loginRefused, "user or password"),
        ("/etc/x.pem: certificate has expired", .certificateExpired, "expired: /etc/x.pem"),
        ("certificate verify failed", .certificateInvalid, "is not accepted."),
        (
            "bind() to 0.0.0.0:80 failed (13: Permission denied)", .permissionDenied,
            "port 80, as web; a port below 1024"
        ),
        ("open /none/x: Permission denied", .permissionDenied, "Permission denied: /none/x, as web."),
        ("read /dev/sda: Input/output error", .ioError, "does not work (input/output error): /dev/sda"),
        ("syntax error in /etc/web.conf", .badConfiguration, "not accepted: /etc/web.conf"),
        ("open /etc/none: No such file or directory", .missingFile, "A file is missing: /etc/none"),
    ]
}

// MARK: - How a case is made

extension UnitFindingTests {
    /// No time of a start, nor of a change: systemd has forgotten the unit.
    private static let forgotten: [String: BusValue] = [
        "InactiveExitTimestamp": .unsigned(0), "ActiveState": .text("inactive"), "Result": .text("success"),
        "Asserts": check("AssertPathExists", "/none"),
    ]

    private static func exit(_ status: Int64, _ more: [String: BusValue] = [:]) -> [String: BusValue] {
        ["ExecMainCode": .integer(1), "ExecMainStatus": .integer(status)].merging(more) { $1 }
    }

    /// `(type, trigger, negate, parameter, state)`
    private static func check(_ type: String, _ parameter: String) -> BusValue {
        .array([.structure([.text(type), .bool(false), .bool(true), .text(parameter), .integer(-1)])])
    }

    /// `(path, arguments, ignore, start, …, pid, code, status)`
    private static func precheck(_ command: [String], code: Int64, status: Int64) -> BusValue {
        let times = [BusValue](repeating: .unsigned(0), count: 4)
        let fields: [BusValue] = [.text(command[0]), .array(command.map { .text($0) }), .bool(false)]
        return .array([.structure(fields + times + [.unsigned(1), .integer(code), .integer(status)])])
    }

    /// In microseconds since 1970: long ago, so that nothing is waited for.
    private static let start: UInt64 = 1_700_000_000_000_000

    private static func findings(_ unit: Case) throws -> [UnitFinding] {
        let journal = try TemporaryDirectory()
        let entries = unit.lines.enumerated().map { index, line in
            let time = start + UInt64(index) * 1000
            guard let own = line.wholeMatch(of: /systemd: (.*)/)?.1 else {
                return JournalFiles.Entry(time: time, unit: unit.name, line)
            }
            return JournalFiles.Entry(
                time: time, fields: [("MESSAGE", String(own)), ("_PID", "1"), ("UNIT", unit.name), ("PRIORITY", "6")])
        }
        // A journal without any entry is no file.
        let other = JournalFiles.Entry(time: start + 1_000_000, unit: "other.service", "unrelated")
        try JournalFiles.write(entries + [other], to: journal.path + "/app.journal")
        let run = try RunCommandFixture(rules: #"{"test": ["uptime"]}"#)
        let machine = Machine(runner: run.runner, settings: ToolSettings(), journalDirectory: journal.path)
        let standard: [String: BusValue] = [
            "Id": .text(unit.name), "LoadState": .text("loaded"), "ActiveState": .text("failed"),
            "SubState": .text("failed"), "Result": .text("exit-code"), "InactiveExitTimestamp": .unsigned(start),
        ]
        let state = UnitState(name: unit.name, properties: standard.merging(unit.properties) { $1 })
        return UnitDiagnosis(machine: machine, policy: run.policy).findings(of: state)
    }
}
