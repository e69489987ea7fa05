import Systemd

/// Names that look like one that does not exist.
enum NearestNames {
    static func of(_ wanted: String, among names: some Sequence<String>, limit: Int = 5) -> [String] {
        let stem = stem(wanted)
        let ranked = names.compactMap { name -> (distance: Int, name: String)? in
            let other = self.stem(name)
            if other.contains(ignoringCase: stem) || (other.utf8.count > 2 && stem.contains(ignoringCase: other)) {
                return (abs(other.utf8.count - stem.utf8.count) / 4, name)
            }
            if stem.utf8.sorted() == other.utf8.sorted() { return (1, name) }
            let distance = distance(Array(stem.utf8), Array(other.utf8))
            return distance <= max(1, stem.utf8.count / 3) ? (distance, name) : nil
        }
        return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
    }

    private static func stem(_ name: String) -> String {
        name.hasSuffix(".service") ? String(name.dropLast(8)) : name
    }

    /// Levenshtein's, over the bytes.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for column in other.indices {
                let substitution = previous + (byte == other[column] ? 0 : 1)
                previous = row[column + 1]
                row[column + 1] = min(substitution, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[other.count]
    }
}
