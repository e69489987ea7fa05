import ExecutorAPI

/// What a line must have to be wanted: one of a few texts, capital or small. No regular expression, so that looking costs
/// the same whatever the text.
struct LogPattern: Sendable, Hashable {
    static let maximumBytes = 256
    static let maximumAlternatives = 16

    /// Folded to small letters.
    private let words: [[UInt8]]
    /// As it was asked for.
    let text: String

    /// - Parameter text: Alternatives between `|`, such as `error|timed out`.
    init(_ text: String) throws(Refusal) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count <= Self.maximumAlternatives, parts.allSatisfy({ !$0.isEmpty }) else {
            throw Refusal.badArgument(
                "pattern", "has an empty alternative or too many",
                "at most \(Self.maximumAlternatives) texts with | between them, such as error|timed out")
        }
        words = parts.map { $0.utf8.map(Self.folded) }
        self.text = text
    }

    /// Whether it looks like a regular expression, which it is not taken for.
    var looksLikeExpression: Bool {
        ["\\d", "\\w", "\\s", "\\b", ".*", ".+", "[0-9", "[a-z", "(?", "^"].contains { text.contains($0) }
            || text.hasSuffix("$")
    }

    /// Whether a line has one of the texts, also when its secrets are masked: a pattern tells nobody what a secret is.
    ///
    /// - Parameter masked: The line as it would be shown; asked for only when the line itself has a text.
    func matches(_ line: UnsafeRawBufferPointer, masked: () -> String) -> Bool {
        let found = words.filter { Self.contains(line, $0) }
        guard !found.isEmpty else { return false }
        var shown = masked()
        return shown.withUTF8 { shown in
            let bytes = UnsafeRawBufferPointer(shown)
            return found.contains { Self.contains(bytes, $0) }
        }
    }

    private static func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// ASCII letters are alike capital and small; others are compared as they are.
    private static func contains(_ text: UnsafeRawBufferPointer, _ word: [UInt8]) -> Bool {
        guard let first = word.first, text.count >= word.count else { return false }
        return word.withUnsafeBufferPointer { word in
            for start in 0...(text.count - word.count) where folded(text[start]) == first {
                var index = 1
                while index < word.count, folded(text[start + index]) == word[index] { index += 1 }
                if index == word.count { return true }
            }
            return false
        }
    }
}
