import Glibc
package import Systemd

/// What the kernel says about the machine at one moment; nothing is judged here.
package struct HealthFigures: Sendable {
    /// Time in which at least one task waited, over the last ten seconds, in percent; `nil` without PSI.
    package struct Pressure: Sendable, Hashable {
        package var cpu: Double?
        package var memory: Double?
        package var io: Double?
    }

    package struct Memory: Sendable, Hashable {
        package var totalBytes = 0
        /// What could be used without swapping: free, and what the kernel can take back.
        package var availableBytes = 0
        package var reclaimableBytes = 0
        package var swapTotalBytes = 0
        package var swapFreeBytes = 0

        package init() {}
    }

    package var load: [Double]
    package var cores: Int
    package var pressure: Pressure
    package var memory: Memory
    package var disks: [DiskUsage]
    /// Mount points of a disk that cannot be written, and whether the kernel made them so after an error.
    package var readOnly: [(mountPoint: String, afterError: Bool)]
    package var processes: [ProcessEntry]
    package var openFiles: Int?
    package var maximumOpenFiles: Int?
    package var connections: Int?
    package var maximumConnections: Int?
    /// Processes the kernel killed for lack of memory, since the boot.
    package var oomKills: Int?
    package var uptime: Duration
    package var needsReboot: Bool
    /// A kernel newer than the one that runs.
    package var newerKernel: (installed: String, running: String)?
    /// `nil` where nobody says.
    package var isClockSynchronised: Bool?
    /// Local ports of outgoing connections, counted only where there are many; `nil` where there are few.
    package var ephemeralPorts: (used: Int, size: Int)?
    package var fileHungry: [FileHungryProcess]
    package var certificates: [CertificateFile]
    package var temperatures: [(place: String, celsius: Double)]
    /// `nil` where there is no systemd to say so.
    package var units: UnitHealth?

    /// - Parameters:
    ///   - proc: Where `/proc` is.
    ///   - certificates: Files and patterns of files of certificates.
    ///   - bus: systemd, where it is the service manager.
    package init(proc root: String = "/proc", certificates patterns: [String] = [], bus: SystemBus? = nil) {
        let mounts = MountTable.read("\(root)/self/mountinfo")
        let storage = MountTable.storage(among: mounts)
        load = Self.numbers("\(root)/loadavg", count: 3)
        cores = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
        pressure = Pressure(
            cpu: Self.pressure("\(root)/pressure/cpu"), memory: Self.pressure("\(root)/pressure/memory"),
            io: Self.pressure("\(root)/pressure/io"))
        memory = Memory(meminfo: SystemFile.read("\(root)/meminfo") ?? [])
        disks = storage.compactMap { DiskUsage($0) }
        readOnly = Self.readOnly(storage, outside: MountTable.read("\(root)/1/mountinfo"))
        processes = ProcessTable(root: root).processes()
        let files = Self.numbers("\(root)/sys/fs/file-nr", count: 3)
        openFiles = files.first.map { Int($0) }
        // Where there is no limit the kernel says 2^63 - 1.
        maximumOpenFiles = files.count == 3 && files[2] < 1e15 ? Int(files[2]) : nil
        connections = SystemFile.number("\(root)/sys/net/netfilter/nf_conntrack_count")
        maximumConnections = SystemFile.number("\(root)/sys/net/netfilter/nf_conntrack_max")
        oomKills = SystemFile.read("\(root)/vmstat")?.number(after: "oom_kill")
        uptime = .milliseconds(Int((Self.numbers("\(root)/uptime", count: 1).first ?? 0) * 1000))
        needsReboot = access("/run/reboot-required", F_OK) == 0
        newerKernel = KernelState.newer()
        isClockSynchronised = KernelState.isClockSynchronised(bus: bus)
        ephemeralPorts = EphemeralPorts.used(proc: root)
        fileHungry = FileHungryProcess.find(among: processes, root: root)
        certificates = CertificateFile.all(patterns)
        temperatures = KernelState.temperatures()
        let (entries, uptime, table) = (processes, uptime, ProcessTable(root: root))
        units = bus.flatMap { UnitHealth(bus: $0, processes: entries, table: table, uptime: uptime) }
    }

    /// A service's own sandbox makes much read-only for itself: what the first process can write is left out.
    private static func readOnly(
        _ mounts: [MountEntry], outside: [MountEntry]
    ) -> [(mountPoint: String, afterError: Bool)] {
        let writable = Set(outside.filter { !$0.isReadOnly }.map(\.mountPoint))
        return mounts.filter { !$0.isMemory }.compactMap { mount in
            if mount.isFileSystemReadOnly { return (mount.mountPoint, !mount.isReadOnly) }
            return mount.isReadOnly && !writable.contains(mount.mountPoint) ? (mount.mountPoint, false) : nil
        }
    }

    private static func numbers(_ path: String, count: Int) -> [Double] {
        (SystemFile.text(path, limit: 4096) ?? "").split(whereSeparator: \.isWhitespace).prefix(count)
            .compactMap { Double($0) }
    }

    /// `some avg10=0.11 avg60=…`
    private static func pressure(_ path: String) -> Double? {
        guard let line = SystemFile.text(path, limit: 4096)?.split(separator: "\n").first,
            let field = line.split(separator: " ").first(where: { $0.hasPrefix("avg10=") })
        else { return nil }
        return Double(field.dropFirst(6))
    }
}

extension HealthFigures.Memory {
    init(meminfo: [UInt8]) {
        func bytes(_ key: String) -> Int { (meminfo.number(after: key) ?? 0) * 1024 }
        totalBytes = bytes("MemTotal")
        availableBytes = bytes("MemAvailable")
        reclaimableBytes = bytes("Buffers") + bytes("Cached") + bytes("SReclaimable") - bytes("Shmem")
        swapTotalBytes = bytes("SwapTotal")
        swapFreeBytes = bytes("SwapFree")
    }

    package var availablePercent: Double {
        totalBytes == 0 ? 100 : Double(availableBytes) * 100 / Double(totalBytes)
    }
    package var swapUsedPercent: Double {
        swapTotalBytes == 0 ? 0 : Double(swapTotalBytes - swapFreeBytes) * 100 / Double(swapTotalBytes)
    }
}
