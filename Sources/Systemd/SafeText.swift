/// Text from strangers — a log line, a unit's description — made fit for a chat and a terminal.
package enum SafeText {
    /// One line: what could break it, drive a terminal or turn the text around becomes a blank or `?`.
    package static func line(_ text: some StringProtocol, limit: Int = 2000) -> String {
        var safe = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            if count == limit {
                safe.append(contentsOf: "… (cut)".unicodeScalars)
                break
            }
            safe.append(plain(scalar))
            count += 1
        }
        return String(safe)
    }

    /// A line of a log: of a longer one than `limit` bytes how much was cut is said, of binary data only how much it is.
    ///
    /// - Parameters:
    ///   - bytes: The line's beginning.
    ///   - total: How long the whole line is.
    ///   - isWhole: Whether `total` is known; otherwise the line has at least so many bytes.
    package static func line(
        bytes: some Collection<UInt8>, total: Int, limit: Int = 2000, isWhole: Bool = true
    ) -> String {
        if total <= limit, bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        let least = isWhole ? "" : "at least "
        if isBinary(bytes.prefix(limit)) { return "(\(least)\(total) bytes of binary data)" }
        guard total > limit else { return line(String(decoding: bytes, as: UTF8.self), limit: limit) }
        var kept = Array(bytes.prefix(limit))
        // No half of a character at the end.
        while let last = kept.last, last & 0xC0 == 0x80 { kept.removeLast() }
        if let last = kept.last, last >= 0xC0 { kept.removeLast() }
        let text = line(String(decoding: kept, as: UTF8.self), limit: limit)
        return "\(text)… (\(least)\(total - kept.count) bytes cut)"
    }

    /// A NUL, or more than a third of control characters.
    private static func isBinary(_ bytes: some Collection<UInt8>) -> Bool {
        var controls = 0
        var count = 0
        for byte in bytes {
            if byte == 0 { return true }
            count += 1
            if byte < 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D, byte != 0x1B { controls += 1 }
        }
        return controls * 3 > count
    }

    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.value < 0x7F && scalar.value >= 0x20 { return scalar }
        if scalar == "\n" || scalar == "\t" { return " " }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "?"
        default: scalar
        }
    }
}
