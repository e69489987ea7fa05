import ExecutorRunner
import Glibc
import StrictJSON

/// What `curl` said of an address: `STATUS SECONDS REDIRECT`, its error and the certificates, and its exit code.
struct ProbeAnswer: Sendable, Hashable {
    /// `nil` where there was no answer.
    var status: Int?
    var seconds: Double?
    var redirect: String?
    /// When the server's own certificate ends, in seconds since 1970; `nil` without TLS.
    var certificateEnd: Int?
    /// Why there was none, or none that is of use.
    var problem: String?
    /// The name of that, where it has one.
    private(set) var code: UnitFinding.Code?

    init(_ run: RunResult) {
        let lines = run.output.split(whereSeparator: \.isNewline)
        let fields = (lines.first ?? "").split(separator: " ")
        status = fields.first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        seconds = fields.dropFirst().first.flatMap { Double($0) }
        redirect = fields.dropFirst(2).first.map { PrintableText.line($0) }
        // The server's own certificate comes first in the chain.
        certificateEnd = lines.first { $0.hasPrefix(Self.expiry) }.flatMap {
            Self.time($0.dropFirst(Self.expiry.count))
        }
        guard !run.succeeded else { return }
        let said = lines.dropFirst().first { $0.contains("certificate") && !$0.hasPrefix("curl:") }
        switch (run.ending, run.termination) {
        case (.timeout, _): (problem, code) = ("timeout", .timeout)
        case (.itself, .exited(60)):
            let (code, words) = Self.fault(of: said ?? "")
            problem = words + (said.map { ": \(PrintableText.line($0))" } ?? "")
            self.code = code
        case (.itself, .exited(let status)):
            problem = Self.problems[status] ?? "curl ended with \(status)"
            if lines.contains(where: { $0.contains("wrong version number") }) {
                problem = "the TLS handshake failed: what answers there speaks no TLS"
            }
            code = [6: .nameNotResolved, 7: .connectionRefused, 28: .timeout, 35: .tlsFailed][status]
        default: problem = "the probe was ended"
        }
    }

    /// - Parameter error: Why it could not be asked.
    init(_ error: RunnerError) {
        problem = error.message
        code = error.code == .addressRefused && error.message.contains("does not resolve") ? .nameNotResolved : nil
    }

    /// The same answer, to one who was led in a circle.
    func circling(_ addresses: [String]) -> ProbeAnswer {
        var answer = self
        let shown = addresses.map { PrintableText.line($0, limit: 300) }.joined(separator: " → ")
        (answer.problem, answer.code) = ("it redirects in a circle: \(shown)", .redirectLoop)
        return answer
    }

    /// Why it does not do; `nil` for a good one, and for one that nothing is known of.
    func finding(_ url: String) -> UnitFinding? {
        guard !isGood else { return nil }
        return (code ?? (status == nil ? nil : .httpError)).map { code in
            let text = "\(PrintableText.line(url, limit: 300)) → \(words)"
            return UnitFinding(code, text.hasSuffix(".") ? text : text + ".")
        }
    }

    /// An answer of 200 to 399.
    var isGood: Bool { problem == nil && status.map { (200..<400).contains($0) } == true }

    var words: String {
        guard problem == nil, let status else { return problem ?? "no answer" }
        let time = seconds.map { " in \(Int(($0 * 1000).rounded())) ms" } ?? ""
        return "\(status)\(Self.names[status].map { " \($0)" } ?? "")\(time)"
            + (redirect.map { ", leads to \($0)" } ?? "")
    }

    /// Whole days until the certificate ends; below zero where it has.
    var certificateDays: Int? {
        certificateEnd.map { Int((Double($0 - Int(Glibc.time(nil))) / 86400).rounded(.down)) }
    }

    private static let expiry = "Expire date:"

    /// `Nov 25 12:00:00 2026 GMT`, as OpenSSL has it.
    private static func time(_ text: Substring) -> Int? {
        var parts = tm()
        guard strptime(String(text), "%b %d %H:%M:%S %Y", &parts) != nil else { return nil }
        return timegm(&parts)
    }

    /// What curl says of a certificate that it does not accept, in OpenSSL's words and its own.
    private static func fault(of said: Substring) -> (UnitFinding.Code, String) {
        if said.contains("has expired") { return (.certificateExpired, "its certificate has expired") }
        if said.contains("not yet valid") { return (.certificateNotYetValid, "its certificate is not valid yet") }
        if said.contains("subject name") { return (.certificateNameMismatch, "its certificate is for another name") }
        if said.contains("self-signed certificate in") { return (.certificateInvalid, notValid) }
        if said.contains("self-signed") || said.contains("self signed") {
            return (.certificateSelfSigned, "its certificate is self-signed, so that nobody vouches for it")
        }
        return (.certificateInvalid, notValid)
    }

    private static let notValid = "its certificate is not valid"

    /// curl(1), EXIT CODES.
    private static let problems: [Int32: String] = [
        3: "the address is malformed", 5: "the proxy's name is not known", 6: "the host's name is not known",
        7: "connection refused: nothing takes connections there", 28: "timeout: no answer in time",
        35: "the TLS handshake failed", 52: "it closed the connection without an answer",
        56: "the connection broke off", 67: "it refused the login",
    ]

    private static let names: [Int: String] = [
        200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 302: "Found", 303: "See Other",
        304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
        401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
        500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}
