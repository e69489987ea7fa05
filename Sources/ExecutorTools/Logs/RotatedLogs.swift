import ExecutorPolicy

/// The files a log was rotated away to, by logrotate(8)'s ways of naming them.
enum RotatedLogs {
    /// The newest first: of `app.log` those named `app.log.1`, `app.log.2.gz`, `app.log-20261124.xz`, `app-20261124.log`.
    static func names(of name: String, among names: [String]) -> [String] {
        let parts = split(name)
        let found = names.compactMap { other -> (name: String, order: Order)? in
            guard other != name, let order = order(of: other, name, parts) else { return nil }
            return (other, order)
        }
        return Array(found.sorted { $0.order < $1.order }.map(\.name).prefix(LogLimits.rotatedFiles))
    }

    /// Numbers count from the newest, dates from the oldest.
    private enum Order: Comparable {
        case number(Int)
        /// How far its date, as a number, is from the last there can be.
        case date(Int)
    }

    private static func order(of other: String, _ name: String, _ parts: (stem: String, end: String)) -> Order? {
        let plain = Unpacker(path: other).map { String(other.dropLast($0.suffix.utf8.count)) } ?? other
        if let rest = rest(of: plain, after: name, before: "") ?? rest(of: plain, after: parts.stem, before: parts.end)
        {
            return order(rest)
        }
        return nil
    }

    /// `.3` or `-20261124`, `-2026112413`, `-20261124-1764000000`.
    private static func order(_ suffix: Substring) -> Order? {
        let digits = suffix.dropFirst().filter { $0 != "-" }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) else { return nil }
        switch suffix.first {
        case "." where digits.utf8.count <= 4: return .number(number)
        case "-" where (8...20).contains(digits.utf8.count):
            // Of one length, so that a day and an hour are comparable.
            let padded = digits.prefix(18) + String(repeating: "0", count: max(0, 18 - digits.utf8.count))
            return Int(padded).map { .date(Int.max - $0) }
        default: return nil
        }
    }

    private static func rest(of text: String, after start: String, before end: String) -> Substring? {
        guard text.hasPrefix(start), text.hasSuffix(end), text.utf8.count > start.utf8.count + end.utf8.count else {
            return nil
        }
        return text.dropFirst(start.count).dropLast(end.count)
    }

    private static func split(_ name: String) -> (stem: String, end: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }
}
