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
        case "df": return table(lines, dfTitles)
        case "free": return free(lines)
        case "ps": return table(lines, psTitles)
        case "ss": return sockets(lines)
        case "docker" where words.dropFirst().first == "ps": return containers(lines)
        default: return nil
        }
    }

    /// What each heading is called in a row; a heading that is not here makes no rows.
    private static let dfTitles = [
        "Filesystem": "filesystem", "Type": "type", "Size": "size", "1K-blocks": "kilobytes", "Used": "used",
        "Avail": "available", "Available": "available", "Use%": "use_percent", "Inodes": "inodes", "IUsed": "used",
        "IFree": "free", "IUse%": "use_percent", "Mounted": "mounted_on",
    ]
    private static let psTitles = [
        "USER": "user", "UID": "user", "PID": "pid", "PPID": "parent", "C": "cpu_percent", "%CPU": "cpu_percent",
        "%MEM": "memory_percent", "VSZ": "vsz", "RSS": "rss", "TTY": "tty", "STAT": "stat", "START": "start",
        "STIME": "start", "TIME": "time", "COMMAND": "command", "CMD": "command",
    ]
    private static let numbers: Set<String> = ["free", "inodes", "kilobytes", "parent", "pid", "rss", "vsz"]

    /// Columns between blanks, under the titles of the first line; the last takes the rest of its line.
    private static func table(_ lines: [Substring], _ names: [String: String]) -> [JSONValue]? {
        // "Mounted on" is one title of two words.
        let titles = (lines.first ?? "").split(separator: " ").filter { $0 != "on" }.map { names[String($0)] }
        guard titles.count > 2, !titles.contains(nil) else { return nil }
        let known = titles.compactMap { $0 }
        let rows = lines.dropFirst().prefix(maximumRows).compactMap { line -> JSONValue? in
            let fields = line.split(separator: " ", maxSplits: known.count - 1)
            guard fields.count == known.count else { return nil }
            return row(known, fields.map { $0.drop { $0 == " " } }, numbers)
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
