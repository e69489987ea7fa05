import ExecutorRunner
import StrictJSON

/// What `curl` said of an address: `STATUS SECONDS REDIRECT`, and its exit code.
struct ProbeAnswer: Sendable, Hashable {
    /// `nil` where there was no answer.
    var status: Int?
    var seconds: Double?
    var redirect: String?
    /// Why there was none.
    var problem: String?

    init(_ run: RunResult) {
        let fields = run.output.split(whereSeparator: { $0 == " " || $0.isNewline })
        status = fields.first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        seconds = fields.dropFirst().first.flatMap { Double($0) }
        redirect = fields.dropFirst(2).first.map { PrintableText.line($0) }
        guard !run.succeeded else { return }
        switch (run.ending, run.termination) {
        case (.timeout, _): problem = "timeout"
        case (.itself, .exited(let code)): problem = Self.problems[code] ?? "curl ended with \(code)"
        default: problem = "the probe was ended"
        }
    }

    init(problem: String) { self.problem = problem }

    /// An answer of 200 to 399.
    var isGood: Bool { problem == nil && status.map { (200..<400).contains($0) } == true }

    var words: String {
        guard problem == nil, let status else { return problem ?? "no answer" }
        let time = seconds.map { " in \(Int(($0 * 1000).rounded())) ms" } ?? ""
        return "\(status)\(Self.names[status].map { " \($0)" } ?? "")\(time)"
            + (redirect.map { ", leads to \($0)" } ?? "")
    }

    /// curl(1), EXIT CODES.
    private static let problems: [Int32: String] = [
        3: "the address is malformed", 5: "the proxy's name is not known", 6: "the host's name is not known",
        7: "connection refused: nothing takes connections there", 28: "timeout: no answer in time",
        35: "the TLS handshake failed", 52: "it closed the connection without an answer",
        56: "the connection broke off", 60: "its certificate is not valid", 67: "it refused the login",
    ]

    private static let names: [Int: String] = [
        200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 302: "Found", 303: "See Other",
        304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
        401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
        500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}
