import ExecutorAPI
import ExecutorPolicy
import Glibc
import StrictJSON
import Systemd
import TestSupport
import Testing

@testable import ExecutorTools

/// A process that the kernel ended for want of memory, where systemd knows of a SIGKILL alone.
@Suite("Kernel kills", .enabled(if: JournalFiles.canBeMade, "needs the package systemd-journal-remote"))
struct KernelKillTests {
    /// 2026-09-21 12:00:00 UTC
    private static let moment: UInt64 = 1_789_992_000_000_000

    private static let kill =
        "Memory cgroup out of memory: Killed process 3351 (app) total-vm:18152kB, anon-rss:16000kB, UID:0 oom_score_adj:0"
    private static let summary =
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task_memcg=/system.slice/app.service,task=worker,pid=99,uid=0"

    private func kernel(
        _ message: String, code: Int64 = 2, status: Int64 = 9, result: String = "signal", at time: UInt64 = moment,
        more: [(String, String)] = []
    ) throws -> KernelKill {
        let directory = try TemporaryDirectory()
        let fields = [("MESSAGE", message), ("SYSLOG_IDENTIFIER", "kernel"), ("PRIORITY", "3")] + more
        try JournalFiles.write([JournalFiles.Entry(time: time, fields: fields)], to: "\(directory.path)/a.journal")
        let run = try RunCommandFixture(rules: "{}")
        let machine = Machine(runner: run.runner, settings: ToolSettings(), journalDirectory: directory.path)
        let unit = UnitState(
            name: "app.service",
            properties: [
                "Id": .text("app.service"), "Result": .text(result), "ExecMainCode": .integer(code),
                "ExecMainStatus": .integer(status), "ExecMainPID": .unsigned(3351),
                "ExecMainExitTimestamp": .unsigned(Self.moment),
            ])
        return KernelKill(machine: machine, unit: unit)
    }

    @Test("the kernel's line about its main process, or about its control group, is found", arguments: [kill, summary])
    func found(_ line: String) throws { #expect(try kernel(line).line == line) }

    @Test("a command that a shell saw killed is looked for as well")
    func shell() throws { #expect(try kernel(Self.summary, code: 1, status: 137, result: "exit-code").line != nil) }

    @Test(
        "another process, another time, and words that a process wrote in the kernel's name are not it",
        arguments: ["other", "earlier", "forged", "other signal"])
    func other(_ kind: String) throws {
        let found =
            switch kind {
            case "other": try kernel(Self.kill.replacing("3351", with: "3352"))
            case "earlier": try kernel(Self.kill, at: Self.moment - 60_000_000)
            case "forged": try kernel(Self.kill, more: [("_PID", "4711")])
            default: try kernel(Self.kill, status: 11)
            }
        #expect(found.line == nil)
    }
}

/// A real one: a unit's process in a memory cgroup of the test's own (cgroup v1), which systemd does not look at.
@Suite(
    "Kernel kills: a real one",
    .enabled(if: GuestFixture.isInside && MemoryGroup.canBeMade, "needs scripts/guest.sh join and cgroup v1"),
    .serialized)
struct ServicesSystemdKernelKillTests {
    @Test("a process that the kernel ended says that it may have been for want of memory, and how often that was")
    func outOfMemory() throws {
        let guest = try GuestFixture()
        let flag = "/run/\(GuestFixture.name("eat", "flag"))"
        let unit = try guest.service(
            "eater", "ExecStart=/usr/bin/perl -e 'sleep 1 until -e q(\(flag)); my @x; push @x, q(x) x 1e6 while 1'")
        #expect(guest.change(.start, unit).success)
        let pid = try #require(guest.check(unit).metadata["pid"]?.intValue)
        let group = try MemoryGroup(limit: 16 << 20, pid: pid)
        try guest.write(flag, "")
        let state = guest.check(unit, until: "killed")
        #expect(group.kills == 1)
        #expect(state.findings == ["killed"], "\(state.text)")
        let words =
            #/by the kernel for want of memory \(OOM\), which it did to \d+ process(es)? since the boot, or by a person/#
        #expect(state.output.contains(words), "\(state.text)")
    }
}

/// A memory cgroup of version 1.
private final class MemoryGroup {
    private static let top = "/sys/fs/cgroup/memory"
    static var canBeMade: Bool { access("\(top)/memory.limit_in_bytes", F_OK) == 0 && getuid() == 0 }

    private let path = "\(top)/kernel-kill-\(getpid())"

    init(limit: Int, pid: Int) throws {
        guard mkdir(path, 0o755) == 0 else { throw SetUpFailed(call: "mkdir \(path)", code: errno) }
        try write("memory.limit_in_bytes", limit)
        try write("cgroup.procs", pid)
    }

    deinit { rmdir(path) }

    var kills: Int? { SystemFile.read("\(path)/memory.oom_control")?.number(after: "oom_kill") }

    private func write(_ file: String, _ number: Int) throws {
        let stream = fopen("\(path)/\(file)", "w")
        guard let stream else { throw SetUpFailed(call: "open \(file)", code: errno) }
        fputs("\(number)\n", stream)
        guard fclose(stream) == 0 else { throw SetUpFailed(call: "write \(file)", code: errno) }
    }
}
