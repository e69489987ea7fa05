package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON

/// `restart_service`: restarts a service and waits until that is known to have held.
package struct RestartServiceTool: Tool {
    private static let table = ArgumentTable(ServiceName.argument)

    private let machine: Machine

    package init(machine: Machine) { self.machine = machine }

    package let definition = ToolDefinition(
        name: ToolName.restartService.rawValue, title: "Restart a service",
        description: """
            Restarts a service, waits for the result and for three seconds more, and tells the state before and after; a \
            service that dies in them is a failure, with its cause and the log of just this start. Use it once the cause is known; it \
            also starts a service that is down. To start or stop one, use run_command with `systemctl start NAME` or \
            `systemctl stop NAME`. Call verify_fix afterwards.
            """,
        inputSchema: Self.table.schema, readOnly: false, destructive: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        do throws(Refusal) {
            let service = try ArgumentReader(arguments, table: Self.table).read(ServiceName.argument)
            return UnitChange(machine: machine).prepare(
                .restart, service: service, policy: policy, approval: machine.settings.entry(.restartService).approval)
        } catch {
            return .refused(error, command: ToolName.restartService.rawValue)
        }
    }
}
