package import StrictJSON
package import Synchronization

package typealias JSONResult = JSONValue

extension RPCError {
    /// A named limit was reached. In the range the protocol leaves to servers (JSON-RPC 2.0, section 5.1).
    package static func limitReached(_ message: String) -> RPCError { RPCError(code: -32000, message: message) }
    /// The peer may not use this method.
    package static func forbidden(_ message: String) -> RPCError { RPCError(code: -32001, message: message) }
}

/// One connection, as those who answer see it.
package final class RPCSession: Sendable {
    package let number: Int
    package let peer: PeerCredentials
    /// Of the socket it came by.
    package let label: String
    /// What an `initialize` agreed on; `nil` for peers that never sent one.
    package let handshake = Mutex<JSONValue?>(nil)

    init(number: Int, peer: PeerCredentials, label: String) {
        (self.number, self.peer, self.label) = (number, peer, label)
    }
}

/// One request, and the way back to who sent it.
package struct RPCCall: Sendable {
    package let id: RequestID
    package let method: String
    package let params: JSONValue
    package let session: RPCSession
    package let cancellation: Cancellation
    private let connection: MessageConnection

    init(
        id: RequestID, method: String, params: JSONValue, session: RPCSession, cancellation: Cancellation,
        connection: MessageConnection
    ) {
        (self.id, self.method, self.params, self.session) = (id, method, params, session)
        (self.cancellation, self.connection) = (cancellation, connection)
    }

    /// Sends a notification; waits while the peer does not read. A peer that is gone cancels the call.
    package func notify(_ method: String, _ params: JSONValue) {
        do throws(SocketError) {
            try connection.send(.notification(method: method, params: params))
        } catch {
            cancellation.cancel(.disconnected)
        }
    }
}
