package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON
package import Systemd

/// `system_health`: disks, memory, load and what is wrong with them, graded.
package struct SystemHealthTool: Tool {
    private static let table = ArgumentTable()

    private let root: String
    private let settings: HealthSettings
    private let bus: SystemBus?
    private let history = HealthHistory()

    /// - Parameter bus: systemd, where it is the service manager.
    package init(proc root: String = "/proc", settings: HealthSettings = HealthSettings(), bus: SystemBus? = nil) {
        (self.root, self.settings, self.bus) = (root, settings, bus)
    }

    package let definition = ToolDefinition(
        name: ToolName.systemHealth.rawValue, title: "State of the system",
        description: """
            Gives the state of this machine: how full each disk is (space and inodes), memory, swap, load against the \
            number of cores, pressure, OOM kills, failed and restarting units, zombie and blocked processes, open files, \
            ports, the clock, certificates, whether a reboot is due, and the busiest processes. Use it for questions about disk space, memory or slowness, and first when it is not clear what is \
            wrong. What is past a threshold is listed as warn or critical.
            """,
        inputSchema: Self.table.schema, readOnly: true, idempotent: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.systemHealth) { () throws(Refusal) in
            _ = try ArgumentReader(arguments, table: Self.table)
            return .kernelRead(.systemHealth, command: ToolName.systemHealth.rawValue) { [self] _ in
                ToolReport(report())
            }
        }
    }

    package func report() -> ToolResult {
        report(of: HealthFigures(proc: root, certificates: settings.certificates, bus: bus))
    }

    /// What these figures come to, beside those of the last look.
    package func report(of figures: HealthFigures) -> ToolResult {
        let change = history.compare(figures)
        let findings = figures.findings(settings.thresholds, since: change)
        let text = HealthText(figures: figures, change: change, thresholds: settings.thresholds, findings: findings)
        return .success(text.text, metadata: text.metadata)
    }
}
