import ExecutorAPI
package import ExecutorPolicy

/// The tools this executor offers: those that are not switched off.
package struct ToolCatalog: Sendable {
    /// In the order of their names; the administrator's own among them, whether or not they can be offered now.
    package let tools: [any Tool]
    private let byName: [String: any Tool]
    private let ownNames: Set<String>
    private let prerequisites: Prerequisites

    package init(machine: Machine) {
        let settings = machine.settings
        let all =
            Self.all(machine)
            + settings.ownTools.map { OwnTool($0, runner: machine.runner, settings: settings.entry(of: $0.name)) }
        tools = all.filter { settings.entry(of: $0.definition.name).isEnabled }
            .sorted { $0.definition.name < $1.definition.name }
            .map { MaskedTool(tool: RecordedTool(tool: $0, machine: machine), mask: machine.masked) }
        byName = Dictionary(tools.map { ($0.definition.name, $0) }) { first, _ in first }
        let own = settings.ownTools.filter { settings.entry(of: $0.name).isEnabled }
        ownNames = Set(own.map(\.name))
        prerequisites = Prerequisites(own, runner: machine.runner)
    }

    /// What a list of tools shows: the ten, and of the administrator's own those whose program is there and whose
    /// prerequisite succeeds.
    package func offered(policy: Policy) -> [any Tool] {
        if ownNames.isEmpty { return tools }
        let met = prerequisites.met(policy: policy)
        return tools.filter { !ownNames.contains($0.definition.name) || met.contains($0.definition.name) }
    }

    package subscript(name: String) -> (any Tool)? { byName[name] }

    private static func all(_ machine: Machine) -> [any Tool] {
        let settings = machine.settings
        let runner = machine.runner
        return [
            CheckPortTool(
                processes: machine.processes, ports: machine.ports, bus: machine.systemBus(), runner: runner),
            CheckServiceTool(machine: machine),
            DockerLogsTool(runner: runner, settings: settings.entry(.dockerLogs), logs: settings.logs),
            DockerPsTool(runner: runner, settings: settings.entry(.dockerPs)),
            DockerRestartTool(runner: runner, settings: settings.entry(.dockerRestart)),
            ReadLogsTool(machine: machine),
            RestartServiceTool(machine: machine),
            RunCommandTool(
                runner: runner, settings: settings.entry(.runCommand), units: UnitCommands(machine: machine)),
            SystemHealthTool(
                proc: machine.processes.root, settings: settings.health, bus: machine.systemBus()),
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
