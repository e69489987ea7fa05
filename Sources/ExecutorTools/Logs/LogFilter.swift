import Glibc

/// Says line by line, the newest first, what of a log is wanted and may be shown.
struct LogFilter {
    private let pattern: LogPattern?
    private let mask: (String) -> String
    private var key = KeyGuard()
    private var hiddenLines = 0

    init(_ pattern: LogPattern?, mask: @escaping (String) -> String) { (self.pattern, self.mask) = (pattern, mask) }

    mutating func takes(_ line: UnsafeRawBufferPointer) -> Bool {
        if key.hides(line) {
            hiddenLines += 1
            return false
        }
        guard let pattern else { return true }
        return pattern.matches(line) { mask(String(decoding: line, as: UTF8.self)) }
    }
}

extension LogFilter {
    /// What was left out for its secrets, in a sentence.
    var note: String? {
        hiddenLines == 0 ? nil : "Lines of a private key are left out: \(hiddenLines)."
    }
}

/// Keeps a private key's lines from being shown one by one, without the line that tells what they are (RFC 7468).
///
/// Text in its own order has the masker for that; this is for lines that come the newest first, so the END before the
/// BEGIN.
private struct KeyGuard {
    /// What is hidden at most, if the BEGIN never comes: as much as the masker hides.
    private static let maximumKey = 64 << 10
    private var remainder = 0

    mutating func hides(_ line: UnsafeRawBufferPointer) -> Bool {
        let isMarker = Self.contains(line, "PRIVATE KEY-----")
        let (begins, ends) = (
            isMarker && Self.contains(line, "-----BEGIN "), isMarker && Self.contains(line, "-----END ")
        )
        if begins {
            // Without its END it is shown, masked: from it the masker knows what follows.
            defer { remainder = 0 }
            return remainder > 0 && !ends
        }
        if ends {
            remainder = Self.maximumKey
            return true
        }
        guard remainder > 0 else { return false }
        remainder -= line.count + 1
        return true
    }

    private static func contains(_ line: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        guard let start = line.baseAddress else { return false }
        return memmem(start, line.count, word.utf8Start, word.utf8CodeUnitCount) != nil
    }
}
