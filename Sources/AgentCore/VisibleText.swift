/// Text as a person reads it, whoever wrote it: nothing in it is unseen, turns text round, or tells a terminal what
/// to do.
package enum VisibleText {
    /// Control characters become blanks, but for the ends of lines; format characters and what has no meaning go.
    package static func of(_ text: some StringProtocol) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control: clean.append(scalar == "\n" ? "\n" : " ")
            case .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: continue
            default: clean.append(scalar)
            }
        }
        return String(clean)
    }
}
