import Systemd

/// What a line of a service's own log says of the cause, by the words the C library and the common servers use.
struct LogSign: Sendable, Hashable {
    let code: UnitFinding.Code
    let line: String

    /// `nil` for a line that names no cause.
    init?(_ line: String) {
        guard let code = Self.words.first(where: { $0.words.contains { line.contains(ignoringCase: $0) } })?.code else {
            return nil
        }
        (self.code, self.line) = (code, line)
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

    /// The first absolute path in the line, without what surrounds it.
    var path: String? {
        words.first { $0.hasPrefix("/") && $0.utf8.count > 1 }
    }

    /// The port in an address such as `0.0.0.0:80`, `[::]:80`, `:::80`, `*:80`, or behind the word `port`.
    var port: UInt16? {
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

    private var words: [String] {
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
    /// Without the characters of `suffix` at its end.
    fileprivate func trimming(suffix: String) -> String {
        var text = Substring(self)
        while let last = text.last, suffix.contains(last) { text = text.dropLast() }
        return String(text)
    }
}
