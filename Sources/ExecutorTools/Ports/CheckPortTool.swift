package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON
package import Systemd

/// `check_port`: who listens on a port, and whether it answers.
package struct CheckPortTool: Tool {
    private static let port = Argument<Int>.integer("port", "The port's number.", in: 1...65535)
    private static let table = ArgumentTable(port)

    private let processes: ProcessTable
    private let ports: PortTable
    private let bus: SystemBus?

    /// - Parameter bus: systemd, where it is the service manager: it knows which socket unit a port came by.
    package init(
        processes: ProcessTable = ProcessTable(), ports: PortTable = PortTable(), bus: SystemBus? = nil
    ) {
        (self.processes, self.ports, self.bus) = (processes, ports, bus)
    }

    package let definition = ToolDefinition(
        name: ToolName.checkPort.rawValue, title: "Check a port",
        description: """
            Says which process listens on a TCP or UDP port of this machine, with its pid, systemd unit or container, \
            on which addresses, and whether a TCP connection is taken. Use it when a service cannot bind ("Address \
            already in use"), or to see whether a service listens at all. Answers in one line for each holder, or \
            that the port is free, or which connections use it though nobody listens.
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
        var report = PortReport.read(port, processes: processes, ports: ports, socketUnit: socketUnit)
        let addresses = report.listeners.filter { $0.transport == .tcp }.map(\.address.reachable)
        for address in addresses {
            let answer = PortProbe.connect(to: address, port: port)
            if report.answer == nil || answer.isOpen { report.answer = answer }
            if answer.isOpen { break }
        }
        return .success(report.text, metadata: report.metadata)
    }

    /// Socket units asked about one by one; each takes a fraction of a millisecond.
    private static let maximumAsked = 64

    /// The socket unit that listens on `port`: `Listen` holds pairs such as `("Stream", "[::]:80")`.
    private func socketUnit(_ port: UInt16) -> String? {
        let units = (try? bus?.units()) ?? []
        let sockets = units.filter { $0.name.hasSuffix(".socket") && $0.active == "active" }.prefix(Self.maximumAsked)
        return sockets.first { unit in
            let places = (try? bus?.unit(unit.name))?.values("Listen") ?? []
            return places.contains { $0.elements.last?.text?.hasSuffix(":\(port)") ?? false }
        }.map { PrintableText.line($0.name, limit: 256) }
    }
}
