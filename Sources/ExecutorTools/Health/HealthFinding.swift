package import StrictJSON

/// One thing about the machine that is worth a word.
package struct HealthFinding: Sendable, Hashable {
    package enum Grade: String, Sendable, Hashable, CaseIterable, Comparable {
        case ok
        case warn
        case critical

        package static func < (left: Grade, right: Grade) -> Bool { left.rank < right.rank }
        private var rank: Int { self == .ok ? 0 : self == .warn ? 1 : 2 }
    }

    package var grade: Grade
    /// One sentence, with the figure and the threshold it broke.
    package var text: String

    package init(_ grade: Grade, _ text: String) { (self.grade, self.text) = (grade, text) }

    package var json: JSONValue { ["grade": .string(grade.rawValue), "text": .string(text)] }
}

extension HealthThresholds.Steps {
    /// The grade of a figure of which more is worse, and the step it reached.
    func grade(_ value: Double) -> (HealthFinding.Grade, step: Double)? {
        if value >= critical { return (.critical, critical) }
        return value >= warn ? (.warn, warn) : nil
    }

    /// The grade of a figure of which less is worse.
    func gradeOfLack(_ value: Double) -> (HealthFinding.Grade, step: Double)? {
        if value <= critical { return (.critical, critical) }
        return value <= warn ? (.warn, warn) : nil
    }
}

extension HealthFigures {
    /// What breaks a threshold, the worst first.
    package func findings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        let all =
            diskFindings(thresholds) + memoryFindings(thresholds) + loadFindings(thresholds)
            + processFindings(thresholds) + kernelFindings(thresholds)
        return HealthFinding.Grade.allCases.reversed().flatMap { grade in all.filter { $0.grade == grade } }
    }

    private func diskFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        var findings: [HealthFinding] = []
        for disk in disks {
            let place = PrintableText.line(disk.mount.mountPoint)
            if let (grade, step) = thresholds.disk.grade(Double(disk.usedPercent)) {
                findings.append(
                    HealthFinding(
                        grade,
                        "disk \(place) is \(disk.usedPercent)% full, \(Figures.bytes(disk.freeBytes)) free "
                            + "(threshold \(Figures.percent(step)))"))
            }
            if let inodes = disk.inodesUsedPercent, let (grade, step) = thresholds.inodes.grade(Double(inodes)) {
                findings.append(
                    HealthFinding(
                        grade,
                        "disk \(place) has used \(inodes)% of its inodes: new files will fail although there is space "
                            + "(threshold \(Figures.percent(step)))"))
            }
        }
        for (mountPoint, afterError) in readOnly {
            let place = PrintableText.line(mountPoint)
            findings.append(
                afterError
                    ? HealthFinding(.critical, "disk \(place) was made read-only by the kernel, as after a disk error")
                    : HealthFinding(.warn, "disk \(place) is mounted read-only"))
        }
        return findings
    }

    private func memoryFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        var findings: [HealthFinding] = []
        if let (grade, step) = thresholds.memoryAvailable.gradeOfLack(memory.availablePercent) {
            findings.append(
                HealthFinding(
                    grade,
                    "only \(Figures.percent(memory.availablePercent)) of the memory is available "
                        + "(threshold \(Figures.percent(step)))"))
        }
        if let (grade, step) = thresholds.swap.grade(memory.swapUsedPercent), memory.swapTotalBytes > 0 {
            findings.append(
                HealthFinding(
                    grade,
                    "swap is \(Figures.percent(memory.swapUsedPercent)) used (threshold \(Figures.percent(step)))"
                ))
        }
        if let oomKills, oomKills > 0 {
            findings.append(
                HealthFinding(
                    .warn,
                    "\(oomKills) process\(oomKills == 1 ? " was" : "es were") killed for lack of memory (OOM) since the boot"
                ))
        }
        return findings
    }

    private func loadFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        var findings: [HealthFinding] = []
        if load.count == 3, let (grade, step) = thresholds.loadPerCore.grade(load[1] / Double(cores)) {
            findings.append(
                HealthFinding(
                    grade,
                    "load \(Figures.decimal(load[1])) over five minutes on \(cores) cores "
                        + "(threshold \(Figures.decimal(step)) a core)"))
        }
        for (name, value) in [("the processor", pressure.cpu), ("memory", pressure.memory), ("disks", pressure.io)] {
            guard let value, let (grade, step) = thresholds.pressure.grade(value) else { continue }
            findings.append(
                HealthFinding(
                    grade,
                    "tasks waited for \(name) in \(Figures.percent(value)) of the last ten seconds "
                        + "(threshold \(Figures.percent(step)))"))
        }
        return findings
    }

    private func processFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        let counts: [(Character, HealthThresholds.Steps, String)] = [
            ("Z", thresholds.zombies, "zombie processes, whose parents do not collect them"),
            ("D", thresholds.blocked, "processes blocked in the kernel (state D), as when a disk does not answer"),
        ]
        return counts.compactMap { state, steps, what in
            let members = processes.filter { $0.state == state }
            guard let (grade, step) = steps.grade(Double(members.count)) else { return nil }
            let names = Set(members.map(\.name)).sorted().prefix(3).map { PrintableText.line($0, limit: 32) }
            return HealthFinding(
                grade, "\(members.count) \(what): \(names.joined(separator: ", ")) (threshold \(Int(step)))")
        }
    }

    private func kernelFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        var findings: [HealthFinding] = []
        for (name, used, most) in [
            ("open files", openFiles, maximumOpenFiles), ("tracked connections", connections, maximumConnections),
        ] {
            guard let used, let most, most > 0 else { continue }
            let percent = Double(used) * 100 / Double(most)
            guard let (grade, step) = thresholds.openFiles.grade(percent) else { continue }
            findings.append(
                HealthFinding(
                    grade,
                    "\(used) \(name), \(Figures.percent(percent)) of the most there may be "
                        + "(threshold \(Figures.percent(step)))"))
        }
        if isClockSynchronised == false {
            findings.append(HealthFinding(.warn, "the clock is not synchronised with a time server"))
        }
        if needsReboot {
            findings.append(HealthFinding(.warn, "the machine is to be rebooted for updates that are installed"))
        }
        return findings
    }
}
