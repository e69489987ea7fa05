import ExecutorAPI

/// The tools this executor offers: those that are not switched off.
package struct ToolCatalog: Sendable {
    /// In the order of their names.
    package let tools: [any Tool]
    private let byName: [String: any Tool]

    package init(machine: Machine) {
        let settings = machine.settings
        let all = Self.all(machine)
        tools = all.filter { (settings.tools[$0.definition.name] ?? ToolSettings.ToolEntry()).isEnabled }
            .sorted { $0.definition.name < $1.definition.name }
            .map { MaskedTool(tool: RecordedTool(tool: $0, machine: machine), mask: machine.masked) }
        byName = Dictionary(tools.map { ($0.definition.name, $0) }) { first, _ in first }
    }

    package subscript(name: String) -> (any Tool)? { byName[name] }

    private static func all(_ machine: Machine) -> [any Tool] {
        let settings = machine.settings
        let runner = machine.runner
        return [
            CheckPortTool(processes: machine.processes, ports: machine.ports),
            CheckServiceTool(machine: machine),
            DockerLogsTool(runner: runner, settings: settings.entry(.dockerLogs), logs: settings.logs),
            DockerPsTool(runner: runner, settings: settings.entry(.dockerPs)),
            DockerRestartTool(runner: runner, settings: settings.entry(.dockerRestart)),
            ReadLogsTool(machine: machine),
            RestartServiceTool(machine: machine),
            RunCommandTool(
                runner: runner, settings: settings.entry(.runCommand), units: UnitCommands(machine: machine)),
            SystemHealthTool(
                proc: machine.processes.root, thresholds: settings.health, failedUnits: machine.failedUnits),
            VerifyFixTool(machine: machine),
        ]
    }
}

extension UnitCommands {
    fileprivate init(machine: Machine) {
        let unitChange = UnitChange(machine: machine)
        let checkService = CheckServiceTool(machine: machine)
        self.init(
            change: { verb, unit, policy, approval in
                unitChange.prepare(verb, service: unit, policy: policy, approval: approval)
            },
            status: { unit, policy, context in
                // A service of the administrator's own is known to no systemctl, also where there is one.
                if let name = try? ServiceName(unit), case .systemd = machine.keeper(of: name) { return nil }
                return checkService.check(unit, policy: policy, context: context)
            })
    }
}
