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
            guard let phrase = phrases.first(where: { line.contains(ignoringCase: $0) }) else { continue }
            (self.code, self.line, self.phrase) = (code, line, phrase)
            return
        }
        return nil
    }

    /// Such as say what is wrong with the machine; the rest may be a consequence of those.
    var isSpecific: Bool { code != .badConfiguration && code != .missingFile }

    /// In the order in which they are looked for: nginx begins the lines of all its failures with `[emerg]`.
    private static let words: [(code: UnitFinding.Code, words: [String])] = [
        (.portTaken, ["address already in use", "eaddrinuse"]),
        (.diskFull, ["no space left on device", "enospc", "disk quota exceeded"]),
        (.readOnlyFileSystem, ["read-only file system", "erofs"]),
        (.permissionDenied, ["permission denied", "eacces"]),
        (
            .badConfiguration,
            [
                "syntax error", "unknown directive", "[emerg]", "invalid configuration", "configuration error",
                "config error", "error in config", "parse error", "failed to parse", "could not parse", "cannot parse",
                "invalid option", "unknown option", "unrecognized option", "unknown variable", "bad configuration",
                "configtest failed", "not allowed here", "invalid command", "invalid value", "invalid number",
            ]
        ),
        (.missingFile, ["no such file or directory", "enoent"]),
    ]

    /// The file it is about: the last absolute path before the words that say so, else the first behind them.
    var path: String? {
        func isPath(_ word: String) -> Bool { word.hasPrefix("/") && word.utf8.count > 1 }
        guard let place = line.range(ignoringCase: phrase) else { return nil }
        return Self.words(of: line[..<place.lowerBound]).last(where: isPath)
            ?? Self.words(of: line[place.upperBound...]).first(where: isPath)
    }

    /// The port in an address such as `0.0.0.0:80`, `[::]:80`, `:::80`, `*:80`, or behind the word `port`.
    var port: UInt16? {
        let words = Self.words(of: line)
        for (index, word) in words.enumerated() {
            if let colon = word.lastIndex(of: ":"), Self.isHost(word[..<colon]),
                let port = Self.port(word[word.index(after: colon)...])
            {
                return port
            }
            if ["port", "port:"].contains(word.lowercased()), index + 1 < words.count,
                let port = Self.port(words[index + 1][...])
            {
                return port
            }
        }
        return nil
    }

    private static func words(of line: some StringProtocol) -> [String] {
        line.split(whereSeparator: { " '\"`(),;=<>\t".contains($0) }).map { word in
            String(word).trimming(suffix: ":.")
        }
    }

    private static func port(_ digits: Substring) -> UInt16? {
        UInt16(digits).flatMap { $0 > 0 ? $0 : nil }
    }

    /// A time such as `12:30:05` has no host before its last colon.
    private static func isHost(_ text: Substring) -> Bool {
        text.contains(".") || text.hasPrefix("[") || text.hasPrefix("*") || text.hasPrefix("::") || text == "localhost"
    }
}

extension String {
    /// Where ASCII text stands, capital or small.
    fileprivate func range(ignoringCase text: String) -> Range<Index>? {
        let wanted = Array(text.utf8)
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
