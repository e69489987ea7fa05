/// Every length, count and depth a peer controls; `docs/API.md`, "Limits", lists the same.
package enum WireLimits {
    /// One message, its newline not counted.
    package static let lineBytes = 1 << 20
    /// Open at once, a socket.
    package static let connections = 32
    /// Requests of one connection that have no answer yet.
    package static let callsInFlight = 16
    /// Arrays and objects within each other.
    package static let jsonDepth = 32
    /// `sun_path` has 108 bytes, the closing zero included (unix(7)).
    package static let socketPathBytes = 107
}
