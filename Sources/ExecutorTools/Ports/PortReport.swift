package import StrictJSON

/// Who listens on a port, put together from the kernel's tables.
package struct PortListener: Sendable, Hashable {
    package var transport: PortSocket.Transport
    package var address: SocketAddress
    /// `nil` where this user may not see whose the socket is.
    package var pid: Int32?
    package var program: String?
    package var unit: String?
    package var container: String?

    package var json: JSONValue {
        .object(compacting: [
            "protocol": .string(transport.rawValue), "address": .string(address.description),
            "pid": pid.map { JSONValue(Int($0)) }, "program": program.map { .string($0) },
            "unit": unit.map { .string($0) }, "container": container.map { .string($0) },
        ])
    }
}

/// What is known about one port.
package struct PortReport: Sendable, Hashable {
    package var port: UInt16
    package var listeners: [PortListener]
    /// A socket that has the port and does not listen: a connection, or one that is being closed.
    package var hasOtherSockets: Bool
    package var hiddenProcesses: Int
    /// Whether a connection was taken; `nil` where nothing listens for TCP.
    package var answer: PortProbe.Answer?

    /// One more holder of the same socket is the worker of the same program: they are shown as the first of them.
    package static func read(_ port: UInt16, processes: ProcessTable, ports: PortTable) -> PortReport {
        let sockets = ports.sockets(onPort: port)
        let listening = sockets.filter { $0.state == .listening }
        let holders = processes.holders(of: Set(listening.map(\.inode)))
        var listeners: [PortListener] = []
        for socket in listening {
            let pids = holders.pids[socket.inode] ?? []
            // systemd holds the sockets it passes on; whoever else has one open is the service itself.
            let pid = pids.first { $0 != 1 } ?? pids.first
            let membership = pid.map { processes.membership(of: $0) }
            let listener = PortListener(
                transport: socket.transport, address: socket.address, pid: pid,
                program: pid.flatMap { processes.process($0)?.name }.map { PrintableText.line($0, limit: 64) },
                unit: membership?.unit.map { PrintableText.line($0, limit: 256) }, container: membership?.container)
            if !listeners.contains(listener) { listeners.append(listener) }
        }
        return PortReport(
            port: port, listeners: listeners, hasOtherSockets: sockets.contains { $0.state == .other },
            hiddenProcesses: holders.hiddenProcesses, answer: nil)
    }

    /// As in `port 80: apache2 (pid 1234), unit apache2.service, on 0.0.0.0`, a line for each holder.
    package var text: String {
        guard !listeners.isEmpty else {
            return hasOtherSockets
                ? "port \(port): nobody listens, but a connection uses it."
                : "port \(port): free, nobody listens on it."
        }
        var lines: [String] = []
        for holder in holders {
            let addresses = listeners.filter { Holder($0) == holder }.map {
                $0.transport == .tcp ? "\($0.address)" : "\($0.address) (udp)"
            }
            lines.append("port \(port): \(holder.text), on \(addresses.joined(separator: " and "))")
        }
        if let answer { lines.append("port \(port) \(answer.text)") }
        if listeners.contains(where: { $0.pid == nil }), hiddenProcesses > 0 {
            lines.append("\(hiddenProcesses) processes of other users could not be looked into.")
        }
        return lines.joined(separator: "\n")
    }

    package var metadata: [String: JSONValue] {
        var metadata: [String: JSONValue] = [
            "port": JSONValue(Int(port)), "free": JSONValue(listeners.isEmpty),
            "listeners": .array(listeners.map(\.json)),
        ]
        if let answer { metadata["answers"] = JSONValue(answer.isOpen) }
        return metadata
    }

    /// A process, with all the addresses it listens on.
    private struct Holder: Hashable {
        var pid: Int32?
        var program: String?
        var unit: String?
        var container: String?

        init(_ listener: PortListener) {
            (pid, program, unit, container) = (listener.pid, listener.program, listener.unit, listener.container)
        }

        var text: String {
            guard let pid else { return "a process that is not to be seen" }
            let parts = [unit.map { "unit \($0)" }, container.map { "container \($0)" }].compactMap { $0 }
            return (["\(program ?? "?") (pid \(pid))"] + parts).joined(separator: ", ")
        }
    }

    private var holders: [Holder] {
        listeners.map { Holder($0) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
