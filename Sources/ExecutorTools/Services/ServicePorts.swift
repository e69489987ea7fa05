/// The processes of a service, and the ports they listen on.
struct ServicePorts: Sendable {
    let machine: Machine

    /// The main process, what it started, and what systemd counts to the unit.
    func pids(of snapshot: ServiceSnapshot) -> Set<Int32> {
        let all = machine.processes.processes()
        var pids: Set<Int32> = []
        if let main = snapshot.pid { pids.insert(main) }
        if snapshot.unit != nil {
            pids.formUnion(all.map(\.pid).filter { machine.processes.membership(of: $0).unit == snapshot.name })
        }
        // A child has a higher pid than its parent but for wrap-around: a few rounds find the rest.
        for _ in 0..<3 { pids.formUnion(all.filter { pids.contains($0.parent) }.map(\.pid)) }
        return pids
    }

    func listeners(of snapshot: ServiceSnapshot) -> [PortSocket] {
        let pids = pids(of: snapshot)
        guard !pids.isEmpty else { return [] }
        let listeners = machine.ports.listeners().filter { $0.transport == .tcp }
        let holders = machine.processes.holders(of: Set(listeners.map(\.inode)))
        return listeners.filter { socket in holders.pids[socket.inode]?.contains(where: pids.contains) == true }
    }

    /// `80, 443`, or `nil` where it listens on none.
    static func text(_ sockets: [PortSocket]) -> String? {
        let ports = Set(sockets.map(\.port)).sorted()
        return ports.isEmpty ? nil : ports.map { String($0) }.joined(separator: ", ")
    }
}
