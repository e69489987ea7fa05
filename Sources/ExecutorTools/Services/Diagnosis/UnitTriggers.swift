import Systemd

/// What a timer, a socket or a path unit starts, where that does not work.
struct UnitTriggers: Sendable {
    let unit: UnitState
    let bus: SystemBus

    func findings() -> [UnitFinding] {
        let listed = (try? bus.units(named: unit.texts("Triggers"))) ?? []
        return listed.compactMap { other in
            let name = SafeText.line(other.name, limit: 255)
            switch (other.load, other.active) {
            case ("not-found", _):
                return UnitFinding(.missingDependency, "It starts \(name), which does not exist.")
            case ("masked", _): return UnitFinding(.missingDependency, "It starts \(name), which is masked.")
            case (_, "failed"):
                let why =
                    (try? bus.unit(other.name)).flatMap { ExitMeaning.result(of: $0) } ?? "check_service says why."
                return UnitFinding(
                    .triggeredFailed, "It starts \(name), which failed: \(why) check_service \(name) has its causes.")
            default: return nil
            }
        }
    }
}
