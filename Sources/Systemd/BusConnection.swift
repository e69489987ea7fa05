import CSystemd
import Glibc

/// One connection to the bus; for one thread at a time, which its owner sees to.
final class BusConnection {
    private let bus: OpaquePointer

    /// The corresponding C functions are `sd_bus_new`, `sd_bus_set_address` and `sd_bus_start`.
    ///
    /// - Parameter address: `nil` for systemd itself on this machine: for root its private socket, else, and where that
    ///   is not there, the system bus.
    init(address: String?, timeout: Duration) throws(SystemdError) {
        var problem: SystemdError?
        for candidate in address.map({ [$0] }) ?? Self.addresses {
            do {
                bus = try Self.open(candidate, timeout)
                return
            } catch {
                problem = error
            }
        }
        throw problem ?? SystemdError(.unreachable, "There is no bus to talk to.")
    }

    deinit { sd_bus_close_unref(bus) }

    private static var addresses: [String] {
        geteuid() == 0 ? [privateAddress, systemBusAddress] : [systemBusAddress]
    }
    /// Where services other than systemd are.
    static var systemBusAddress: String {
        getenv("DBUS_SYSTEM_BUS_ADDRESS").map { String(cString: $0) } ?? "unix:path=/run/dbus/system_bus_socket"
    }
    /// systemd answers root here without a bus daemon between, as `systemctl` asks it; it does while D-Bus is down.
    private static let privateAddress = "unix:path=/run/systemd/private"

    private static func open(_ address: String, _ timeout: Duration) throws(SystemdError) -> OpaquePointer {
        var bus: OpaquePointer?
        try check("The bus cannot be reached", sd_bus_new(&bus))
        guard let bus else { throw SystemdError(.unreachable, "There is no bus to talk to.") }
        do throws(SystemdError) {
            try check("The bus cannot be reached", sd_bus_set_address(bus, address))
            sd_bus_set_bus_client(bus, address == privateAddress ? 0 : 1)
            sd_bus_set_method_call_timeout(bus, timeout.microseconds)
            try check("The bus cannot be reached", sd_bus_start(bus))
            try awaitReady(bus, timeout)
        } catch {
            sd_bus_close_unref(bus)
            throw SystemdError(.unreachable, error.message)
        }
        return bus
    }

    /// Takes part in the greeting until the bus has answered: libsystemd by itself would wait 90 s for it.
    private static func awaitReady(_ bus: OpaquePointer, _ timeout: Duration) throws(SystemdError) {
        let deadline = ContinuousClock.now + timeout
        while try check("The bus cannot be reached", sd_bus_is_ready(bus)) == 0 {
            if try check("The bus cannot be reached", sd_bus_process(bus, nil)) > 0 { continue }
            let left = deadline - .now
            guard left > .zero else { throw SystemdError(.unreachable, "The bus does not answer (timeout).") }
            try check("The bus cannot be reached", sd_bus_wait(bus, left.microseconds))
        }
    }

    /// Calls a method whose arguments are all texts, or one list of texts.
    ///
    /// The corresponding C function is `sd_bus_call`.
    func call<Answer>(
        _ path: String, _ interface: String, _ member: String, _ arguments: [String] = [], list: [String]? = nil,
        to service: String = systemd, timeout: Duration,
        read: (BusMessageReader) throws(SystemdError) -> Answer
    ) throws(SystemdError) -> Answer {
        var request: OpaquePointer?
        try check(
            "The call \(member) cannot be made",
            sd_bus_message_new_method_call(bus, &request, service, path, interface, member))
        defer { sd_bus_message_unref(request) }
        for argument in arguments {
            let type = CChar(bitPattern: UInt8(ascii: "s"))
            try check("The call \(member) cannot be made", sd_bus_message_append_basic(request, type, argument))
        }
        if let list { try Self.append(list, to: request, of: member) }
        var error = sd_bus_error()
        defer { sd_bus_error_free(&error) }
        var answer: OpaquePointer?
        let result = sd_bus_call(bus, request, timeout.microseconds, &error, &answer)
        defer { sd_bus_message_unref(answer) }
        guard result >= 0 else { throw Self.problem(error, member, result) }
        guard let answer else { throw SystemdError(.other, "systemd gave no answer to \(member).") }
        return try read(BusMessageReader(message: answer))
    }

    /// `as`; the corresponding C functions are `sd_bus_message_open_container` and `…_close_container`.
    private static func append(_ list: [String], to request: OpaquePointer?, of member: String) throws(SystemdError) {
        let (array, text) = (CChar(bitPattern: UInt8(ascii: "a")), CChar(bitPattern: UInt8(ascii: "s")))
        try check("The call \(member) cannot be made", sd_bus_message_open_container(request, array, "s"))
        for element in list {
            try check("The call \(member) cannot be made", sd_bus_message_append_basic(request, text, element))
        }
        try check("The call \(member) cannot be made", sd_bus_message_close_container(request))
    }

    /// Delivers the signals of `member` from now on to ``nextSignal(_:within:)``.
    ///
    /// The corresponding C function is `sd_bus_match_signal`.
    func listen(for member: String) throws(SystemdError) {
        try check(
            "systemd's signals cannot be asked for",
            sd_bus_match_signal(
                bus, nil, Self.systemd, Self.managerPath, Self.manager, member, { _, _, _ in 0 }, nil))
        try call(Self.managerPath, Self.manager, "Subscribe", timeout: .seconds(10)) { _ in }
    }

    /// The next signal of that name, or `nil` when the time is over.
    func nextSignal(_ member: String, within limit: Duration) throws(SystemdError) -> [BusValue]? {
        let deadline = ContinuousClock.now + limit
        while true {
            var message: OpaquePointer?
            let result = try check("The bus broke off", sd_bus_process(bus, &message))
            defer { sd_bus_message_unref(message) }
            if let message, sd_bus_message_is_signal(message, Self.manager, member) > 0 {
                sd_bus_message_rewind(message, 1)
                return try BusMessageReader(message: message).values()
            }
            if result > 0 { continue }
            let left = deadline - .now
            guard left > .zero else { return nil }
            try check("The bus broke off", sd_bus_wait(bus, left.microseconds))
        }
    }

    static let systemd = "org.freedesktop.systemd1"
    static let managerPath = "/org/freedesktop/systemd1"
    static let manager = "org.freedesktop.systemd1.Manager"

    private static func problem(_ error: sd_bus_error, _ member: String, _ result: Int32) -> SystemdError {
        guard let raw = error.name else { return SystemdError("systemd did not answer to \(member)", errno: result) }
        let name = String(cString: raw)
        let text = error.message.map { SafeText.line(String(cString: $0), limit: 500) } ?? name
        let code: SystemdError.Code =
            switch name.split(separator: ".").last {
            case "NoSuchUnit", "LoadFailed": .noSuchUnit
            case "UnitMasked": .masked
            case "AccessDenied", "InteractiveAuthorizationRequired": .permissionDenied
            case "NoReply", "Timeout", "TimedOut": .timeout
            case "Disconnected", "ServiceUnknown", "NameHasNoOwner", "NoServer": .unreachable
            default: .other
            }
        return SystemdError(code, text.hasSuffix(".") ? text : text + ".")
    }
}

extension Duration {
    /// For libsystemd; at least one, since 0 means its own default.
    var microseconds: UInt64 {
        let (seconds, attoseconds) = components
        return max(1, UInt64(clamping: seconds) * 1_000_000 + UInt64(clamping: attoseconds / 1_000_000_000_000))
    }
}
