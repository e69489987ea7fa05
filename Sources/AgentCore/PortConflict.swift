/// Finds the port that a program could not have, in the words of its log.
///
/// nginx: `bind() to 0.0.0.0:80 failed (98: Address already in use)`; Apache: `could not bind to address
/// [::]:80`; Go: `listen tcp :8080: bind: address already in use`; Node: `EADDRINUSE … :::3000`.
enum PortConflict {
    /// The port and the line that says so, of the newest such line.
    static func find(in log: String) -> (port: Int, line: String)? {
        for line in log.split(separator: "\n").reversed() {
            let lower = line.lowercased()
            guard
                lower.contains("address already in use") || lower.contains("eaddrinuse") || lower.contains("bind() to")
                    || lower.contains("could not bind")
            else { continue }
            if let port = port(in: lower) { return (port, String(line.prefix(300))) }
        }
        return nil
    }

    /// The first `:digits` after the words, so that a time of day is not taken for a port.
    private static func port(in line: String) -> Int? {
        for marker in [
            "bind() to", "bind to address", "listen tcp", "eaddrinuse", "listening on", "address already in use",
            "bind",
        ] {
            guard let start = range(of: marker, in: line) else { continue }
            var digits = ""
            var isAfterColon = false
            for character in line[start...] + " " {
                if isAfterColon, character.isASCII, character.isNumber {
                    digits.append(character)
                } else {
                    if let port = Int(digits), (1...65535).contains(port) { return port }
                    (digits, isAfterColon) = ("", character == ":")
                }
            }
        }
        return nil
    }

    /// Where the words end.
    private static func range(of words: String, in line: String) -> String.Index? {
        var start = line.startIndex
        while start < line.endIndex {
            if line[start...].hasPrefix(words) { return line.index(start, offsetBy: words.count) }
            start = line.index(after: start)
        }
        return nil
    }
}
