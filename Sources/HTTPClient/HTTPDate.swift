import CCurl
import Glibc

/// The dates of headers (RFC 9110, section 5.6.7), in whole seconds since 1970.
package enum HTTPDate {
    /// Such as `Sun, 06 Nov 1994 08:49:37 GMT`; `nil` for what is no date. The corresponding C function is
    /// `curl_getdate`.
    package static func seconds(_ header: String) -> Int? {
        // It would take `30` for a date, too.
        guard header.contains(":") else { return nil }
        let seconds = curl_getdate(header, nil)
        return seconds < 0 ? nil : seconds
    }

    package static var now: Int { time(nil) }
}
