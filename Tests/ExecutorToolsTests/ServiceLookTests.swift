import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import Glibc
import StrictJSON
import TestSupport
import Testing
import Wire

@testable import ExecutorTools

/// How a service is that systemd does not keep, on a machine whose processes are a few files.
@Suite("Services without systemd: how one is")
struct ServiceLookTests {
    private let proc: TemporaryDirectory
    private let context = ToolContext(cancellation: Cancellation())

    init() throws { proc = try TemporaryDirectory() }

    private func process(_ pid: Int, _ name: String, state: Character = "S", parent: Int = 1) throws {
        try proc.write(
            "\(pid)/stat",
            "\(pid) (\(name)) \(state) \(parent) 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 1 0 100 1000 10 0 0 0 0\n")
        mkdir("\(proc.path)/\(pid)/fd", 0o755)
    }

    private func watch(_ run: borrowing RunCommandFixture, _ definition: ServiceDefinition?) throws -> ServiceWatch {
        var settings = ToolSettings()
        settings.services["web"] = definition
        let machine = Machine(runner: run.runner, settings: settings, procRoot: proc.path)
        return ServiceWatch(machine: machine, service: try ServiceName("web"), policy: run.policy)
    }

    @Test(
        "a status line says how it is only where a rule lets it be run, as one that reads, and it ends",
        arguments: [
            ("unlisted", .unknown, "the rules do not allow its status line"),
            ("changer", .unknown, "the rules do not allow its status line"),
            ("asker", .unknown, "the rules do not allow its status line"),
            ("slow 5", .unknown, "`slow 5` did not finish"), ("missing", .unknown, "`missing` did not finish"),
            ("no", .inactive, "`no` failed"), ("yes", .active, "`yes` says so"),
        ] as [(String, ServiceSnapshot.Activity, String)])
    func status(_ line: String, _ activity: ServiceSnapshot.Activity, _ words: String) throws {
        let run = try RunCommandFixture(
            rules: #"""
                {"test": [
                  {"command": "yes", "effect": "read"}, {"command": "no", "effect": "read"},
                  {"command": "missing", "effect": "read"}, {"command": "changer", "effect": "change"},
                  {"command": "asker", "effect": "read", "approval": "user"},
                  {"command": "slow 5", "effect": "read", "timeout": "1s"}
                ]}
                """#,
            settings: #"""
                {"programs": {"yes": "/bin/true", "no": "/bin/false", "slow": "/bin/sleep", "changer": "/bin/true",
                  "asker": "/bin/true", "missing": "/nonexistent/missing"}}
                """#)
        let definition = ServiceDefinition(name: "web", start: "a", stop: "b", status: line)
        let snapshot = try watch(run, definition).snapshot(context)
        #expect(snapshot.activity == activity)
        #expect(snapshot.source?.contains(words) == true, "\(snapshot.source ?? "")")
    }

    @Test("a service that nobody keeps runs where a process of its name does; a dead one's remains are none")
    func processes() throws {
        let run = try RunCommandFixture(rules: #"{"test": ["uptime"]}"#)
        let watch = try watch(run, nil)
        guard case .nobody = watch.keeper else { return }
        try process(9, "web", state: "Z")
        #expect(try watch.snapshot(context).activity == .unknown)
        try process(11, "web")
        #expect(try watch.snapshot(context).source == "a process of that name runs: pid 11")
        // The first of them is the one whose parent is of another name.
        try process(10, "web", parent: 11)
        let snapshot = try watch.snapshot(context)
        #expect(snapshot.activity == .active && snapshot.pid == 11)
        #expect(snapshot.source == "a process of that name runs: pid 11 and 1 more")
    }

    @Test("a service whose process was replaced while it was watched did not stay up")
    func replaced() throws {
        let run = try RunCommandFixture(rules: #"{"test": ["uptime"]}"#)
        let pidFile = "\(proc.path)/web.pid"
        let watch = try watch(run, ServiceDefinition(name: "web", start: "a", stop: "b", pidFile: pidFile))
        for pid in [7, 8] { try process(pid, "web") }
        try proc.write("web.pid", "7\n")
        let first = try watch.snapshot(context)
        #expect(try watch.hold(.zero, from: first, context).problem == nil)
        try proc.write("web.pid", "8\n")
        let problem = try watch.hold(.seconds(60), from: first, context).problem
        #expect(problem == "its main process died and was replaced (pid 7, then 8)")
        try proc.write("web.pid", "9\n")
        #expect(try watch.hold(.seconds(60), from: first, context).problem == "it did not stay up: inactive (dead)")
    }

    @Test("what is watched is watched no longer once the call is cancelled")
    func cancelled() throws {
        let run = try RunCommandFixture(rules: #"{"test": ["uptime"]}"#)
        let watch = try watch(run, ServiceDefinition(name: "web", start: "a", stop: "b", pidFile: "/nonexistent"))
        let cancellation = Cancellation()
        cancellation.cancel(.cancelled)
        let start = ContinuousClock.now
        _ = try watch.wait(atMost: .seconds(600), ToolContext(cancellation: cancellation)) { $0.activity == .active }
        #expect(.now - start < .seconds(60))
    }

    // MARK: verify_fix with a service that is up

    /// Verifies a service of one process; `curl` is a program of the test's own that says `answer`.
    private func verify(_ answer: String?, sockets: String = "") throws -> ToolResult {
        try process(7, "web")
        try proc.write("web.pid", "7\n")
        symlink("socket:[4711]", "\(proc.path)/7/fd/3")
        try proc.write("net/tcp", sockets)
        try proc.write("answer", answer ?? "")
        // Of the shell alone: the probe's sandbox starts no second program.
        try proc.write(
            "curl", "#!/bin/sh\nwhile IFS= read -r line; do printf '%s\\n' \"$line\"; done <\(proc.path)/answer\n")
        chmod("\(proc.path)/curl", 0o755)
        chmod(proc.path, 0o755)
        let run = try RunCommandFixture(
            rules: #"{"test": ["systemctl status *", "curl -s *"]}"#,
            settings: "{\"programs\": {\"curl\": \"\(answer == nil ? "/nonexistent" : proc.path)/curl\"}}")
        var settings = ToolSettings()
        settings.services["web"] = ServiceDefinition(
            name: "web", start: "a", stop: "b", pidFile: "\(proc.path)/web.pid")
        let tool = VerifyFixTool(machine: Machine(runner: run.runner, settings: settings, procRoot: proc.path))
        return run.call(tool, ["service": "web", "test_url": "http://127.0.0.1/"])
    }

    /// `Nov 25 12:00:00 2026 GMT`, so many days from now.
    private static func certificate(days: Int) -> String {
        var (clock, parts) = (time(nil) + days * 86_400 + 3600, tm())
        gmtime_r(&clock, &parts)
        var text = [CChar](repeating: 0, count: 64)
        strftime(&text, text.count, "%b %d %H:%M:%S %Y GMT", &parts)
        return
            "200 0.01 \n\nExpire date:\(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))\n"
    }

    @Test(
        "an answer with a certificate that has ended, that leads in a circle or that never came is not verified",
        arguments: [
            (certificate(days: -3), "❌ its certificate has expired", "verified"),
            ("302 0.01 http://127.0.0.1/\n\n\n", "redirects in a circle", "findings"),
            ("500 0.01 \n\n\n", "500 Internal Server Error", "findings"),
            (nil, "/nonexistent/curl is not installed", "verified"),
        ] as [(String?, String, String)])
    func unverified(_ answer: String?, _ words: String, _ member: String) throws {
        let result = try verify(answer)
        #expect(!result.success && result.metadata["verified"] == false)
        #expect(result.output.contains(words), "\(result.text)")
        #expect(result.metadata[member] != nil)
    }

    @Test(
        "an answer with a certificate that holds is verified, and one that soon ends is told of",
        arguments: [
            (5, "its certificate holds 5 days more: renew it soon"), (100, "its certificate holds 100 days more\n"),
        ])
    func verified(_ days: Int, _ words: String) throws {
        let result = try verify(Self.certificate(days: days))
        #expect(
            result.metadata["verified"] == true && result.metadata["certificate_days"] == JSONValue(days),
            "\(result.text)")
        #expect("\(result.output)\n".contains(words), "\(result.text)")
    }

    @Test("a port of its own that takes no connection is not verified, whatever the address says")
    func deafPort() throws {
        // Nobody listens on port 1, though the tables say so.
        let result = try verify(
            "200 0.01 \n\n\n", sockets: "0: 0100007F:0001 00000000:0000 0A 0:0 0:0 0 0 0 4711 1 0 100\n")
        #expect(result.metadata["verified"] == false && result.output.contains("❌ port 1 "), "\(result.text)")
    }

    @Test("an address whose name is not known is a cause with a name; another refusal of the runner has none")
    func notAsked() {
        let unknown = ProbeAnswer(RunnerError(.addressRefused, "web.example does not resolve."))
        #expect(unknown.finding("http://web.example/")?.code == .nameNotResolved)
        #expect(ProbeAnswer(RunnerError(.addressRefused, "it leads elsewhere.")).finding("http://web.example/") == nil)
    }
}
