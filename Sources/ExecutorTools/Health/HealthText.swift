import StrictJSON

/// ``HealthFigures`` as text for a person, and as metadata for a program.
struct HealthText {
    let figures: HealthFigures
    let change: HealthHistory.Change
    let thresholds: HealthThresholds
    let findings: [HealthFinding]

    /// As many processes as are named under each heading.
    private static let topCount = 3

    var text: String {
        (diskLines + [memoryLine, loadLine] + findingLines + topLines).joined(separator: "\n")
    }

    private var worst: HealthFinding.Grade { findings.map(\.grade).max() ?? .ok }

    /// A file system in memory is worth a line only where it is nearly full.
    private var shownDisks: [DiskUsage] {
        figures.disks.filter { !$0.mount.isMemory || thresholds.disk.grade(Double($0.usedPercent)) != nil }
    }

    private var diskLines: [String] {
        shownDisks.map { disk in
            var line =
                "Disk \(PrintableText.line(disk.mount.mountPoint)): \(disk.usedPercent)% used, "
                + "\(Figures.bytes(disk.freeBytes)) free of \(Figures.bytes(disk.sizeBytes))"
            if let inodes = disk.inodesUsedPercent { line += ", inodes \(inodes)%" }
            if let growth = change.growth[disk.mount.mountPoint], let since = change.since {
                line +=
                    ", \(Figures.bytes(growth)) less than \(CommandReport.wholeSeconds(since)) ago"
            }
            if let more = change.inodeGrowth[disk.mount.mountPoint] { line += ", \(more) inodes more" }
            return line
        }
    }

    private var memoryLine: String {
        let memory = figures.memory
        let swap =
            memory.swapTotalBytes == 0
            ? "no swap"
            : "swap \(Figures.percent(memory.swapUsedPercent)) used of \(Figures.bytes(memory.swapTotalBytes))"
        return "Memory: \(Figures.percent(100 - memory.availablePercent)) used, "
            + "\(Figures.bytes(memory.availableBytes)) available of \(Figures.bytes(memory.totalBytes)) "
            + "(\(Figures.bytes(memory.reclaimableBytes)) of it cache), \(swap)"
    }

    private var loadLine: String {
        let load = figures.load.map { Self.hundredths($0) }.joined(separator: " ")
        let pressure = [
            ("cpu", figures.pressure.cpu), ("memory", figures.pressure.memory), ("io", figures.pressure.io),
        ].compactMap { name, value in value.map { "\(name) \(Figures.percent($0))" } }
        let waits = pressure.isEmpty ? "" : "; waiting: \(pressure.joined(separator: ", "))"
        let days = Int(figures.uptime.components.seconds) / 86400
        let hours = Int(figures.uptime.components.seconds) % 86400 / 3600
        return "Load: \(load) on \(figures.cores) core\(figures.cores == 1 ? "" : "s")\(waits); up \(days) d \(hours) h"
    }

    private var findingLines: [String] {
        guard !findings.isEmpty else { return ["ok: nothing is past its threshold"] }
        return findings.map { "\($0.grade.rawValue): \($0.text)" }
    }

    private var topLines: [String] {
        let basis = change.since.map { " over the last \(CommandReport.wholeSeconds($0))" }
        let cpu = busiest.map { "\(label($0)) \(Figures.percent(change.processor[$0.pid] ?? 0))" }
        let memory = largest.map { "\(label($0)) \(Figures.bytes($0.residentBytes))" }
        return [
            cpu.isEmpty ? nil : "Busiest\(basis ?? ""): \(cpu.joined(separator: ", "))",
            memory.isEmpty ? nil : "Most memory: \(memory.joined(separator: ", "))",
            "Processes: \(figures.processes.count)\(unusual.isEmpty ? "" : ", \(unusual)")"
                + (figures.openFiles.map { "; open files: \($0)" } ?? ""),
        ].compactMap { $0 }
    }

    private var unusual: String {
        [("Z", "zombie"), ("D", "blocked")].compactMap { state, name in
            let count = figures.processes.count { $0.state == Character(state) }
            return count == 0 ? nil : "\(count) \(name)"
        }.joined(separator: ", ")
    }

    var busiest: ArraySlice<ProcessEntry> {
        figures.processes.filter { (change.processor[$0.pid] ?? 0) >= 0.5 }
            .sorted { (change.processor[$0.pid] ?? 0, $1.pid) > (change.processor[$1.pid] ?? 0, $0.pid) }
            .prefix(Self.topCount)
    }

    var largest: ArraySlice<ProcessEntry> {
        figures.processes.filter { $0.residentBytes > 0 }
            .sorted { ($0.residentBytes, $1.pid) > ($1.residentBytes, $0.pid) }.prefix(Self.topCount)
    }

    private func label(_ process: ProcessEntry) -> String {
        "\(PrintableText.line(process.name)) (pid \(process.pid))"
    }

    private static func hundredths(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}

extension HealthText {
    var metadata: [String: JSONValue] {
        let memory = figures.memory
        return [
            "grade": .string(worst.rawValue),
            "disks": .array(
                figures.disks.map { disk in
                    .object(compacting: [
                        "mount": .string(disk.mount.mountPoint), "type": .string(disk.mount.type),
                        "used_percent": JSONValue(disk.usedPercent), "free_bytes": JSONValue(disk.freeBytes),
                        "size_bytes": JSONValue(disk.sizeBytes),
                        "inodes_used_percent": disk.inodesUsedPercent.map { JSONValue($0) },
                        "growth_bytes": change.growth[disk.mount.mountPoint].map { JSONValue($0) },
                        "growth_inodes": change.inodeGrowth[disk.mount.mountPoint].map { JSONValue($0) },
                        "read_only": JSONValue(disk.mount.isReadOnly || disk.mount.isFileSystemReadOnly),
                    ])
                }),
            "findings": .array(findings.map(\.json)),
            "load": .object(compacting: [
                "average": .array(figures.load.map { JSONValue($0) }), "cores": JSONValue(figures.cores),
                "cpu_pressure": figures.pressure.cpu.map { JSONValue($0) },
                "memory_pressure": figures.pressure.memory.map { JSONValue($0) },
                "io_pressure": figures.pressure.io.map { JSONValue($0) },
            ]),
            "memory": [
                "total_bytes": JSONValue(memory.totalBytes), "available_bytes": JSONValue(memory.availableBytes),
                "reclaimable_bytes": JSONValue(memory.reclaimableBytes),
                "available_percent": JSONValue(memory.availablePercent),
                "swap_total_bytes": JSONValue(memory.swapTotalBytes),
                "swap_free_bytes": JSONValue(memory.swapFreeBytes),
            ],
            "processes": .object(compacting: [
                "count": JSONValue(figures.processes.count),
                "zombies": JSONValue(figures.processes.count { $0.state == "Z" }),
                "blocked": JSONValue(figures.processes.count { $0.state == "D" }),
                "open_files": figures.openFiles.map { JSONValue($0) },
            ]),
            "failed_units": figures.units.map { JSONValue($0.failed) } ?? .null,
            "oom_kills": figures.oomKills.map { JSONValue($0) } ?? .null,
            "clock_synchronised": figures.isClockSynchronised.map { .bool($0) } ?? .null,
            "certificates": .array(figures.certificates.map(\.json)),
            "busiest": .array(
                busiest.map { row($0, "cpu_percent", JSONValue((change.processor[$0.pid] ?? 0).rounded())) }),
            "largest": .array(largest.map { row($0, "resident_bytes", JSONValue($0.residentBytes)) }),
            "uptime_seconds": JSONValue(Int(figures.uptime.components.seconds)),
        ]
    }

    private func row(_ process: ProcessEntry, _ figure: String, _ value: JSONValue) -> JSONValue {
        ["pid": JSONValue(Int(process.pid)), "name": .string(PrintableText.line(process.name)), figure: value]
    }
}

extension CertificateFile {
    fileprivate var json: JSONValue {
        .object(compacting: [
            "file": .string(file), "days_left": daysLeft.map { JSONValue($0) }, "expires": JSONValue(expires),
            "fault": JSONValue(fault),
        ])
    }
}
