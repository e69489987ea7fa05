/// Groups of lines that come again and again in one order, as a service does that is started, fails and is started again.
enum LogCycles {
    private static let lengths = 2...8
    /// Fewer are shown as they are.
    private static let leastRounds = 3

    /// One place of a shortened log.
    enum Part: Equatable {
        case line(Int)
        /// The lines have come so often before, the first of them at this place.
        case rounds(Int, length: Int, first: Int)
    }

    /// Shortens what repeats to its last round, and a word on those before it.
    ///
    /// - Parameter keys: What each line says, without its time. Lines of two rounds are alike when they differ in numbers
    ///   alone, and at most half of a round's do that: other than the lines of a log of requests.
    static func parts(_ keys: [String]) -> [Part] {
        let loose = keys.map(withoutNumbers)
        var parts: [Part] = []
        var index = 0
        while index < keys.count {
            guard let (length, rounds) = cycle(at: index, keys, loose) else {
                parts.append(.line(index))
                index += 1
                continue
            }
            let last = index + (rounds - 1) * length
            parts.append(.rounds(rounds - 1, length: length, first: index))
            parts += (last..<last + length).map { .line($0) }
            index = last + length
        }
        return parts
    }

    private static func cycle(at start: Int, _ keys: [String], _ loose: [String]) -> (length: Int, rounds: Int)? {
        for length in lengths where start + leastRounds * length <= keys.count {
            var rounds = 1
            while isRound(start, length, start + rounds * length, keys, loose) { rounds += 1 }
            if rounds >= leastRounds { return (length, rounds) }
        }
        return nil
    }

    private static func isRound(_ start: Int, _ length: Int, _ other: Int, _ keys: [String], _ loose: [String]) -> Bool
    {
        guard other + length <= keys.count else { return false }
        var differing = 0
        for offset in 0..<length {
            guard loose[start + offset] == loose[other + offset] else { return false }
            if keys[start + offset] != keys[other + offset] { differing += 1 }
        }
        return differing * 2 <= length
    }

    private static func withoutNumbers(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isDigit = (0x30...0x39).contains(byte)
            if !isDigit || bytes.last != 0 { bytes.append(isDigit ? 0 : byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
