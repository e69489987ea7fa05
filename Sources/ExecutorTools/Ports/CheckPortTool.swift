package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON
package import Systemd

/// `check_port`: who listens on a port, and whether it answers.
package struct CheckPortTool: Tool {
    private static let port = Argument<Int>.integer("port", "The port's number.", in: 1...65535)
    private static let table = ArgumentTable(port)

    private let processes: ProcessTable
    private let ports: PortTable
    private let bus: SystemBus?
    private let runner: Runner?

    /// - Parameters:
    ///   - bus: systemd, where it is the service manager: it knows which socket unit a port came by.
    ///   - runner: By which the engine is asked, where the rules allow `docker ps -a`: it knows which container has it.
    package init(
        processes: ProcessTable = ProcessTable(), ports: PortTable = PortTable(), bus: SystemBus? = nil,
        runner: Runner? = nil
    ) {
        (self.processes, self.ports, self.bus, self.runner) = (processes, ports, bus, runner)
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
            return .kernelRead(.checkPort, command: "check_port \(port)") { [self] context in
                let published = runner.map {
                    PublishedPorts(
                        docker: DockerCommand(runner: $0, policy: policy), cancellation: context.cancellation)
                }
                return ToolReport(check(port, published))
            }
        }
    }

    package func check(_ port: UInt16) -> ToolResult { check(port, nil) }

    private func check(_ port: UInt16, _ published: PublishedPorts?) -> ToolResult {
        var report = PortReport.read(port, processes: processes, ports: ports, socketUnit: socketUnit)
        let addresses = report.listeners.filter { $0.transport == .tcp }.map(\.address.reachable)
        for address in addresses {
            let answer = PortProbe.connect(to: address, port: port)
            if report.answer == nil || answer.isOpen { report.answer = answer }
            if answer.isOpen { break }
        }
        // A socket of version 6 takes version 4 as well, unless its program or `net.ipv6.bindv6only` says otherwise.
        if !addresses.isEmpty, addresses.allSatisfy(\.isVersion6), report.listeners.contains(where: \.address.isAny) {
            report.answersVersion4 = PortProbe.connect(to: .loopback4, port: port).isOpen
        }
        if report.mayBePublished { report.publisher = published?.container(publishing: port)?.name }
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
