package import Systemd

/// What is wrong with the units, as systemd sees it.
package struct UnitHealth: Sendable, Hashable {
    /// A unit that was restarted by systemd, and is young again.
    package struct Restarting: Sendable, Hashable {
        package var name: String
        /// `NRestarts`: automatic restarts since it was last started by hand.
        package var restarts: Int
        package var result: String

        package init(name: String, restarts: Int, result: String) {
            (self.name, self.restarts, self.result) = (name, restarts, result)
        }
    }

    package var failed: [String]
    package var restarting: [Restarting]

    package init(failed: [String], restarting: [Restarting] = []) {
        (self.failed, self.restarting) = (failed, restarting)
    }

    /// A service whose process is older than this does not restart again and again.
    private static let youth = Duration.seconds(120)
    /// Units asked about one by one; each takes a fraction of a millisecond.
    private static let maximumAsked = 16

    /// - Parameter processes: To see which services have a young process.
    package init?(bus: SystemBus, processes: [ProcessEntry], table: ProcessTable, uptime: Duration) {
        guard let units = try? bus.units() else { return nil }
        failed = units.filter { $0.active == "failed" }.map(\.name).sorted()
        let waiting = units.filter { $0.sub.hasPrefix("auto-restart") }.map(\.name)
        let services = Set(units.filter { $0.name.hasSuffix(".service") }.map(\.name))
        let young = Self.young(processes, uptime).compactMap { table.membership(of: $0.pid).unit }
        restarting = Set(waiting + young).intersection(services).sorted().prefix(Self.maximumAsked)
            .compactMap { name in
                guard let state = try? bus.unit(name), state.restarts > 0 else { return nil }
                return Restarting(name: name, restarts: state.restarts, result: state.result)
            }
    }

    private static func young(_ processes: [ProcessEntry], _ uptime: Duration) -> [ProcessEntry] {
        let first = (uptime - youth) / .seconds(1) * ProcessTable.ticksPerSecond
        let young = processes.filter { Double($0.startTicks) >= first }
        // A machine that forks all day has many: the youngest are enough to see a loop.
        return Array(young.sorted { $0.startTicks > $1.startTicks }.prefix(64))
    }
}
