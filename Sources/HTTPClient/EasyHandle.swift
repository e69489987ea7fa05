import CCurl

/// One transfer as libcurl has it; the corresponding C functions are `curl_easy_init` and `curl_easy_cleanup`.
final class EasyHandle {
    let handle: UnsafeMutableRawPointer
    let transfer: Transfer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var moved: curl_off_t = 0
    private var lastMoved = ContinuousClock.now

    /// - Throws: ``HTTPError`` `.badRequest` where libcurl does not take an option, such as the address.
    init(_ transfer: Transfer) throws(HTTPError) {
        guard let handle = curl_easy_init() else {
            throw HTTPError(.badRequest, "libcurl has no memory.", mayHaveBeenSent: false)
        }
        (self.handle, self.transfer) = (handle, transfer)
        try configure(transfer.request)
        setCallbacks()
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
    }

    /// The number a transfer was started under.
    static func id(of handle: UnsafeMutableRawPointer) -> Int? {
        var pointer: UnsafeMutableRawPointer?
        guard ccurl_get_pointer(handle, CURLINFO_PRIVATE, &pointer) == CURLE_OK, let pointer else { return nil }
        return Unmanaged<Transfer>.fromOpaque(pointer).takeUnretainedValue().id
    }

    func resume() {
        lastMoved = .now
        curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    /// How long the connection may still be silent; `nil` for any time, as while nobody reads what has come.
    /// libcurl's own limit (`CURLOPT_LOW_SPEED_TIME`) counts whole seconds.
    func remainingSilence(at now: ContinuousClock.Instant) -> Duration? {
        guard let limit = transfer.request.idleTimeout, !transfer.isPaused else { return nil }
        let total = ccurl_moved_bytes(handle)
        if total != moved { (moved, lastMoved) = (total, now) }
        return lastMoved + limit - now
    }

    // MARK: Options

    private func set(_ option: CURLoption, _ value: String?) throws(HTTPError) {
        try check(ccurl_set_string(handle, option, value))
    }
    private func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try check(ccurl_set_long(handle, option, value))
    }

    private func check(_ code: CURLcode) throws(HTTPError) {
        guard code == CURLE_OK else {
            throw HTTPError(.badRequest, "The request cannot be made: \(Self.text(code)).", mayHaveBeenSent: false)
        }
    }

    private func configure(_ request: HTTPRequest) throws(HTTPError) {
        guard request.url.hasPrefix("http://") || request.url.hasPrefix("https://") else {
            throw HTTPError(.badRequest, "An address begins with http:// or https://.", mayHaveBeenSent: false)
        }
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_CUSTOMREQUEST, request.method)
        if request.method == "HEAD" { try set(CURLOPT_NOBODY, 1) }
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        if let timeout = request.timeout { try set(CURLOPT_TIMEOUT_MS, max(1, timeout.milliseconds)) }
        if request.repetition == .harmful { try set(CURLOPT_FRESH_CONNECT, 1) }
        // An empty proxy is none, whatever the environment says.
        try set(CURLOPT_PROXY, request.proxy ?? "")
        try set(CURLOPT_NOPROXY, "")
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try setBody(request)
    }

    private func setBody(_ request: HTTPRequest) throws(HTTPError) {
        // "Expect: 100-continue" costs a round trip, and a second where a server does not know it.
        var lines = ["Expect:"]
        for (name, value) in request.headers {
            guard !(name + value).unicodeScalars.contains(where: { $0 == "\r" || $0 == "\n" || $0 == "\0" }) else {
                throw HTTPError(.badRequest, "A header has a line break in it.", mayHaveBeenSent: false)
            }
            lines.append("\(name): \(value)")
        }
        for line in lines { headers = curl_slist_append(headers, line) }
        try check(ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers))
        guard let body = request.body else { return }
        try set(CURLOPT_POSTFIELDSIZE, body.count)
        // libcurl takes a copy.
        let code = body.withUnsafeBytes { bytes in
            ccurl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        }
        try check(code)
        try set(CURLOPT_CUSTOMREQUEST, request.method)
    }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        ccurl_set_pointer(handle, CURLOPT_PRIVATE, context)
        ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        ccurl_set_function(handle, CURLOPT_HEADERFUNCTION) { @Sendable data, size, count, context in
            guard let data, let context else { return 0 }
            let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
            let line = String(decoding: bytes.prefix { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self)
            Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(headerLine: line)
            return size * count
        }
        ccurl_set_function(handle, CURLOPT_WRITEFUNCTION) { @Sendable data, size, count, context in
            guard let data, let context else { return 0 }
            let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
            switch Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(body: bytes) {
            case .more: return size * count
            case .pause: return ccurl_write_pause()
            case .stop: return 0
            }
        }
    }

    // MARK: Errors

    /// What a code means; `nil` for none. libcurl's own sentence for a code has no address in it.
    func error(for code: CURLcode) -> HTTPError? {
        guard code != CURLE_OK else { return nil }
        var sent = 0
        ccurl_get_long(handle, CURLINFO_REQUEST_SIZE, &sent)
        return HTTPError(Self.kind(code), "The request failed: \(Self.text(code)).", mayHaveBeenSent: sent > 0)
    }

    private static func kind(_ code: CURLcode) -> HTTPError.Code {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY: .cannotConnect
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tls
        // An answer that is no HTTP is an "unsupported protocol" to libcurl; the address's was checked before.
        case CURLE_URL_MALFORMAT: .badRequest
        default: .interrupted
        }
    }

    private static func text(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }
}

extension Duration {
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
