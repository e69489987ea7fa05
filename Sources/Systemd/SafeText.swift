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

    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.value < 0x7F && scalar.value >= 0x20 { return scalar }
        if scalar == "\n" || scalar == "\t" { return " " }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "?"
        default: scalar
        }
    }
}
