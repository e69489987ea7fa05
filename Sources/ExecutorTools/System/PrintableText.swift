/// Text that others chose — a process's name, a container's label — made fit for a chat and a terminal.
package enum PrintableText {
    /// One line: control and formatting characters become `?`; what is longer than `limit` is cut with an ellipsis.
    package static func line(_ text: some StringProtocol, limit: Int = 200) -> String {
        var safe = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            if count == limit {
                safe.append("…")
                break
            }
            safe.append(isPlain(scalar) ? scalar : "?")
            count += 1
        }
        return String(safe)
    }

    /// Several lines: newlines and tabs stay, other control and formatting characters become `?`.
    package static func lines(_ text: some StringProtocol) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0 == "\n" || $0 == "\t" || isPlain($0) ? $0 : "?" }))
    }

    /// Whether it neither drives a terminal nor turns the direction of the text around it.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
