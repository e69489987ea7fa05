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
        byName = Dictionary(tools.map { ($0.definition.name, $0) }) { first, _ in first }
    }

    package subscript(name: String) -> (any Tool)? { byName[name] }

    private static func all(_ machine: Machine) -> [any Tool] {
        let settings = machine.settings
        let runner = machine.runner
        return [
            CheckPortTool(processes: machine.processes, ports: machine.ports),
            DockerLogsTool(runner: runner, settings: settings.entry(.dockerLogs), logs: settings.logs),
            DockerPsTool(runner: runner, settings: settings.entry(.dockerPs)),
            DockerRestartTool(runner: runner, settings: settings.entry(.dockerRestart)),
            SystemHealthTool(
                proc: machine.processes.root, thresholds: settings.health, failedUnits: machine.failedUnits),
        ]
    }
}
