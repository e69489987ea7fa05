/// The always-blocked patterns: a second lock, tried before any rule.
struct BlockedPatterns: Sendable {
    /// One pattern: what the refusal calls it, and its pieces.
    struct Pattern: Sendable {
        let name: String
        let pieces: [Piece]
    }

    enum Piece: Sendable {
        case literal([UInt8])
        /// `\s+`
        case spaces
        /// `\s*`
        case maybeSpaces
        /// `.*`
        case anything
    }

    /// The plan's list, in its own words.
    static let standard = BlockedPatterns(
        [
            pattern(#"rm\s+-rf\s+/"#), pattern(#"mkfs\."#), pattern(#"dd\s+if="#), pattern(#">\s*/dev/sd"#),
            pattern(#"chmod\s+-R\s+777"#), pattern(#"\|\s*sh"#), pattern(#"curl.*\|\s*bash"#),
            pattern(#"wget.*\|\s*sh"#), pattern(#"sudo\s+su"#), pattern("passwd"),
        ])

    private var patterns: [Pattern]

    private init(_ patterns: [Pattern]) { self.patterns = patterns }

    /// Adds the administrator's own: literal words, any white space between them.
    mutating func add(words: String) {
        let parts = ASCII.lowercased(words).split(separator: " ").map { Array($0.utf8) }
        let pieces = parts.enumerated().flatMap { index, part in
            index == 0 ? [Piece.literal(part)] : [.spaces, .literal(part)]
        }
        patterns.append(Pattern(name: words, pieces: pieces))
    }

    /// The name of the first pattern that occurs in `text`, upper and lower case alike.
    func firstMatch(in text: String) -> String? {
        let bytes = Array(ASCII.lowercased(text).utf8)
        return patterns.first { Self.occurs($0.pieces, in: bytes) }?.name
    }

    private static func occurs(_ pieces: [Piece], in bytes: [UInt8]) -> Bool {
        let hasGap = pieces.contains { if case .anything = $0 { true } else { false } }
        for start in bytes.indices {
            if matches(pieces[...], bytes, at: start) { return true }
            // Where `.*` follows, a later beginning finds nothing that the first did not: the cost stays linear.
            if hasGap, case .literal(let head) = pieces[0], bytes[start...].starts(with: head) { return false }
        }
        return false
    }

    private static func matches(_ pieces: ArraySlice<Piece>, _ bytes: [UInt8], at start: Int) -> Bool {
        guard let piece = pieces.first else { return true }
        let rest = pieces.dropFirst()
        switch piece {
        case .literal(let literal):
            guard bytes.count - start >= literal.count, bytes[start..<start + literal.count].elementsEqual(literal)
            else { return false }
            return matches(rest, bytes, at: start + literal.count)
        case .spaces, .maybeSpaces:
            // What follows a run of white space never begins with white space: the whole run is taken.
            let end = bytes[start...].firstIndex { $0 != 0x20 && !(0x09...0x0D).contains($0) } ?? bytes.count
            if case .spaces = piece, end == start { return false }
            return matches(rest, bytes, at: end)
        case .anything:
            return (start...bytes.count).contains { matches(rest, bytes, at: $0) }
        }
    }

    /// Reads the few regular-expression words the plan's list is written in.
    private static func pattern(_ name: String) -> Pattern {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = ASCII.lowercased(name)[...]
        func flush() {
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
        }
        let words: [(String, Piece)] = [(#"\s+"#, .spaces), (#"\s*"#, .maybeSpaces), (".*", .anything)]
        while let first = rest.utf8.first {
            if let (word, piece) = words.first(where: { rest.hasPrefix($0.0) }) {
                flush()
                pieces.append(piece)
                rest = rest.dropFirst(word.count)
            } else {
                if first == UInt8(ascii: "\\") { rest = rest.dropFirst() }
                literal.append(contentsOf: rest.prefix(1).utf8)
                rest = rest.dropFirst()
            }
        }
        flush()
        return Pattern(name: name, pieces: pieces)
    }
}
