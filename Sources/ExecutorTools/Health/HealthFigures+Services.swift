// Findings about what runs on the machine, and what it runs by: limits, units, clock, certificates, kernel.
extension HealthFigures {
    func limitFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        var findings: [HealthFinding?] = []
        for (check, name, used, most) in [
            ("open_files_percent", "open files", openFiles, maximumOpenFiles),
            ("connections_percent", "tracked connections (conntrack)", connections, maximumConnections),
            ("ephemeral_ports_percent", "ports for outgoing connections", ephemeralPorts?.used, ephemeralPorts?.size),
        ] {
            guard let used, let most, most > 0 else { continue }
            let percent = Double(used) * 100 / Double(most)
            findings.append(
                thresholds.openFiles.finding(check, percent) { step in
                    "\(used) \(name), \(Figures.percent(percent)) of the most there may be "
                        + "(threshold \(Figures.percent(step)))"
                })
        }
        for process in fileHungry {
            let name = "\(PrintableText.line(process.name, limit: 48)) (pid \(process.pid))"
            let percent = Double(process.open) * 100 / Double(process.limit)
            findings.append(
                thresholds.openFiles.finding("process_files_percent", of: name, percent) { step in
                    "\(name) has \(process.open) of the \(process.limit) files open that it may "
                        + "(threshold \(Figures.percent(step)))"
                })
        }
        return findings.compactMap { $0 }
    }

    func unitFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        guard let units else { return [] }
        var findings: [HealthFinding] = []
        if !units.failed.isEmpty {
            let names = units.failed.prefix(10).map { PrintableText.line($0) }.joined(separator: ", ")
            let count = units.failed.count
            findings.append(
                HealthFinding(
                    .warn, "failed_units", value: Double(count), threshold: 1,
                    "\(count) failed unit\(count == 1 ? "" : "s"): \(names)"))
        }
        for unit in units.restarting {
            let name = PrintableText.line(unit.name)
            let finding = thresholds.restarts.finding("unit_restarts", of: name, Double(unit.restarts)) { step in
                "\(name) restarts again and again: \(unit.restarts) times so far"
                    + (unit.result == "success" ? "" : ", result \(PrintableText.line(unit.result, limit: 32))")
                    + " (threshold \(Int(step)))"
            }
            if let finding { findings.append(finding) }
        }
        return findings
    }

    func clockFindings() -> [HealthFinding] {
        guard isClockSynchronised == false else { return [] }
        return [HealthFinding(.warn, "clock", "the clock is not synchronised with a time server")]
    }

    func certificateFindings(_ thresholds: HealthThresholds) -> [HealthFinding] {
        certificates.compactMap { certificate -> HealthFinding? in
            let file = PrintableText.line(certificate.file)
            guard let days = certificate.daysLeft else {
                return HealthFinding(
                    .warn, "certificate_days", of: file,
                    "the certificate \(file) cannot be read: \(certificate.fault ?? "no reason given")")
            }
            return thresholds.certificate.findingOfLack("certificate_days", of: file, Double(days)) { step in
                let date = certificate.expires.map { " (\($0))" } ?? ""
                let threshold = "threshold \(Int(step)) days"
                return days < 0
                    ? "the certificate \(file) expired \(-days) day\(days == -1 ? "" : "s") ago\(date); \(threshold)"
                    : "the certificate \(file) expires in \(days) day\(days == 1 ? "" : "s")\(date); \(threshold)"
            }
        }
    }

    func rebootFindings() -> [HealthFinding] {
        if let newer = newerKernel {
            return [
                HealthFinding(
                    .warn, "reboot",
                    "a reboot is due: the kernel \(newer.installed) is installed, \(newer.running) runs"
                )
            ]
        }
        guard needsReboot else { return [] }
        return [HealthFinding(.warn, "reboot", "the machine is to be rebooted for updates that are installed")]
    }
}
