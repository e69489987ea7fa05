package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON

/// `check_port`: who listens on a port, and whether it answers.
package struct CheckPortTool: Tool {
    private static let port = Argument<Int>.integer("port", "The port's number.", in: 1...65535)
    private static let table = ArgumentTable(port)

    private let processes: ProcessTable
    private let ports: PortTable

    package init(processes: ProcessTable = ProcessTable(), ports: PortTable = PortTable()) {
        (self.processes, self.ports) = (processes, ports)
    }

    package let definition = ToolDefinition(
        name: ToolName.checkPort.rawValue, title: "Check a port",
        description: """
            Says which process listens on a TCP or UDP port of this machine, with its pid, systemd unit or container, \
            on which addresses, and whether a TCP connection is taken. Use it when a service cannot bind ("Address \
            already in use"), or to see whether a service listens at all. Answers in one line for each holder, or that \
            the port is free.
            """,
        inputSchema: Self.table.schema, readOnly: true, idempotent: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        .reading(.checkPort) { () throws(Refusal) in
            let number = try ArgumentReader(arguments, table: Self.table).read(Self.port)
            let port = UInt16(clamping: number)
            return .kernelRead(.checkPort, command: "check_port \(port)") { [self] _ in ToolReport(check(port)) }
        }
    }

    package func check(_ port: UInt16) -> ToolResult {
        var report = PortReport.read(port, processes: processes, ports: ports)
        let addresses = report.listeners.filter { $0.transport == .tcp }.map(\.address.reachable)
        for address in addresses {
            let answer = PortProbe.connect(to: address, port: port)
            if report.answer == nil || answer.isOpen { report.answer = answer }
            if answer.isOpen { break }
        }
        return .success(report.text, metadata: report.metadata)
    }
}
