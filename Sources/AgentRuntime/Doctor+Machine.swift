import Foundation

// What the machine itself says: files, disk, service manager.
extension Doctor {
    /// A database that cannot grow stops the agent; the executor refuses commands it cannot record.
    private static let leastFreeBytes = 200 << 20

    /// Settings and secrets are for root's eyes, the memory for the agent's.
    func permissions() -> [DoctorFinding] {
        let secrets = (try? FileManager.default.contentsOfDirectory(atPath: places.credentials)) ?? []
        let files = [places.environmentFile] + secrets.sorted().map { "\(places.credentials)/\($0)" } + [places.state]
        let findings = files.compactMap { exposure(of: $0) }
        return findings.isEmpty
            ? [DoctorFinding("permissions", .good, "Settings, secrets and memory are closed to others.")] : findings
    }

    /// `nil` where others cannot read it, or it is not there.
    private func exposure(of path: String) -> DoctorFinding? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
        let mode = String(status.st_mode & 0o777, radix: 8)
        return DoctorFinding(
            "permissions", .bad, "\(path) has mode \(mode): others can look into it.", remedy: "chmod go= \(path)")
    }

    func disk() -> DoctorFinding {
        var figures = statvfs()
        guard statvfs(places.state, &figures) == 0 else {
            return DoctorFinding(
                "disk", .unknown, "\(places.state) cannot be looked at: \(String(cString: strerror(errno))).")
        }
        let free = Int(figures.f_bavail) * Int(figures.f_frsize)
        let text = "\(free >> 20) MiB are free for \(places.state)."
        guard free < Self.leastFreeBytes else { return DoctorFinding("disk", .good, text) }
        return DoctorFinding("disk", .bad, text, remedy: "Make room: du -xsh /var/* shows who takes it.")
    }

    func systemd() -> DoctorFinding {
        // sd_booted(3)
        guard FileManager.default.fileExists(atPath: "/run/systemd/system") else {
            return DoctorFinding(
                "systemd", .warning, "This machine was not booted by systemd: nobody starts the agent again.",
                remedy: "Run both daemons under a supervisor of your own.")
        }
        return DoctorFinding("systemd", .good, "The machine was booted by systemd.")
    }
}
