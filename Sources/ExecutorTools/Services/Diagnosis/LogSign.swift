import Systemd

/// What a line of a service's own log says of the cause, by the words the C library and the common servers use.
struct LogSign: Sendable, Hashable {
    let code: UnitFinding.Code
    let line: String
    /// The words that say so.
    private let phrase: String

    /// `nil` for a line that names no cause.
    init?(_ line: String) {
        for (code, phrases) in Self.words {
            guard let phrase = phrases.first(where: { line.range(ofPhrase: $0) != nil }) else { continue }
            (self.code, self.line, self.phrase) = (code, line, phrase)
            return
        }
        return nil
    }

    /// Such as say what is wrong with the machine; the rest may be a consequence of those.
    var isSpecific: Bool { code != .badConfiguration && code != .missingFile }

    /// The file it is about: the last absolute path before the words that say so, else the first behind them.
    var path: String? {
        func isPath(_ word: String) -> Bool { word.hasPrefix("/") && word.utf8.count > 1 }
        guard let place = line.range(ofPhrase: phrase) else { return nil }
        return Self.paths(of: line[..<place.lowerBound]).last(where: isPath)
            ?? Self.paths(of: line[place.upperBound...]).first(where: isPath)
    }

    /// The port in an address such as `0.0.0.0:80`, `[::]:80`, `:::80`, `*:80`, or behind the word `port`.
    var port: UInt16? { place?.port }

    /// The address, as in `10.0.0.7:5432`; `nil` where the host is not told.
    var address: String? { place.flatMap { place in place.host.map { "\($0):\(place.port)" } } }

    private var place: (host: String?, port: UInt16)? {
        let words = Self.words(of: line)
        for (index, word) in words.enumerated() {
            if let colon = word.lastIndex(of: ":"), Self.isHost(word[..<colon]), !word.hasPrefix("/"),
                let port = Self.port(word[word.index(after: colon)...])
            {
                // `http://127.0.0.1:9000/`
                return (word[..<colon].split(separator: "/").last.map(String.init), port)
            }
            if ["port", "port:"].contains(word.lowercased()), index + 1 < words.count,
                let port = Self.port(words[index + 1][...])
            {
                return (nil, port)
            }
        }
        return nil
    }

    /// Whether the address in it is this machine's own.
    var isLocal: Bool {
        let own = ["127.0.0.1", "localhost", "[::1]", "::1"]
        return place?.host.map { own.contains($0) } ?? own.contains { line.contains(ignoringCase: $0) }
    }

    /// What stands in quotes, else the word behind the words that say so: the host or the library that was looked for.
    var subject: String? {
        if phrase == "could not be resolved", let place = line.range(ofPhrase: phrase) {
            return Self.words(of: line[..<place.lowerBound]).last { !$0.isEmpty }
        }
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        if parts.count > 2, !parts[1].isEmpty { return SafeText.line(String(parts[1]), limit: 255) }
        return line.range(ofPhrase: phrase).flatMap { place in
            Self.words(of: line[place.upperBound...]).first { !$0.isEmpty }
        }
    }

    /// nginx writes the path of a socket as `unix:/run/app.sock`.
    private static func paths(of line: some StringProtocol) -> [String] {
        words(of: line).map { $0.hasPrefix("unix:") ? String($0.dropFirst("unix:".count)) : $0 }
    }

    private static func words(of line: some StringProtocol) -> [String] {
        line.split(whereSeparator: { " '\"`‘’(),;=<>\t".contains($0) }).map { word in
            String(word).trimming(suffix: ":.")
        }
    }

    /// An address may have a path behind its port: `http://127.0.0.1:9000/`.
    private static func port(_ text: Substring) -> UInt16? {
        let digits = text.prefix { $0 != "/" }
        return UInt16(digits).flatMap { $0 > 0 ? $0 : nil }
    }

    /// A time such as `12:30:05` has no host before its last colon.
    private static func isHost(_ text: Substring) -> Bool {
        text.contains(".") || text.hasPrefix("[") || text.hasPrefix("*") || text.hasPrefix("::")
            || text.hasSuffix("localhost")
    }
}

extension String {
    /// Where ASCII text stands: as it is, where it has a capital letter, else capital or small.
    fileprivate func range(ofPhrase text: String) -> Range<Index>? {
        let wanted = Array(text.utf8)
        if wanted.contains(where: { (0x41...0x5A).contains($0) }) { return firstRange(of: text) }
        var start = utf8.startIndex
        while let end = utf8.index(start, offsetBy: wanted.count, limitedBy: utf8.endIndex) {
            let matches = zip(utf8[start..<end], wanted).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
            if matches { return start..<end }
            start = utf8.index(after: start)
        }
        return nil
    }

    /// Without the characters of `suffix` at its end.
    fileprivate func trimming(suffix: String) -> String {
        var text = Substring(self)
        while let last = text.last, suffix.contains(last) { text = text.dropLast() }
        return String(text)
    }
}
