import Glibc

/// A certificate file that `tools.json` names (`certificates`), and how long it is still good.
package struct CertificateFile: Sendable, Hashable {
    package let file: String
    /// Whole days until the first of its certificates ends; negative where it has ended. `nil` where it has none.
    package let daysLeft: Int?
    /// The day it ends, as in `2026-01-31`.
    package let expires: String?
    /// Why there are no dates.
    package let fault: String?

    /// Files that one `*` may stand for, and files altogether.
    package static let maximum = 64

    /// - Parameter now: Seconds since 1970.
    package init(_ file: String, now: Int) {
        self.file = file
        guard let bytes = SystemFile.read(file, limit: CertificateDates.maximumBytes) else {
            (daysLeft, expires, fault) = (nil, nil, "it is missing or cannot be opened")
            return
        }
        do throws(CertificateDates.Fault) {
            let end = try CertificateDates(bytes).notAfter
            // Rounded down, so that what has ended is negative.
            daysLeft = Int((Double(end - now) / 86400).rounded(.down))
            expires = Self.day(end)
            fault = nil
        } catch {
            (daysLeft, expires, fault) = (nil, nil, error.text)
        }
    }

    /// The files of the patterns, in which `*` stands for one whole name, as in `/etc/letsencrypt/live/*/cert.pem`.
    package static func all(_ patterns: [String]) -> [CertificateFile] {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return patterns.flatMap(expand).prefix(maximum).map { CertificateFile($0, now: now.tv_sec) }
    }

    /// A name that is written and not there stays, to be told of; what `*` stands for is there.
    private static func expand(_ pattern: String) -> [String] {
        guard pattern.contains("*") else { return [pattern] }
        var paths = [""]
        for part in pattern.split(separator: "/") {
            guard part == "*" else {
                paths = paths.map { "\($0)/\(part)" }
                continue
            }
            paths = paths.flatMap { path in
                (SystemFile.names(in: path.isEmpty ? "/" : path) ?? []).sorted().prefix(maximum).map { "\(path)/\($0)" }
            }
        }
        return paths.filter { access($0, F_OK) == 0 }
    }

    private static func day(_ seconds: Int) -> String {
        var (clock, parts) = (time_t(seconds), tm())
        gmtime_r(&clock, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
