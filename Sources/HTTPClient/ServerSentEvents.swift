/// Events of a `text/event-stream` body (HTML standard, "Server-sent events"), fed with bytes as they come.
package struct ServerSentEvents: Sendable {
    package struct Event: Sendable, Hashable {
        package var name: String
        package var data: String
    }

    /// A longer line is no event of a server this program talks to.
    package static let maximumLineBytes = 4 << 20

    private var line: [UInt8] = []
    private var name = ""
    private var data: [String] = []
    private var sawReturn = false

    package init() {}

    /// - Throws: ``HTTPError`` `.tooLarge` for a line above ``maximumLineBytes``.
    package mutating func feed(_ bytes: [UInt8]) throws(HTTPError) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            // CR, LF and CRLF each end a line.
            defer { sawReturn = byte == 0x0D }
            if byte == 0x0A, sawReturn { continue }
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                guard line.count <= Self.maximumLineBytes else {
                    throw HTTPError(.tooLarge, "A line of the event stream is too long.", mayHaveBeenSent: true)
                }
                continue
            }
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer { (name, data) = ("", []) }
            return data.isEmpty ? nil : Event(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        let field = String(decoding: line[..<colon], as: UTF8.self)
        var value = line[colon...].dropFirst()
        if value.first == 0x20 { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch field {
        case "event": name = text
        case "data": data.append(text)
        default: break
        }
        return nil
    }
}
