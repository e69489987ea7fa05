import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import TestSupport
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
        var settings = HealthSettings()
        settings.thresholds.zombies = HealthThresholds.Steps(warn: 1, critical: 1_000_000)
        let result = SystemHealthTool(settings: settings).report()
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
        var figures = HealthFigures()
        figures.units = UnitHealth(failed: ["nginx.service", "x\u{1B}[2J.service"])
        let result = SystemHealthTool().report(of: figures)
        #expect(result.output.contains("warn: 2 failed units: nginx.service, x?[2J.service"))
    }
}

@Suite("Findings of system_health")
struct HealthFindingTests {
    /// A machine with nothing wrong.
    private func figures(_ change: (inout HealthFigures) -> Void) -> HealthFigures {
        var figures = HealthFigures()
        (figures.load, figures.disks, figures.readOnly) = ([0, 0, 0], [], [])
        (figures.pressure.cpu, figures.pressure.memory, figures.pressure.io) = (nil, nil, nil)
        (figures.processes, figures.oomKills, figures.units) = ([], 0, nil)
        (figures.openFiles, figures.connections, figures.ephemeralPorts, figures.fileHungry) = (1, nil, nil, [])
        (figures.needsReboot, figures.newerKernel, figures.isClockSynchronised) = (false, nil, true)
        (figures.certificates, figures.temperatures) = ([], [])
        (figures.memory.totalBytes, figures.memory.availableBytes, figures.memory.swapTotalBytes) = (100, 90, 0)
        change(&figures)
        return figures
    }

    private func texts(_ change: (inout HealthFigures) -> Void) -> [String] {
        figures(change).findings(HealthThresholds()).map { "\($0.grade.rawValue): \($0.text)" }
    }

    @Test("a machine with nothing wrong has no finding")
    func nothing() { #expect(texts { _ in } == []) }

    @Test("a unit that is restarted again and again is named with its restarts and its last result")
    func restartLoop() {
        let found = texts {
            $0.units = UnitHealth(
                failed: [],
                restarting: [
                    .init(name: "web.service", restarts: 12, result: "exit-code"),
                    .init(name: "once.service", restarts: 1, result: "success"),
                ])
        }
        #expect(
            found == [
                "critical: web.service restarts again and again: 12 times so far, result exit-code (threshold 10)"
            ])
    }

    @Test("processes killed for lack of memory since the last look are critical, since the boot a warning")
    func oomKills() {
        let tool = SystemHealthTool()
        #expect(tool.report(of: figures { $0.oomKills = 2 }).output.contains("warn: 2 processes were killed"))
        usleep(250_000)
        let grown = tool.report(of: figures { $0.oomKills = 3 })
        #expect(grown.output.contains("critical: 1 process was killed for lack of memory (OOM) within the last"))
        #expect(grown.metadata["grade"] == "critical")
    }

    @Test("limits that are nearly reached: connections, ports and one process's files, each with its threshold")
    func limits() {
        let found = texts {
            ($0.connections, $0.maximumConnections) = (95, 100)
            $0.ephemeralPorts = (20000, 28000)
            $0.fileHungry = [FileHungryProcess(pid: 7, name: "web", open: 1000, limit: 1024)]
        }
        #expect(
            found.contains("critical: 95 tracked connections (conntrack), 95% of the most there may be (threshold 90%)")
        )
        #expect(
            found.contains("warn: 20000 ports for outgoing connections, 71% of the most there may be (threshold 70%)"))
        #expect(found.contains("critical: web (pid 7) has 1000 of the 1024 files open that it may (threshold 90%)"))
    }

    @Test("an unsynchronised clock, a newer kernel and a hot sensor are findings")
    func machine() {
        let found = texts {
            $0.isClockSynchronised = false
            $0.newerKernel = ("6.1.0-22-amd64", "6.1.0-18-amd64")
            $0.temperatures = [("x86_pkg_temp", 96.5)]
        }
        #expect(found.contains("warn: the clock is not synchronised with a time server"))
        #expect(found.contains("warn: a reboot is due: the kernel 6.1.0-22-amd64 is installed, 6.1.0-18-amd64 runs"))
        #expect(found.contains("critical: x86_pkg_temp is 96.5 °C hot (threshold 95.0 °C)"))
    }

    @Test("a finding has a check and a subject to be known again by, its figure and the step it reached")
    func json() throws {
        let finding = try #require(
            figures {
                $0.oomKills = 0; $0.fileHungry = [FileHungryProcess(pid: 7, name: "web", open: 800, limit: 1024)]
            }
            .findings(HealthThresholds()).first)
        #expect(finding.json["code"] == "process_files_percent" && finding.json["subject"] == "web (pid 7)")
        #expect(finding.json["threshold"] == 70 && finding.json["grade"] == "warn")
    }

    @Test("a process with many files open is found by the kernel's own count")
    func fileHungry() throws {
        guard KernelVersion.current[0] * 100 + KernelVersion.current[1] >= 602 else { return }
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for _ in 0..<600 { descriptors.append(open("/dev/null", O_RDONLY | O_CLOEXEC)) }
        let mine = HealthFigures().fileHungry.first { $0.pid == getpid() }
        #expect((mine?.open ?? 0) >= 600 && (mine?.limit ?? 0) >= 600)
    }
}

/// The kernel's version, as numbers.
enum KernelVersion {
    static var current: [Int] {
        (SystemFile.text("/proc/sys/kernel/osrelease") ?? "0").split { !$0.isNumber }.compactMap { Int($0) }
    }
}

@Suite("Certificate files")
struct CertificateFileTests {
    /// A certificate of openssl's own making.
    private func certificate(_ directory: String, _ name: String, days: Int) throws {
        let command = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=\(name) -days \(max(days, 1)) \
                -keyout \(directory)/\(name).key -out \(directory)/\(name).pem 2>/dev/null
            """
        #expect(system(command) == 0)
    }

    @Test(
        "the days left are those openssl gave it; below the steps it warns, and then is critical",
        arguments: [
            (400, nil), (20, "warn"), (5, "critical"),
        ])
    func daysLeft(_ days: Int, _ grade: String?) throws {
        let directory = try TemporaryDirectory()
        try certificate(directory.path, "web", days: days)
        let file = try #require(CertificateFile.all(["\(directory.path)/web.pem"]).first)
        #expect(file.fault == nil && abs((file.daysLeft ?? 0) - days) <= 1)
        var figures = HealthFigures()
        figures.certificates = [file]
        let found = figures.findings(HealthThresholds()).first { $0.code == "certificate_days" }
        #expect(found?.grade.rawValue == grade)
    }

    @Test("the end of a certificate is read to the second; a file that is not there says so")
    func expired() throws {
        // notAfter 2020-02-01, made by hand: the dates are all that is read.
        func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag, UInt8(content.count)] + content }
        func certificate(_ end: String) -> [UInt8] {
            let validity = der(0x30, der(0x17, Array("200101000000Z".utf8)) + der(0x17, Array(end.utf8)))
            let body = der(0xA0, [2, 1, 2]) + der(0x02, [1]) + der(0x30, []) + der(0x30, []) + validity
            return der(0x30, der(0x30, body))
        }
        let dates = try CertificateDates(certificate("200201000000Z"))
        #expect(dates.notAfter == 1_580_515_200)
        let file = CertificateFile("/nonexistent/x.pem", now: 0)
        #expect(file.daysLeft == nil && file.fault == "it is missing or cannot be opened")
    }

    @Test(
        "what is no certificate says so, and is never read past its end",
        arguments: [
            "", "x", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nMIT/////////\n-----END CERTIFICATE-----\n", "0\u{7F}", "0",
            // A year with a sign.
            "-----BEGIN CERTIFICATE-----\nMDAwLqADAgECAgEBMAAwADAgFw0yNjAxMDEwMDAwMDBaGA8tMDMwMDEwMTAwMDAwMFoYDy0wMzAw\n"
                + "MTYwMTBaQA8wWg==\n-----END CERTIFICATE-----\n",
        ])
    func malformed(_ text: String) {
        #expect(throws: CertificateDates.Fault.self) { try CertificateDates(Array(text.utf8)) }
    }

    @Test("every cut and every changed byte of a certificate is read or refused, and nothing else")
    func damaged() throws {
        let directory = try TemporaryDirectory()
        try certificate(directory.path, "web", days: 30)
        #expect(system("openssl x509 -in \(directory.path)/web.pem -outform der -out \(directory.path)/web.der") == 0)
        let bytes = try #require(SystemFile.read("\(directory.path)/web.der"))
        for index in bytes.indices {
            _ = try? CertificateDates(Array(bytes[..<index]))
            var changed = bytes
            changed[index] ^= 0xFF
            _ = try? CertificateDates(changed)
        }
    }

    @Test("a * is one whole name, and what it stands for is there")
    func wildcard() throws {
        let directory = try TemporaryDirectory()
        for name in ["a", "b"] {
            try directory.write("live/\(name)/x", "")
            try certificate("\(directory.path)/live/\(name)", "cert", days: 30)
        }
        try directory.write("live/README", "")
        let files = CertificateFile.all(["\(directory.path)/live/*/cert.pem"])
        #expect(files.map(\.file) == ["a", "b"].map { "\(directory.path)/live/\($0)/cert.pem" })
    }
}

@Suite("The kernel's state")
struct KernelStateTests {
    @Test("the kernel that is installed and newer, of the same flavour, is the one to reboot into")
    func newerKernel() throws {
        let directory = try TemporaryDirectory()
        for version in ["6.1.0-9-amd64", "6.1.0-18-amd64", "6.1.0-22-amd64", "6.9.0-1-rt-amd64"] {
            try directory.write("vmlinuz-\(version)", "")
        }
        #expect(KernelState.newer(boot: directory.path, running: "6.1.0-18-amd64")?.installed == "6.1.0-22-amd64")
        #expect(KernelState.newer(boot: directory.path, running: "6.1.0-22-amd64") == nil)
        #expect(KernelState.newer(boot: "/nonexistent", running: "6.1.0-22-amd64") == nil)
    }

    @Test("a time server that timesyncd does not follow yet is a clock that is not synchronised")
    func timesync() throws {
        let directory = try TemporaryDirectory()
        #expect(KernelState.isClockSynchronised(timesync: directory.path) == false)
    }

    @Test("the sensors are read where there are any")
    func temperatures() throws {
        let directory = try TemporaryDirectory()
        try directory.write("thermal_zone0/temp", "54321\n")
        try directory.write("thermal_zone0/type", "acpitz\n")
        let found = KernelState.temperatures(directory.path)
        #expect(found.count == 1 && found[0].place == "acpitz" && found[0].celsius == 54.321)
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
            33 27 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
            """
        let mounts = lines.split(separator: "\n").compactMap(MountTable.parse)
        #expect(MountTable.storage(among: mounts).map(\.mountPoint) == ["/", "/data", "/run"])
    }
}
