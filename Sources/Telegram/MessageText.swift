/// The text of a message, as Telegram's limits want it.
package enum MessageText {
    /// UTF-16 units of one message; see "Limits" of the Bot API.
    package static let maximumUnits = 4096

    /// The text in parts that fit: cut after a line where there is one in the last half, else after a word,
    /// else between characters. Nothing but white space at a cut is lost. An empty text has no parts.
    package static func parts(of text: String, limit: Int = maximumUnits) -> [String] {
        var parts: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            let end = cut(rest, limit: limit)
            let part = rest[..<end]
            if !part.allSatisfy(\.isWhitespace) { parts.append(String(part)) }
            rest = rest[end...]
            // The white space the cut was made at belongs to neither part.
            if !rest.isEmpty, let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
        }
        return parts
    }

    private static func cut(_ text: Substring, limit: Int) -> Substring.Index {
        var units = 0
        var (end, line, word) = (text.startIndex, Substring.Index?.none, Substring.Index?.none)
        for index in text.indices {
            let size = text[index].utf16.count
            if units + size > limit {
                // One character larger than a message (a stack of accents) is cut between its scalars.
                guard end > text.startIndex else { return scalarCut(text, limit: limit) }
                return line ?? word ?? end
            }
            if units > limit / 2, text[index].isWhitespace {
                if text[index].isNewline { line = index } else { word = index }
            }
            units += size
            end = text.index(after: index)
        }
        return text.endIndex
    }

    private static func scalarCut(_ text: Substring, limit: Int) -> Substring.Index {
        var units = 0
        for index in text.unicodeScalars.indices {
            let size = text.unicodeScalars[index].utf16.count
            if units + size > limit { return index }
            units += size
        }
        return text.endIndex
    }
}
