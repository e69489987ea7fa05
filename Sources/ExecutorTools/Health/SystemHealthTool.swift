package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON

/// `system_health`: disks, memory, load and what is wrong with them, graded.
package struct SystemHealthTool: Tool {
    private static let table = ArgumentTable()

    private let root: String
    private let thresholds: HealthThresholds
    /// Units that have failed, where a service manager can be asked; `nil` where there is none.
    private let failedUnits: @Sendable () -> [String]?
    private let history = HealthHistory()

    package init(
        proc root: String = "/proc", thresholds: HealthThresholds = HealthThresholds(),
        failedUnits: @escaping @Sendable () -> [String]? = { nil }
    ) {
        (self.root, self.thresholds, self.failedUnits) = (root, thresholds, failedUnits)
    }

    package let definition = ToolDefinition(
        name: ToolName.systemHealth.rawValue, title: "State of the system",
        description: """
            Gives the state of this machine: how full each disk is (space and inodes), memory, swap, load against the \
            number of cores, pressure, failed units, zombie and blocked processes, open files, and the busiest \
            processes. Use it for questions about disk space, memory or slowness, and first when it is not clear what is \
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
        let figures = HealthFigures(proc: root)
        let change = history.compare(figures)
        let failed = failedUnits()
        var findings = figures.findings(thresholds)
        if let failed, !failed.isEmpty {
            let names = failed.prefix(10).map { PrintableText.line($0) }.joined(separator: ", ")
            findings.append(
                HealthFinding(.warn, "\(failed.count) failed unit\(failed.count == 1 ? "" : "s"): \(names)"))
        }
        let text = HealthText(figures: figures, change: change, thresholds: thresholds, findings: findings)
        return .success(text.text, metadata: text.metadata(failedUnits: failed))
    }
}
