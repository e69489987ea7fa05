/// What a request does when it is made twice.
///
/// libcurl makes a request again by itself when a connection that was used before ends without a word of an answer:
/// it takes it that the server closed the idle connection, which may have read the request all the same
/// (`Curl_retry_request` in its lib/transfer.c; RFC 9110, 9.2.2, forbids that for what is not idempotent).
package enum Repetition: Sendable, Hashable {
    /// The same again, or nothing.
    case harmless
    /// Something happens twice: the request gets a connection of its own, on which libcurl repeats nothing.
    case harmful
}

/// One request. The body is sent whole: everything this program sends fits in memory.
package struct HTTPRequest: Sendable {
    package var method: String
    /// An absolute `http` or `https` address.
    package var url: String
    /// In the order they are sent; a name may appear once.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?
    /// From start to last byte; `nil` for none.
    package var timeout: Duration?
    /// Until the connection, TLS included, stands.
    package var connectTimeout: Duration
    /// Longest time in which no byte goes either way; `nil` for any.
    package var idleTimeout: Duration?
    /// Such as `http://127.0.0.1:3128` or `socks5h://…`; `nil` for none. The environment's proxies are not used.
    package var proxy: String?
    /// More bytes than this in a body are an error.
    package var maximumBodyBytes: Int
    package var repetition: Repetition

    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration? = .seconds(60), connectTimeout: Duration = .seconds(10), idleTimeout: Duration? = nil,
        proxy: String? = nil, maximumBodyBytes: Int = 32 << 20, repetition: Repetition = .harmless
    ) {
        (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
        (self.timeout, self.connectTimeout, self.idleTimeout) = (timeout, connectTimeout, idleTimeout)
        (self.proxy, self.maximumBodyBytes, self.repetition) = (proxy, maximumBodyBytes, repetition)
    }
}

/// The head of an answer, and its body as it comes.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Names in lower case.
    package var headers: [String: String]
    /// Read once. Leaving it early, or cancelling the task that reads it, ends the transfer.
    package var body: HTTPBody
}

/// Why there was no whole answer.
package struct HTTPError: Error, Sendable, Equatable {
    package enum Code: Sendable, Hashable {
        /// The name does not resolve, nobody listens, or the proxy refuses.
        case cannotConnect
        case tls
        case timeout
        /// The connection broke, or the answer was no HTTP, before its end.
        case interrupted
        case tooLarge
        case cancelled
        /// The address is not `http` or `https`.
        case badRequest
    }

    package var code: Code
    /// One sentence, with neither the address's path nor a header in it: those carry tokens.
    package var message: String
    /// Whether any byte of the request may have reached the server.
    package var mayHaveBeenSent: Bool

    package init(_ code: Code, _ message: String, mayHaveBeenSent: Bool) {
        (self.code, self.message, self.mayHaveBeenSent) = (code, message, mayHaveBeenSent)
    }
}
