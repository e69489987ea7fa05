import Systemd

/// What a unit needs that is not up, and what it cannot run beside.
struct UnitNeeds: Sendable {
    let unit: UnitState
    let bus: SystemBus

    /// So many of the units it names are looked at, in one question.
    private static let limit = 200

    func findings() -> [UnitFinding] {
        let bound = Set(unit.texts("BindsTo") + unit.texts("Requisite"))
        let hard = bound.union(unit.texts("Requires"))
        // What starts it falls with it: that is no cause.
        let soft = Set(unit.texts("Wants") + unit.texts("After")).subtracting(hard).subtracting(
            unit.texts("TriggeredBy"))
        let foes = Set(unit.texts("Conflicts") + unit.texts("ConflictedBy"))
        let names = hard.sorted() + foes.sorted() + soft.sorted()
        let listed = (try? bus.units(named: Array(names.prefix(Self.limit)))) ?? []
        return listed.compactMap { other in
            if foes.contains(other.name) { return Self.foe(other) }
            if hard.contains(other.name) { return Self.needed(other, isBound: bound.contains(other.name)) }
            // Many units are named for the case that they are there: only one that failed may be a cause.
            guard other.active == "failed" else { return nil }
            return UnitFinding(.missingDependency, "It is started after \(Self.name(other)), which failed.")
        }
    }

    /// What `Requires=` names is started with it, so that to be inactive is no fault; where it is bound to it, it is.
    private static func needed(_ other: ListedUnit, isBound: Bool) -> UnitFinding? {
        let fault: String
        switch (other.load, other.active) {
        case ("not-found", _): fault = "does not exist"
        case ("masked", _): fault = "is masked"
        case ("loaded", "failed"): fault = "failed"
        case ("loaded", "activating"): fault = "is still on its way up"
        case ("loaded", "inactive") where other.name.hasSuffix(".device"):
            fault = "is not there: no such device has appeared"
        case ("loaded", "inactive") where isBound: fault = "is not active"
        case ("loaded", _): return nil
        default: fault = "has no usable unit file (\(SafeText.line(other.load, limit: 40)))"
        }
        return UnitFinding(.missingDependency, "It needs \(name(other)), which \(fault).")
    }

    private static func foe(_ other: ListedUnit) -> UnitFinding? {
        guard other.active == "active" else { return nil }
        return UnitFinding(.conflict, "It cannot run beside \(name(other)), which is active (Conflicts=).")
    }

    private static func name(_ unit: ListedUnit) -> String { SafeText.line(unit.name, limit: 255) }
}
