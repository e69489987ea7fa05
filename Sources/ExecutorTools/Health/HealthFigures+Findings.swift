extension HealthFigures {
    /// What breaks a threshold, the worst first.
    ///
    /// - Parameter change: What changed since the last look.
    package func findings(
        _ thresholds: HealthThresholds, since change: HealthHistory.Change? = nil
    ) -> [HealthFinding] {
        let all =
            diskFindings(thresholds) + memoryFindings(thresholds) + oomFindings(change) + loadFindings(thresholds)
            + processFindings(thresholds) + limitFindings(thresholds) + unitFindings(thresholds)
            + clockFindings() + certificateFindings(thresholds) + rebootFindings() + heatFindings(thresholds)
        return HealthFinding.Grade.allCases.reversed().flatMap { grade in all.filter { $0.grade == grade } }
    }

    private func diskFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        var findings: [HealthFinding?] = []
        for disk in disks {
            let place = PrintableText.line(disk.mount.mountPoint)
            findings.append(
                thresholds.disk.finding("disk_percent", of: place, Double(disk.usedPercent)) { step in
                    "disk \(place) is \(disk.usedPercent)% full, \(Figures.bytes(disk.freeBytes)) free "
                        + "(threshold \(Figures.percent(step)))"
                })
            guard let inodes = disk.inodesUsedPercent else { continue }
            findings.append(
                thresholds.inodes.finding("inodes_percent", of: place, Double(inodes)) { step in
                    "disk \(place) has used \(inodes)% of its inodes: new files will fail although there is space "
                        + "(threshold \(Figures.percent(step)))"
                })
        }
        for (mountPoint, afterError) in readOnly {
            let place = PrintableText.line(mountPoint)
            findings.append(
                afterError
                    ? HealthFinding(
                        .critical, "read_only", of: place,
                        "disk \(place) was made read-only by the kernel, as after a disk error")
                    : HealthFinding(.warn, "read_only", of: place, "disk \(place) is mounted read-only"))
        }
        return findings.compactMap { $0 }
    }

    private func memoryFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        let available = memory.availablePercent
        let lack = thresholds.memoryAvailable.findingOfLack("memory_available_percent", available) { step in
            "only \(Figures.percent(available)) of the memory is available (threshold \(Figures.percent(step)))"
        }
        let used = memory.swapUsedPercent
        let swap = thresholds.swap.finding("swap_percent", used) { step in
            "swap is \(Figures.percent(used)) used (threshold \(Figures.percent(step)))"
        }
        return [lack, memory.swapTotalBytes > 0 ? swap : nil].compactMap { $0 }
    }

    /// Killed since the last look is critical; since the boot is a warning.
    private func oomFindings(_ change: HealthHistory.Change?) -> [HealthFinding] {
        guard let oomKills, oomKills > 0 else { return [] }
        func sentence(_ count: Int, _ time: String) -> String {
            "\(count) process\(count == 1 ? " was" : "es were") killed for lack of memory (OOM) \(time)"
        }
        if let change, let since = change.since, change.oomKills > 0 {
            return [
                HealthFinding(
                    .critical, "oom_kill", value: Double(change.oomKills), threshold: 1,
                    sentence(change.oomKills, "within the last \(CommandReport.wholeSeconds(since))")
                        + ", \(oomKills) since the boot")
            ]
        }
        return [
            HealthFinding(
                .warn, "oom_kill", value: Double(oomKills), threshold: 1, sentence(oomKills, "since the boot"))
        ]
    }

    private func loadFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        var findings: [HealthFinding?] = []
        if load.count == 3 {
            findings.append(
                thresholds.loadPerCore.finding("load_per_core", load[1] / Double(cores)) { step in
                    "load \(Figures.decimal(load[1])) over five minutes on \(cores) cores "
                        + "(threshold \(Figures.decimal(step)) a core)"
                })
        }
        for (subject, name, value) in [
            ("cpu", "the processor", pressure.cpu), ("memory", "memory", pressure.memory),
            ("io", "disks", pressure.io),
        ] {
            guard let value else { continue }
            findings.append(
                thresholds.pressure.finding("pressure_percent", of: subject, value) { step in
                    "tasks waited for \(name) in \(Figures.percent(value)) of the last ten seconds "
                        + "(threshold \(Figures.percent(step)))"
                })
        }
        return findings.compactMap { $0 }
    }

    private func processFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        let zombies = processes.filter { $0.state == "Z" }
        let names = Dictionary(processes.map { ($0.pid, $0.name) }) { first, _ in first }
        let parents = zombies.map { "\(names[$0.parent] ?? "?") (pid \($0.parent))" }
        let blocked = processes.filter { $0.state == "D" }
        return [
            thresholds.zombies.finding("zombies", Double(zombies.count)) { step in
                "\(zombies.count) zombie processes, which their parents do not collect: \(Self.list(parents)) "
                    + "(threshold \(Int(step)))"
            },
            thresholds.blocked.finding("blocked_processes", Double(blocked.count)) { step in
                "\(blocked.count) processes blocked in the kernel (state D), as when a disk does not answer: "
                    + "\(Self.list(blocked.map(\.name))) (threshold \(Int(step)))"
            },
        ].compactMap { $0 }
    }

    /// The first few, each once.
    private static func list(_ names: [String]) -> String {
        let all = Set(names).sorted()
        let rest = all.count > 3 ? " and \(all.count - 3) more" : ""
        return all.prefix(3).map { PrintableText.line($0, limit: 48) }.joined(separator: ", ") + rest
    }

    private func heatFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        guard let hottest = temperatures.max(by: { $0.celsius < $1.celsius }) else { return [] }
        let place = PrintableText.line(hottest.place, limit: 64)
        return [
            thresholds.temperature.finding("temperature_celsius", of: place, hottest.celsius) { step in
                "\(place) is \(Figures.decimal(hottest.celsius)) °C hot (threshold \(Figures.decimal(step)) °C)"
            }
        ].compactMap { $0 }
    }
}
