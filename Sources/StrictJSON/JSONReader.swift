/// Why a text is not acceptable JSON.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong, as the end of a sentence, such as "a key appears twice".
    package let reason: String
    /// Where, in bytes from the start.
    package let offset: Int

    package init(reason: String, offset: Int) { (self.reason, self.offset) = (reason, offset) }

    package var description: String { "not valid JSON at byte \(offset): \(reason)" }
}

/// What a reader puts up with. The default is what a privileged socket wants: nothing.
package struct JSONReadingOptions: Sendable {
    /// Arrays and objects within each other, at most; the source of the figure is `docs/API.md`, "Limits".
    package var maximumDepth: Int
    /// A key that appears twice: an error, or the last value counts (RFC 8259, section 4, leaves it open).
    package var duplicateKeys: Leniency
    /// `\ud800` without its other half: an error, or U+FFFD.
    package var loneSurrogates: Leniency

    package enum Leniency: Sendable { case refuse, accept }

    package init(
        maximumDepth: Int = 32, duplicateKeys: Leniency = .refuse, loneSurrogates: Leniency = .refuse
    ) {
        (self.maximumDepth, self.duplicateKeys, self.loneSurrogates) = (maximumDepth, duplicateKeys, loneSurrogates)
    }

    package static let strict = JSONReadingOptions()
    /// For servers we do not control: their text is taken as far as it can be.
    package static let lenient = JSONReadingOptions(
        maximumDepth: 128, duplicateKeys: .accept, loneSurrogates: .accept)
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259), UTF-8, with nothing after it but white space.
    package init(parsing bytes: some Collection<UInt8>, options: JSONReadingOptions = .strict) throws(JSONError) {
        var failure: JSONError?
        let value = bytes.withContiguousStorageIfAvailable { buffer in
            JSONValue.read(buffer, options: options, failure: &failure)
        }
        if let value {
            if let failure { throw failure }
            self = value
        } else {
            self = try JSONValue(parsing: Array(bytes), options: options)
        }
    }

    package init(parsing text: String, options: JSONReadingOptions = .strict) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), options: options)
    }

    private static func read(
        _ buffer: UnsafeBufferPointer<UInt8>, options: JSONReadingOptions, failure: inout JSONError?
    ) -> JSONValue {
        var reader = JSONReader(bytes: buffer, options: options)
        do throws(JSONError) {
            return try reader.readDocument()
        } catch {
            failure = error
            return .null
        }
    }
}

/// A recursive-descent reader over bytes; its recursion is bounded by `maximumDepth`.
private struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    let options: JSONReadingOptions
    var position = 0

    mutating func readDocument() throws(JSONError) -> JSONValue {
        skipWhitespace()
        let value = try readValue(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw error("there is something after the value") }
        return value
    }

    private func error(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        guard let next else { throw error("the text ends where a value should be") }
        switch next {
        case UInt8(ascii: "{"): return try readObject(depth: depth + 1)
        case UInt8(ascii: "["): return try readArray(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        default: throw error("no value begins with this character")
        }
    }

    private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { throw error("expected '\(word)'") }
        for index in 0..<length where bytes[position + index] != word.utf8Start[index] {
            throw error("expected '\(word)'")
        }
        position += length
        return value
    }

    private func checkDepth(_ depth: Int) throws(JSONError) {
        guard depth <= options.maximumDepth else {
            throw error("nested deeper than \(options.maximumDepth) levels")
        }
    }

    private mutating func readArray(depth: Int) throws(JSONError) -> JSONValue {
        try checkDepth(depth)
        position += 1
        var elements: [JSONValue] = []
        skipWhitespace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            skipWhitespace()
            elements.append(try readValue(depth: depth))
            skipWhitespace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(elements)
            default: throw error("expected ',' or ']'")
            }
        }
    }

    private mutating func readObject(depth: Int) throws(JSONError) -> JSONValue {
        try checkDepth(depth)
        position += 1
        var members: [String: JSONValue] = [:]
        skipWhitespace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipWhitespace()
            guard next == UInt8(ascii: "\"") else { throw error("expected a key in double quotes") }
            let key = try readString()
            skipWhitespace()
            guard next == UInt8(ascii: ":") else { throw error("expected ':'") }
            position += 1
            skipWhitespace()
            let value = try readValue(depth: depth)
            if members.updateValue(value, forKey: key) != nil, options.duplicateKeys == .refuse {
                throw error("a key appears twice")
            }
            skipWhitespace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw error("expected ',' or '}'")
            }
        }
    }

    private mutating func readNumber() throws(JSONError) -> JSONValue {
        let start = position
        var isWhole = true
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") {
            position += 1
        } else if readDigits() == 0 {
            throw error("a number needs a digit")
        }
        if next == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            if readDigits() == 0 { throw error("a number needs a digit after its point") }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            if readDigits() == 0 { throw error("a number needs a digit in its exponent") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw error("the number is out of range") }
        return .number(value)
    }

    private mutating func readDigits() -> Int {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position - start
    }

    private mutating func readString() throws(JSONError) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            let text = try decode(bytes[start..<position])
            position += 1
            return text
        }
        var buffer = Array(bytes[start..<position])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try buffer.withUnsafeBufferPointer { buffer throws(JSONError) in try decode(buffer[...]) }
                position += 1
                return text
            case UInt8(ascii: "\\"):
                position += 1
                try readEscape(into: &buffer)
            case 0..<0x20: throw error("a control character inside a string")
            default:
                buffer.append(byte)
                position += 1
            }
        }
        throw error("the text ends inside a string")
    }

    private func decode(_ slice: Slice<UnsafeBufferPointer<UInt8>>) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw error("a string that is not UTF-8") }
        return text
    }

    private mutating func readEscape(into buffer: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw error("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"): buffer.append(contentsOf: String(try readUnicodeEscape()).utf8)
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func readUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let high = try readHex4()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let resume = position
        if high < 0xDC00, next == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = try readHex4()
            if (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            {
                return scalar
            }
            position = resume
        }
        guard options.loneSurrogates == .accept else { throw error("half of a surrogate pair") }
        return "\u{FFFD}"
    }

    private mutating func readHex4() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("the text ends inside an escape") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
                throw error("an escape needs four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
