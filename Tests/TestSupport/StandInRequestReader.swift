import Glibc

/// Reads requests off one connection, and takes HTTP/1.1 at its word.
struct StandInRequestReader {
    private static let maximumHeadBytes = 64 << 10
    private static let maximumBodyBytes = 64 << 20

    private let connection: Int32
    private var buffer: [UInt8] = []

    init(connection: Int32) { self.connection = connection }

    /// The next request, or `nil` when the client has no more.
    mutating func next() throws(StandInError) -> StandInRequest? {
        guard let head = try readHead() else { return nil }
        var request = try Self.parse(head)
        if request.headers["transfer-encoding"] != nil {
            throw StandInError("A body with a Transfer-Encoding; this server wants a Content-Length.")
        }
        if let text = request.headers["content-length"] {
            guard let length = Int(text), text.allSatisfy(\.isNumber), length <= Self.maximumBodyBytes else {
                throw StandInError("Content-Length '\(text)' is no length up to \(Self.maximumBodyBytes).")
            }
            if request.headers["expect"] == "100-continue" {
                let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
                _ = send(connection, interim, interim.count, Int32(MSG_NOSIGNAL))
            }
            while buffer.count < length {
                guard receive() else {
                    throw StandInError("The body ended after \(buffer.count) of \(length) bytes.")
                }
            }
            request.body = Array(buffer.prefix(length))
            buffer.removeFirst(length)
        } else if request.method == "POST" || request.method == "PUT" {
            throw StandInError("A \(request.method) without a Content-Length.")
        }
        return request
    }

    private mutating func readHead() throws(StandInError) -> String? {
        let end: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        var searched = 0
        while true {
            var index = searched
            while index + 4 <= buffer.count {
                if buffer[index] == 0x0D, Array(buffer[index..<index + 4]) == end {
                    let head = String(decoding: buffer[..<index], as: UTF8.self)
                    buffer.removeFirst(index + 4)
                    return head
                }
                index += 1
            }
            searched = index
            guard buffer.count <= Self.maximumHeadBytes else {
                throw StandInError("A head over \(Self.maximumHeadBytes) bytes.")
            }
            guard receive() else {
                if buffer.isEmpty { return nil }
                throw StandInError("The head ended in its middle.")
            }
        }
    }

    private mutating func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var count = 0
        repeat { count = recv(connection, &chunk, chunk.count, 0) } while count < 0 && errno == EINTR
        guard count > 0 else { return false }
        buffer.append(contentsOf: chunk.prefix(count))
        return true
    }

    private static func parse(_ head: String) throws(StandInError) -> StandInRequest {
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, words[2] == "HTTP/1.1", words[0].allSatisfy({ $0.isASCII && $0.isUppercase }) else {
            throw StandInError("The request line is not 'METHOD target HTTP/1.1'.")
        }
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex, line.first != " " else {
                throw StandInError("A header line without a name and a colon.")
            }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            guard headers.updateValue(String(value), forKey: name) == nil else {
                throw StandInError("The header '\(name)' twice.")
            }
        }
        guard headers["host"] != nil else { throw StandInError("A request without a Host.") }
        let (path, query) = split(target: words[1])
        guard path.hasPrefix("/") || words[0] == "CONNECT" else {
            throw StandInError("The target '\(words[1])' does not begin with '/'.")
        }
        return StandInRequest(
            method: words[0], path: path, query: query, headers: headers, body: [], target: words[1])
    }

    /// The path and the query of a target in origin form or, from a proxy's client, in absolute form.
    private static func split(target: String) -> (path: String, query: String) {
        var rest = target[...]
        if let scheme = target.firstRange(of: "://") {
            rest = target[scheme.upperBound...].drop { $0 != "/" }
        }
        guard let mark = rest.firstIndex(of: "?") else { return (String(rest), "") }
        return (String(rest[..<mark]), String(rest[rest.index(after: mark)...]))
    }
}
