import StrictJSON
import Systemd

/// The state of a unit over the bus, and all that `check_service` reads of it, beside `systemctl is-active`: medians of
/// interleaved rounds.
enum UnitQuestion {
    private static let rounds = 200
    private static let unit = "systemd-journald.service"

    /// `nil` where there is no systemd to ask, for either of the two: a peer that fails is quick, and measures nothing.
    static func measure() throws -> JSONValue? {
        guard SystemBus.isBooted, Latency.spawn("/usr/bin/systemctl", ["--quiet", "is-active", unit]) == 0 else {
            return nil
        }
        let bus = SystemBus()
        // The first question makes the connection, which the executor keeps.
        guard try bus.unit(unit).isActive else { return nil }
        var (states, wholes, peers): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<rounds {
            states.append(try Latency.time { _ = try bus.units(named: [unit]) })
            wholes.append(try Latency.time { _ = try bus.unit(unit) })
            peers.append(Latency.time { Latency.spawn("/usr/bin/systemctl", ["--quiet", "is-active", unit]) })
        }
        let (state, whole, peer) = (Latency.median(states), Latency.median(wholes), Latency.median(peers))
        return [
            "state_ms": JSONValue(state), "systemctl_is_active_ms": JSONValue(peer), "ratio": JSONValue(state / peer),
            "bar": 0.1, "all_properties_ms": JSONValue(whole), "all_properties_ratio": JSONValue(whole / peer),
        ]
    }
}
