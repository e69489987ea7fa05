package import StrictJSON

/// A process that has a port, as far as it can be seen.
package struct PortHolder: Sendable, Hashable {
    /// `nil` where this user may not see whose the socket is.
    package var pid: Int32?
    package var program: String?
    package var unit: String?
    package var container: String?
    /// Where docker's proxy passes connections on to, as in `172.17.0.2:80`.
    package var forwardsTo: String?

    /// What nobody is known to hold.
    package static let unseen = PortHolder()

    private init() {}

    init(_ pid: Int32, processes: ProcessTable) {
        let membership = processes.membership(of: pid)
        self.pid = pid
        program = processes.process(pid).map { PrintableText.line($0.name, limit: 64) }
        (unit, container) = (membership.unit.map { PrintableText.line($0, limit: 256) }, membership.container)
        if program == "docker-proxy" { forwardsTo = Self.destination(processes.command(of: pid) ?? "") }
    }

    /// `docker-proxy … -container-ip 172.17.0.2 -container-port 80`
    private static func destination(_ command: String) -> String? {
        let words = command.split(separator: " ")
        func value(_ option: Substring) -> Substring? {
            words.firstIndex(of: option).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        }
        guard let address = value("-container-ip"), let port = value("-container-port") else { return nil }
        return PrintableText.line("\(address):\(port)", limit: 64)
    }

    var text: String {
        guard let pid else { return "a process that is not to be seen" }
        let parts = [
            unit.map { "unit \($0)" }, container.map { "container \($0)" }, forwardsTo.map { "passing on to \($0)" },
        ]
        return (["\(program ?? "?") (pid \(pid))"] + parts.compactMap { $0 }).joined(separator: ", ")
    }

    var members: [String: JSONValue?] {
        [
            "pid": pid.map { JSONValue(Int($0)) }, "program": program.map { .string($0) },
            "unit": unit.map { .string($0) }, "container": container.map { .string($0) },
            "forwards_to": forwardsTo.map { .string($0) },
        ]
    }
}

/// Who listens on a port, put together from the kernel's tables.
package struct PortListener: Sendable, Hashable {
    package var transport: PortSocket.Transport
    package var address: SocketAddress
    package var holder: PortHolder
    /// The socket unit systemd holds it open for.
    package var socketUnit: String?
    package var waiting: PortSocket.Waiting?

    /// The queue of connections that nobody has taken yet has no place for another.
    package var isFull: Bool { waiting.map { $0.limit > 0 && $0.count > $0.limit } ?? false }

    package var json: JSONValue {
        .object(
            compacting: holder.members.merging([
                "protocol": .string(transport.rawValue), "address": .string(address.description),
                "socket_unit": JSONValue(socketUnit), "waiting": waiting.map { JSONValue($0.count) },
                "waiting_limit": waiting.map { JSONValue($0.limit) },
            ]) { own, _ in own })
    }
}

/// A socket that has a port and does not listen: a connection, or one that is being closed.
package struct PortUser: Sendable, Hashable {
    package var transport: PortSocket.Transport
    package var state: String
    package var peer: String?
    package var holder: PortHolder

    var text: String {
        // What waits out its time belongs to nobody any more.
        let who = holder.pid == nil ? "a connection" : holder.text
        return "\(who), \(state)\(peer.map { " with \($0)" } ?? "")"
    }

    var json: JSONValue {
        .object(
            compacting: holder.members.merging([
                "protocol": .string(transport.rawValue), "state": .string(state), "peer": JSONValue(peer),
            ]) { own, _ in own })
    }
}

/// What is known about one port.
package struct PortReport: Sendable, Hashable {
    package var port: UInt16
    package var listeners: [PortListener]
    /// Where nobody listens, who uses it otherwise; the first few.
    package var users: [PortUser]
    package var userCount: Int
    package var hiddenProcesses: Int
    /// Whether a connection was taken; `nil` where nothing listens for TCP.
    package var answer: PortProbe.Answer?
    /// The container whose engine passes the port's connections on to it.
    package var publisher: String?
    /// Whether a listener on every address takes a connection by IPv4; `nil` where that needs no question.
    package var answersVersion4: Bool?

    /// Whether it may be a container's: an engine has a proxy listen, or nobody at all, when the kernel rewrites the packets.
    var mayBePublished: Bool {
        listeners.isEmpty || listeners.contains { Self.proxies.contains($0.holder.program ?? "") }
    }

    /// Docker's, and podman's in its kinds of network.
    private static let proxies: Set = ["docker-proxy", "conmon", "rootlessport", "slirp4netns", "pasta", "pasta.avx2"]

    private static let maximumUsers = 10

    /// One more holder of the same socket is the worker of the same program: they are shown as the first of them.
    ///
    /// - Parameter socketUnit: The socket unit that listens on a port, where systemd can be asked.
    package static func read(
        _ port: UInt16, processes: ProcessTable, ports: PortTable, socketUnit: (UInt16) -> String? = { _ in nil }
    ) -> PortReport {
        let sockets = ports.sockets(onPort: port)
        let listening = sockets.filter { $0.state == .listening }
        let others = sockets.filter { $0.state == .other }
        let shown = others.prefix(maximumUsers)
        let holders = processes.holders(of: Set((listening + shown).map(\.inode)))
        func holder(_ socket: PortSocket) -> (PortHolder, isSystemds: Bool) {
            let pids = holders.pids[socket.inode] ?? []
            // systemd holds the sockets it passes on; whoever else has one open is the service itself.
            guard let pid = pids.first(where: { $0 != 1 }) ?? pids.first else { return (.unseen, false) }
            let holder = PortHolder(pid, processes: processes)
            return (holder, pids.contains(1) || holder.unit == "init.scope")
        }
        var listeners: [PortListener] = []
        for socket in listening {
            let (holder, isSystemds) = holder(socket)
            let listener = PortListener(
                transport: socket.transport, address: socket.address, holder: holder,
                socketUnit: isSystemds ? socketUnit(port) : nil, waiting: socket.waiting)
            if !listeners.contains(listener) { listeners.append(listener) }
        }
        let users = shown.map {
            PortUser(transport: $0.transport, state: $0.stateName, peer: $0.peer, holder: holder($0).0)
        }
        return PortReport(
            port: port, listeners: listeners, users: users, userCount: others.count,
            hiddenProcesses: holders.hiddenProcesses, answer: nil)
    }

    /// As in `port 80: apache2 (pid 1234), unit apache2.service, on 0.0.0.0`, a line for each holder.
    package var text: String {
        guard !listeners.isEmpty else { return unheard }
        var lines: [String] = []
        for holder in holders {
            let addresses = listeners.filter { $0.holder == holder }.map {
                $0.transport == .tcp ? "\($0.address)" : "\($0.address) (udp)"
            }
            let socket = listeners.first { $0.holder == holder && $0.socketUnit != nil }?.socketUnit
            let by = socket.map { ", held open by \($0)" } ?? ""
            lines.append("port \(port): \(holder.text), on \(addresses.joined(separator: " and "))\(by)")
        }
        if let publisher { lines.append(Self.published(port, publisher)) }
        if let answer { lines.append("port \(port) \(answer.text)") }
        lines += reach
        if let full = listeners.first(where: \.isFull), let waiting = full.waiting {
            lines.append(
                "Its queue is full: \(waiting.count) connections wait to be taken, of \(waiting.limit) that may.")
        }
        if listeners.contains(where: { $0.holder.pid == nil }), hiddenProcesses > 0 {
            lines.append("\(hiddenProcesses) processes of other users could not be looked into.")
        }
        return lines.joined(separator: "\n")
    }

    /// Who cannot reach it, though it listens.
    private var reach: [String] {
        let addresses = listeners.map(\.address)
        if addresses.allSatisfy(\.isLoopback) {
            return ["Only programs on this machine reach it: it listens on no address that others see."]
        }
        return answersVersion4 == false ? ["By IPv4 nobody reaches it: it listens for IPv6 alone."] : []
    }

    private static func published(_ port: UInt16, _ container: String) -> String {
        "The container \(container) publishes port \(port): docker_ps and docker_logs tell more."
    }

    private var unheard: String {
        if let publisher {
            return "port \(port): no process of the machine listens on it. \(Self.published(port, publisher))"
        }
        guard !users.isEmpty else { return "port \(port): free, nobody listens on it." }
        let more = userCount > users.count ? ["and \(userCount - users.count) more"] : []
        return (["port \(port): nobody listens, but it is in use:"] + users.map(\.text) + more)
            .joined(separator: "\n")
    }

    package var metadata: [String: JSONValue] {
        var metadata: [String: JSONValue] = [
            "port": JSONValue(Int(port)), "free": JSONValue(listeners.isEmpty && users.isEmpty && publisher == nil),
            "listeners": .array(listeners.map(\.json)), "users": .array(users.map(\.json)),
        ]
        if let answer { metadata["answers"] = JSONValue(answer.isOpen) }
        if let publisher { metadata["published_by"] = .string(publisher) }
        return metadata
    }

    /// Each process once.
    private var holders: [PortHolder] {
        listeners.map(\.holder).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
