import ExecutorAPI
import StrictJSON
import Systemd
import Testing

@testable import ExecutorTools

@Suite("Services: parts")
struct ServicesPartsTests {
    @Test(
        "a definition that is not whole is refused, with its place and what is missing",
        arguments: [
            (#"{"services": {"web": {"start": "web start"}}}"#, "services.web", "'stop'"),
            (#"{"services": {"web": {"start": "a", "stop": "b"}}}"#, "services.web", "whether the service runs"),
            (#"{"services": {"web": {"start": "a", "stop": "b", "pid_file": "run/x"}}}"#, "pid_file", "absolute"),
            (#"{"services": {"web": {"start": "a", "stop": "b", "log": "/var/../x"}}}"#, "log", "absolute"),
            (#"{"services": {"web": {"start": "a", "stop": "b", "pidfile": "/x"}}}"#, "pidfile", "no such setting"),
            (#"{"services": {"../x": {"start": "a", "stop": "b", "pid_file": "/x"}}}"#, "services", "no name"),
            (#"{"services": []}"#, "services", "list"),
        ])
    func badDefinition(_ text: String, _ entry: String, _ problem: String) {
        let error = #expect(throws: ToolSettingsError.self) {
            try ToolSettings(parsing: Array(text.utf8), name: "tools.json")
        }
        #expect(error?.entry.contains(entry) == true)
        #expect(error?.problem.contains(problem) == true, "\(error?.message ?? "")")
    }

    @Test("a definition is read whole")
    func definition() throws {
        let text = """
            {"services": {"nginx": {"start": "nginx-ctl start", "stop": "nginx-ctl stop", "status": "nginx-ctl status",
              "pid_file": "/run/nginx.pid", "program": "nginx", "log": "/var/log/nginx/error.log"}}}
            """
        let settings = try ToolSettings(parsing: Array(text.utf8), name: "tools.json")
        #expect(
            settings.services["nginx"]
                == ServiceDefinition(
                    name: "nginx", start: "nginx-ctl start", stop: "nginx-ctl stop", status: "nginx-ctl status",
                    pidFile: "/run/nginx.pid", program: "nginx", log: "/var/log/nginx/error.log"))
    }

    @Test("repeated lines of a file are folded, whatever their times, and counted before that")
    func folded() {
        let lines = LogLines(
            text: """
                2026/11/24 12:30:05 [error] no
                2026/11/24 12:30:06 [error] no
                2026/11/24 12:30:09 [error] no
                other\u{1B}[2J
                """)
        #expect(
            lines.texts == [
                "2026/11/24 12:30:05 [error] no  (3 times until 2026/11/24 12:30:09)", "other?[2J",
            ])
        #expect(lines.count == 4)
    }

    @Test(
        "the nearest names of one that does not exist",
        arguments: [
            ("ngnix.service", "nginx.service"), ("postgres.service", "postgresql.service"), ("ssh", "ssh.service"),
            ("apache.service", "apache2.service"),
        ])
    func nearest(_ wanted: String, _ expected: String) {
        let names = ["nginx.service", "postgresql.service", "ssh.service", "apache2.service", "cron.service"]
        #expect(NearestNames.of(wanted, among: names).first == expected)
    }

    @Test("a name that is like nothing has no nearest")
    func unlike() { #expect(NearestNames.of("zzzzzzzz", among: ["nginx.service", "cron.service"]).isEmpty) }

    @Test(
        "why a unit failed is said in words",
        arguments: [
            ("start-limit-hit", "start limit hit"), ("exit-code", "203 (EXEC"), ("oom-kill", "memory"),
            ("timeout", "timeout"), ("watchdog", "watchdog"), ("something-new", "'something-new'"),
        ])
    func meaning(_ result: String, _ words: String) {
        let unit = UnitState(
            name: "web.service",
            properties: [
                "Result": .text(result), "ExecMainCode": .integer(1), "ExecMainStatus": .integer(203),
                "StartLimitBurst": .unsigned(5), "StartLimitIntervalUSec": .unsigned(10_000_000),
            ])
        #expect(ExitMeaning.result(of: unit)?.contains(words) == true)
    }

    @Test("a unit that runs and one that does not are told apart, and what systemd does not know is left out")
    func unitReport() {
        let unit = UnitState(
            name: "web.service",
            properties: [
                "Id": .text("web.service"), "LoadState": .text("loaded"), "ActiveState": .text("active"),
                "SubState": .text("running"), "MainPID": .unsigned(12), "MemoryCurrent": .unsigned(.max),
                "TasksCurrent": .unsigned(3), "NeedDaemonReload": .bool(true), "NRestarts": .unsigned(4),
            ])
        let text = UnitReport(unit: unit).lines.joined(separator: "\n")
        #expect(text.contains("tasks 3") && !text.contains("memory"))
        #expect(text.contains("daemon-reload") && text.contains("Restarts by systemd: 4"))
        #expect(ServiceSnapshot(unit).line == "✅ web.service: active (running), pid 12")
        #expect(ServiceSnapshot(unit).isActive == true)
        let starting = UnitState(name: "web.service", properties: ["ActiveState": .text("activating")])
        #expect(ServiceSnapshot(starting).isActive == false)
    }

    @Test("a span of time is short")
    func spans() {
        #expect(ClockText.since(ClockText.now - 5_000_000) == "5 s")
        #expect(ClockText.since(ClockText.now - 3_600_000_000 * 3) == "3 h 0 min")
        #expect(ClockText.since(ClockText.now + 5_000_000) == "0 s")
        // The time of this very moment, many times: looked at twice, the clock has gone on.
        for _ in 0..<10_000 { #expect(ClockText.elapsed(since: .max) == 0) }
    }
}
