import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import Testing

@Suite("system_health")
struct SystemHealthTests {
    @Test("the root disk is there with the percentage statvfs gives, and the text begins with the disks")
    func rootDisk() throws {
        let result = SystemHealthTool().report()
        #expect(result.success)
        #expect(result.output.hasPrefix("Disk /"))
        let disks = try #require(result.metadata["disks"]?.arrayValue)
        let root = try #require(disks.first { $0["mount"] == "/" })
        var figures = statvfs()
        try #require(statvfs("/", &figures) == 0)
        let used = Double(figures.f_blocks - figures.f_bfree)
        let expected = (used * 100 / (used + Double(figures.f_bavail))).rounded(.up)
        let percent = try #require(root["used_percent"]?.intValue)
        #expect(abs(Double(percent) - expected) <= 1)
        #expect(result.output.contains("Disk /: \(percent)% used"))
    }

    @Test("memory and load are the kernel's")
    func memoryAndLoad() throws {
        let metadata = SystemHealthTool().report().metadata
        let total = try #require(metadata["memory"]?["total_bytes"]?.intValue)
        #expect(total == SystemFile.read("/proc/meminfo")?.number(after: "MemTotal").map { $0 * 1024 })
        #expect(metadata["load"]?["cores"]?.intValue == sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        #expect(metadata["load"]?["average"]?.arrayValue?.count == 3)
    }

    @Test("a call costs at most 50 ms of a processor")
    func isQuick() {
        let tool = SystemHealthTool()
        // The thread's own time: other tests run beside this one.
        let times = (0..<5).map { _ in
            let start = threadTime()
            _ = tool.report()
            return threadTime() - start
        }
        #expect(times.sorted()[2] < .milliseconds(50))
    }

    private func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test("a zombie of the test's own is counted")
    func zombieIsCounted() throws {
        var pid: pid_t = 0
        let name = strdup("true")
        defer { free(name) }
        try #require(posix_spawn(&pid, "/bin/true", nil, nil, [name, nil], nil) == 0)
        var ended = siginfo_t()
        // Waits until it has ended, and leaves it there.
        try #require(waitid(P_PID, id_t(pid), &ended, WEXITED | WNOWAIT) == 0)
        var thresholds = HealthThresholds()
        thresholds.zombies = HealthThresholds.Steps(warn: 1, critical: 1_000_000)
        let result = SystemHealthTool(thresholds: thresholds).report()
        #expect((result.metadata["processes"]?["zombies"]?.intValue ?? 0) >= 1)
        #expect(result.output.contains("warn: ") && result.output.contains("zombie"))
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    @Test("the busiest process is the one that was busy since the last look")
    func busiestIsRecent() throws {
        let history = HealthHistory()
        _ = history.compare(HealthFigures())
        let end = ContinuousClock.now + .milliseconds(300)
        var sum = 0
        while ContinuousClock.now < end { sum &+= 1 }
        let change = history.compare(HealthFigures())
        #expect(change.since != nil)
        #expect((change.processor[getpid()] ?? 0) > 30)
    }

    @Test("a figure past its threshold becomes a finding with the threshold, the critical ones first")
    func findingsAreGraded() throws {
        var figures = HealthFigures()
        figures.cores = 2
        figures.load = [9, 4, 1]
        figures.memory = HealthFigures.Memory()
        figures.memory.totalBytes = 100
        figures.memory.availableBytes = 3
        figures.readOnly = [("/data", true), ("/srv", false)]
        let findings = figures.findings(HealthThresholds())
        let texts = findings.map { "\($0.grade.rawValue): \($0.text)" }
        #expect(texts.contains("critical: only 3% of the memory is available (threshold 4%)"))
        #expect(texts.contains("warn: load 4.0 over five minutes on 2 cores (threshold 1.5 a core)"))
        #expect(texts.contains { $0.hasPrefix("critical: disk /data was made read-only by the kernel") })
        #expect(texts.contains("warn: disk /srv is mounted read-only"))
        #expect(findings.map(\.grade) == findings.map(\.grade).sorted(by: >))
    }

    @Test(
        "every threshold is reached at its step and not before it",
        arguments: [(79, nil), (80, "warn"), (95, "critical")])
    func thresholdIsExact(_ percent: Int, _ grade: String?) throws {
        var figures = HealthFigures()
        var disk = try #require(figures.disks.first)
        disk.usedPercent = percent
        disk.inodesUsedPercent = 0
        figures.disks = [disk]
        let found = figures.findings(HealthThresholds()).first {
            $0.text.hasPrefix("disk ") && $0.text.contains("% full")
        }
        #expect(found?.grade.rawValue == grade)
    }

    @Test("failed units are named, and what they call themselves is made harmless")
    func failedUnits() {
        let result = SystemHealthTool(failedUnits: { ["nginx.service", "x\u{1B}[2J.service"] }).report()
        #expect(result.output.contains("warn: 2 failed units: nginx.service, x?[2J.service"))
    }
}

@Suite("Mounts")
struct MountTableTests {
    @Test("a mount line is read, its escapes undone and its two kinds of read-only told apart")
    func lineIsRead() throws {
        let mount = try #require(
            MountTable.parse(#"36 35 98:0 / /mnt/a\040b rw,noatime master:1 - ext4 /dev/sda1 ro,errors=remount-ro"#))
        #expect(mount.mountPoint == "/mnt/a b")
        #expect(mount.type == "ext4")
        #expect(mount.device == "98:0")
        #expect(!mount.isReadOnly)
        #expect(mount.isFileSystemReadOnly)
    }

    @Test(
        "a line that is none is left out", arguments: ["", "36 35 98:0 / /mnt rw", "36 35 98:0 / /mnt rw a b c d e f"])
    func otherLine(_ line: String) {
        #expect(MountTable.parse(line[...]) == nil)
    }

    @Test("a file system is shown once, at its shortest place; the kernel's own and full images are not")
    func storage() {
        let lines = """
            22 27 0:21 / /proc rw - proc proc rw
            27 1 254:0 / / rw - ext4 /dev/vda rw
            28 27 254:0 /srv /srv/chroot/data rw - ext4 /dev/vda rw
            29 27 7:1 / /snap/core ro - squashfs /dev/loop1 ro
            30 27 254:16 / /data rw - xfs /dev/vdb rw
            31 27 0:50 / /far rw - nfs4 host:/far rw
            32 27 0:51 / /run rw - tmpfs tmpfs rw
            """
        let mounts = lines.split(separator: "\n").compactMap(MountTable.parse)
        #expect(MountTable.storage(among: mounts).map(\.mountPoint) == ["/", "/data", "/run"])
    }
}
