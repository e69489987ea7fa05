/// A line as a reader of its format would see it, with where each byte stood: a secret is masked however its name and
/// its separators were written.
struct EscapedText {
    /// How a byte may be written otherwise.
    enum Notation: CaseIterable {
        /// `\/` and `\u003d` of JSON (RFC 8259, section 7), within a string within a string too.
        case json
        /// `%3D` of an address (RFC 3986, section 2.1), and `%253D` of one within another.
        case percent
        /// `&quot;` and `&#34;` of HTML.
        case html

        fileprivate var mark: UInt8 {
            switch self {
            case .json: UInt8(ascii: "\\")
            case .percent: UInt8(ascii: "%")
            case .html: UInt8(ascii: "&")
            }
        }
    }

    /// The line with what was written otherwise as it is meant.
    private(set) var bytes: [UInt8] = []
    /// Where each of `bytes` begins in the line, and the line's end.
    private var offsets: [Int] = []

    /// Nothing where `line` has none of this notation.
    init?(_ line: [UInt8], _ notation: Notation) {
        guard line.contains(notation.mark) else { return nil }
        var index = 0
        while index < line.count {
            let escape = line[index] == notation.mark ? Self.escape(line, index, notation) : nil
            bytes.append(escape?.byte ?? line[index])
            offsets.append(index)
            index = escape?.end ?? index + 1
        }
        offsets.append(line.count)
        if bytes.count == line.count { return nil }
    }

    /// What a range of `bytes` is in the line.
    func original(_ range: Range<Int>) -> Range<Int> { offsets[range.lowerBound]..<offsets[range.upperBound] }

    private typealias Escape = (byte: UInt8, end: Int)

    private static func escape(_ line: [UInt8], _ start: Int, _ notation: Notation) -> Escape? {
        switch notation {
        case .json: json(line, start)
        case .percent: percent(line, start)
        case .html: entities.first { line[start...].starts(with: $0.text) }.map { ($0.byte, start + $0.text.count) }
        }
    }

    private static func json(_ line: [UInt8], _ start: Int) -> Escape? {
        guard let letter = line[start...].firstIndex(where: { $0 != UInt8(ascii: "\\") }) else { return nil }
        if line[letter] == UInt8(ascii: "/") { return (line[letter], letter + 1) }
        guard line[letter...].starts(with: "u00".utf8), let byte = hexadecimal(line, letter + 3) else { return nil }
        return (byte, letter + 5)
    }

    private static func percent(_ line: [UInt8], _ start: Int) -> Escape? {
        var index = start + 1
        while line[index...].starts(with: "25".utf8) { index += 2 }
        return hexadecimal(line, index).map { ($0, index + 2) }
    }

    /// The printable character of two hexadecimal digits.
    private static func hexadecimal(_ line: [UInt8], _ start: Int) -> UInt8? {
        guard start + 2 <= line.count, !line[start..<(start + 2)].contains(UInt8(ascii: "+")),
            let byte = UInt8(String(decoding: line[start..<(start + 2)], as: UTF8.self), radix: 16)
        else { return nil }
        return (0x20...0x7E).contains(byte) ? byte : nil
    }

    private static let entities: [(text: [UInt8], byte: UInt8)] = [
        ("&quot;", "\""), ("&#34;", "\""), ("&#x22;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&#x27;", "'"),
        ("&amp;", "&"), ("&#61;", "="), ("&#x3D;", "="), ("&#58;", ":"), ("&lt;", "<"), ("&gt;", ">"),
    ].map { (Array($0.utf8), Array($1.utf8)[0]) }
}
