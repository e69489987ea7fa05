import Systemd

extension UnitCauses {
    /// A command of `ExecStartPre=` or `ExecStartPost=` that failed and may not.
    struct FailedCheck: Sendable, Hashable {
        let path: String
        let command: String
        /// How it ended, as a wait status has it: 1 for exited.
        let code: Int64
        let status: Int64?

        var ending: String {
            code == 1 ? "exit status \(status ?? 0)" : "signal \(SignalName.name(Int32(clamping: status ?? 0)))"
        }

        /// Its arguments say so, as do those of nginx, apache, haproxy, sshd and named.
        var isConfigurationTest: Bool {
            let words = command.split(separator: " ").map { $0.lowercased() }
            return words.dropFirst().contains { ["-t", "-c", "-tq"].contains($0) }
                || words.contains { word in ["configtest", "config", "checkconf"].contains { word.contains($0) } }
        }
    }

    var failedCheck: FailedCheck? { failed("ExecStartPre") }

    /// org.freedesktop.systemd1(5): (path, argv, ignore, start, start, end, end, pid, code, status).
    func failed(_ property: String) -> FailedCheck? {
        unit.values(property).lazy.map(\.elements).compactMap { fields -> FailedCheck? in
            guard fields.count == 10, fields[2].bool == false, let path = fields[0].text,
                let code = fields[8].integer, code > 0, code != 1 || fields[9].integer != 0
            else { return nil }
            return FailedCheck(
                path: SafeText.line(path, limit: 200),
                command: SafeText.line(fields[1].texts.joined(separator: " "), limit: 200), code: code,
                status: fields[9].integer)
        }.first
    }
}
