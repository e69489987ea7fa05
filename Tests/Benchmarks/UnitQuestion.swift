import Glibc
import StrictJSON
import Systemd

/// The state of a unit over the bus, beside `systemctl is-active`: medians of interleaved rounds.
///
/// Where systemd is not process 1, `SYSTEMD_TEST_BUS` names the bus of a machine that has it (scripts/guest.sh).
enum UnitQuestion {
    private static let rounds = 200
    private static let unit = "systemd-journald.service"

    /// `nil` where there is no systemd to ask.
    static func measure() throws -> JSONValue? {
        let address = getenv("SYSTEMD_TEST_BUS").map { String(cString: $0) }
        guard address != nil || SystemBus.isBooted else { return nil }
        if let address {
            setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1)
            // Process 1 has another root directory than systemctl here.
            setenv("SYSTEMD_IGNORE_CHROOT", "1", 1)
        }
        let bus = SystemBus(address: address)
        // The first question makes the connection, which the executor keeps.
        guard try bus.unit(unit).isActive else { return nil }
        var (questions, peers): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            questions.append(try Latency.time { _ = try bus.unit(unit) })
            peers.append(Latency.time { Latency.spawn("/usr/bin/systemctl", ["--quiet", "is-active", unit]) })
        }
        let (question, peer) = (Latency.median(questions), Latency.median(peers))
        return [
            "ms": JSONValue(question), "systemctl_is_active_ms": JSONValue(peer), "ratio": JSONValue(question / peer),
            "bar": 0.1,
        ]
    }
}
