package import StrictJSON

/// The output of a few programs, as rows a program can use; the text itself is always there beside them.
package enum CommandRows {
    /// More rows than this are left to the text.
    package static let maximumRows = 500

    /// The rows of what `words` printed, or `nil` for a program whose output is no table known here.
    package static func parse(_ output: String, of words: [String]) -> [JSONValue]? {
        guard let program = words.first?.split(separator: "/").last else { return nil }
        let lines = output.split(separator: "\n")
        switch program {
        case "df":
            return table(lines, titles: ["filesystem", "size", "used", "available", "use_percent", "mounted_on"])
        case "free": return free(lines)
        case "ps":
            return table(
                lines,
                titles: [
                    "user", "pid", "cpu_percent", "memory_percent", "vsz", "rss", "tty", "stat", "start", "time",
                    "command",
                ], numbers: ["pid", "vsz", "rss", "cpu_percent", "memory_percent"], heading: "USER")
        case "ss": return sockets(lines)
        case "docker" where words.dropFirst().first == "ps": return containers(lines)
        default: return nil
        }
    }

    /// Columns between blanks; the last takes the rest of its line.
    private static func table(
        _ lines: [Substring], titles: [String], numbers: Set<String> = [], heading: String? = nil
    ) -> [JSONValue]? {
        guard let first = lines.first, heading.map(first.hasPrefix) ?? true else { return nil }
        let rows = lines.dropFirst().prefix(maximumRows).compactMap { line -> JSONValue? in
            let fields = line.split(
                separator: " ", maxSplits: titles.count - 1, omittingEmptySubsequences: true)
            guard fields.count == titles.count else { return nil }
            return row(titles, fields.map { $0.drop { $0 == " " } }, numbers)
        }
        return rows.isEmpty ? nil : rows
    }

    private static func row(_ titles: [String], _ fields: [Substring], _ numbers: Set<String>) -> JSONValue {
        let members = zip(titles, fields).map { title, field -> (String, JSONValue) in
            if title.hasSuffix("_percent"), let number = Double(field.hasSuffix("%") ? field.dropLast() : field) {
                return (title, Int(exactly: number).map { JSONValue($0) } ?? JSONValue(number))
            }
            if numbers.contains(title), let number = Int(field) { return (title, JSONValue(number)) }
            return (title, .string(String(field)))
        }
        return .object(Dictionary(members) { first, _ in first })
    }

    /// `Mem:` and `Swap:`, under the titles of the first line.
    private static func free(_ lines: [Substring]) -> [JSONValue]? {
        guard let titles = lines.first?.split(separator: " ").map({ $0 == "buff/cache" ? "buff_cache" : String($0) }),
            titles.first == "total"
        else { return nil }
        let rows = lines.dropFirst().prefix(maximumRows).compactMap { line -> JSONValue? in
            let fields = line.split(separator: " ")
            guard let name = fields.first, name.hasSuffix(":") else { return nil }
            var members: [String: JSONValue] = ["kind": .string(name.dropLast().lowercased())]
            for (title, field) in zip(titles, fields.dropFirst()) {
                members[title] = Int(field).map { JSONValue($0) } ?? .string(String(field))
            }
            return .object(members)
        }
        return rows.isEmpty ? nil : rows
    }

    /// `State Recv-Q Send-Q Local Address:Port Peer Address:Port Process`; with `-u` too, `Netid` stands before it.
    private static func sockets(_ lines: [Substring]) -> [JSONValue]? {
        guard let heading = lines.first, heading.contains("Local Address:Port") else { return nil }
        var titles = ["state", "receive_queue", "send_queue", "local", "peer"]
        if heading.hasPrefix("Netid") { titles.insert("protocol", at: 0) }
        let rows = lines.dropFirst().prefix(maximumRows).compactMap { line -> JSONValue? in
            let fields = line.split(separator: " ", maxSplits: titles.count, omittingEmptySubsequences: true)
            guard fields.count >= titles.count else { return nil }
            let process = fields.count > titles.count ? fields[titles.count].drop { $0 == " " } : ""
            return row(titles + ["process"], fields.prefix(titles.count) + [process], ["receive_queue", "send_queue"])
        }
        return rows.isEmpty ? nil : rows
    }

    /// `docker ps`: the columns are as wide as their titles stand apart, for their values have blanks.
    private static func containers(_ lines: [Substring]) -> [JSONValue]? {
        guard let heading = lines.first, heading.hasPrefix("CONTAINER ID") else { return nil }
        let titles = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
        let starts = titles.compactMap { offset(of: $0, in: heading) }
        guard starts.count == titles.count else { return nil }
        let rows = lines.dropFirst().prefix(maximumRows).map { line -> JSONValue in
            let characters = Array(line)
            let members = titles.indices.map { column -> (String, JSONValue) in
                let end = column + 1 < starts.count ? min(starts[column + 1], characters.count) : characters.count
                let cell = starts[column] < end ? String(characters[starts[column]..<end]) : ""
                let name = column == 0 ? "id" : titles[column].lowercased()
                return (name, .string(String(cell.reversed().drop { $0 == " " }.reversed())))
            }
            return .object(Dictionary(members) { first, _ in first })
        }
        return rows.isEmpty ? nil : rows
    }

    private static func offset(of title: String, in heading: Substring) -> Int? {
        var index = heading.startIndex
        while index < heading.endIndex {
            if heading[index...].hasPrefix(title) { return heading.distance(from: heading.startIndex, to: index) }
            index = heading.index(after: index)
        }
        return nil
    }
}
