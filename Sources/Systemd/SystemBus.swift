import CSystemd
import Glibc
import Synchronization

/// systemd, asked over D-Bus.
///
/// Questions share one connection, made at the first and made again when it breaks; a job has one of its own, so
/// that a slow restart holds up nobody who asks.
package final class SystemBus: Sendable {
    let address: String?
    private let timeout: Duration
    private let shared = Mutex<BusConnection?>(nil)

    /// - Parameters:
    ///   - address: A D-Bus address; `nil` for the machine's own system bus.
    ///   - timeout: Of connecting and of each question.
    package init(address: String? = nil, timeout: Duration = .seconds(5)) {
        (self.address, self.timeout) = (address, timeout)
    }

    /// Whether systemd is this machine's service manager.
    ///
    /// The corresponding C function is `sd_booted`.
    package static var isBooted: Bool { sd_booted() > 0 }

    /// The state of a unit, by its full name, in one question.
    ///
    /// systemd loads a unit it did not have loaded; one that does not exist has the load state `not-found`.
    package func unit(_ name: String) throws(SystemdError) -> UnitState {
        let path = Self.path(of: name)
        let properties = try ask { connection throws(SystemdError) in
            // An empty interface stands for all of the unit's.
            try connection.call(path, "org.freedesktop.DBus.Properties", "GetAll", [""], timeout: timeout) {
                reader throws(SystemdError) in try reader.properties(UnitState.wanted)
            }
        }
        return UnitState(name: name, properties: properties)
    }

    /// Every unit that is loaded.
    package func units() throws(SystemdError) -> [ListedUnit] {
        let answer = try ask { connection throws(SystemdError) in
            try connection.call(
                BusConnection.managerPath, BusConnection.manager, "ListUnits", timeout: timeout
            ) { reader throws(SystemdError) in try reader.values() }
        }
        return (answer.first?.elements ?? []).compactMap { ListedUnit($0.elements) }
    }

    /// These units, by their full names, in one question; one that does not exist is `not-found`.
    package func units(named names: [String]) throws(SystemdError) -> [ListedUnit] {
        guard !names.isEmpty else { return [] }
        let answer = try ask { connection throws(SystemdError) in
            try connection.call(
                BusConnection.managerPath, BusConnection.manager, "ListUnitsByNames", list: names, timeout: timeout
            ) { reader throws(SystemdError) in try reader.values() }
        }
        return (answer.first?.elements ?? []).compactMap { ListedUnit($0.elements) }
    }

    /// The names of all units: those loaded and those that only have a file.
    package func unitNames() throws(SystemdError) -> Set<String> {
        let loaded = try units().filter { $0.load != "not-found" }.map(\.name)
        let files = try ask { connection throws(SystemdError) in
            try connection.call(
                BusConnection.managerPath, BusConnection.manager, "ListUnitFiles", timeout: timeout
            ) { reader throws(SystemdError) in try reader.values() }
        }
        let named = (files.first?.elements ?? []).compactMap { $0.elements.first?.text?.split(separator: "/").last }
        return Set(loaded + named.map(String.init))
    }

    /// Starts, stops or restarts a unit (mode `replace`), and waits for the job to be over.
    ///
    /// A job that is not over in time, or when the call is cancelled, goes on in systemd: the error says so.
    package func run(
        _ verb: UnitJob.Verb, _ name: String, timeout limit: Duration, isCancelled: () -> Bool = { false }
    ) throws(SystemdError) -> UnitJob {
        let connection = try BusConnection(address: address, timeout: timeout)
        try connection.listen(for: "JobRemoved")
        let start = ContinuousClock.now
        let job = try connection.call(
            BusConnection.managerPath, BusConnection.manager, verb.method, [name, "replace"], timeout: timeout
        ) { reader throws(SystemdError) in try reader.values().first?.text }
        while true {
            if isCancelled() {
                throw SystemdError(.cancelled, "Cancelled while systemd was at it; the job goes on there.")
            }
            let elapsed = ContinuousClock.now - start
            guard elapsed < limit else {
                throw SystemdError(
                    .timeout, "timeout: after \(limit) systemd was not done with it; the job goes on there.")
            }
            guard let signal = try connection.nextSignal("JobRemoved", within: min(Self.slice, limit - elapsed)),
                signal.count == 4, signal[1].text == job
            else { continue }
            return UnitJob(
                result: signal[3].text.flatMap { UnitJob.Result(rawValue: $0) } ?? .unknown, duration: .now - start)
        }
    }

    /// How long a cancellation may go unnoticed.
    private static let slice = Duration.milliseconds(50)

    /// The corresponding C function is `sd_bus_path_encode`.
    static func path(of unit: String) -> String {
        var raw: UnsafeMutablePointer<CChar>?
        guard sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &raw) >= 0, let raw else { return "/" }
        defer { free(raw) }
        return String(cString: raw)
    }

    /// Asks over the shared connection; one that broke is made again, once.
    private func ask<Answer: Sendable>(
        _ question: (BusConnection) throws(SystemdError) -> Answer
    ) throws(SystemdError) -> Answer {
        try shared.withLock { connection throws(SystemdError) in
            if let known = connection {
                do throws(SystemdError) {
                    return try question(known)
                } catch {
                    guard [.unreachable, .timeout].contains(error.code) else { throw error }
                    connection = nil
                    if error.code == .timeout { throw error }
                }
            }
            let fresh = try BusConnection(address: address, timeout: timeout)
            let answer = try question(fresh)
            connection = fresh
            return answer
        }
    }
}

/// What became of a job.
package struct UnitJob: Sendable, Hashable {
    package enum Verb: String, Sendable, Hashable {
        case start
        case stop
        case restart

        var method: String {
            switch self {
            case .start: "StartUnit"
            case .stop: "StopUnit"
            case .restart: "RestartUnit"
            }
        }
    }

    /// `JobRemoved`'s result, org.freedesktop.systemd1(5).
    package enum Result: String, Sendable, Hashable {
        case done
        case canceled
        case timeout
        case failed
        case dependency
        case skipped
        case assert
        case invalid
        case unsupported
        case collected
        case once
        case unknown
    }

    package let result: Result
    package let duration: Duration
}

/// A line of `systemctl list-units`.
package struct ListedUnit: Sendable, Hashable {
    package let name: String
    package let description: String
    package let load: String
    package let active: String
    package let sub: String

    init?(_ fields: [BusValue]) {
        let texts = fields.prefix(5).compactMap(\.text)
        guard texts.count == 5 else { return nil }
        (name, description, load, active, sub) = (texts[0], SafeText.line(texts[1]), texts[2], texts[3], texts[4])
    }
}
