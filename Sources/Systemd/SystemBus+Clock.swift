extension SystemBus {
    /// Whether the clock follows a time server, as org.freedesktop.timedate1(5) says it (`NTPSynchronized`).
    ///
    /// The bus starts timedated where it does not run; `nil` where it has not answered within `limit`.
    package func isClockSynchronised(within limit: Duration) -> Bool? {
        let name = "org.freedesktop.timedate1"
        let properties = try? BusConnection(address: address ?? BusConnection.systemBusAddress, timeout: limit).call(
            "/org/freedesktop/timedate1", "org.freedesktop.DBus.Properties", "GetAll", [name], to: name, timeout: limit
        ) { reader throws(SystemdError) in try reader.properties(["NTPSynchronized"]) }
        return properties?["NTPSynchronized"]?.bool
    }
}
