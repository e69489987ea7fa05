import StrictJSON
import Testing

@Suite("Strict JSON")
struct StrictJSONTests {
    @Test(
        "what is not exactly one JSON text is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "'a'", "01", "1.", ".5", "+1", "1e", "-",
            "nul",
            "tru", "NaN", "Infinity", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\u{01}\"", "1 2",
            "{} x", "{\"a\":1,\"a\":2}", "[1 2]", "{\"a\":1 \"b\":2}", "\u{FEFF}1", "1e999",
        ])
    func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(
        "invalid UTF-8 is refused",
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        ] as [[UInt8]])
    func refusesUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    @Test("depth has a limit")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(32))
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(33)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(1_000_00)) }
    }

    @Test(
        "values are read as they are",
        arguments: [
            ("null", JSONValue.null), ("true", true), ("0", 0), ("-0", 0),
            ("9223372036854775807", JSONValue.integer(Int64.max)),
            ("1.5", 1.5), ("1e2", 100), ("\"\\u0416\\ud83d\\ude00\\n\\/\"", "Ж😀\n/"), ("[]", []), ("{}", [:]),
            (" { \"a\" : [ 1 , null ] } ", ["a": [1, nil]]),
        ] as [(String, JSONValue)])
    func reads(_ text: String, _ value: JSONValue) throws {
        let read = try JSONValue(parsing: text)
        #expect(read == value || read.doubleValue == value.doubleValue && value.doubleValue != nil)
    }

    @Test("a lenient reader takes what servers send: the last of two keys, a lone surrogate as U+FFFD")
    func lenient() throws {
        #expect(try JSONValue(parsing: "{\"a\":1,\"a\":2}", options: .lenient) == ["a": 2])
        #expect(try JSONValue(parsing: "\"\\ud800\"", options: .lenient) == "\u{FFFD}")
    }

    @Test("equal values have equal bytes, and reading them gives the value again")
    func roundTrip() throws {
        var generator = Generator(state: 3)
        for _ in 0..<500 {
            let value = generator.value(depth: 4)
            #expect(try JSONValue(parsing: value.encoded()) == value)
            #expect(value.encoded() == (try JSONValue(parsing: value.encoded())).encoded())
        }
    }

    @Test("random bytes are read or refused, and never a trap")
    func fuzz() {
        var generator = Generator(state: 5)
        let seed = Array(#"{"jsonrpc":"2.0","id":1,"params":{"a":[1,2.5e3,"\u0416x",null,true]}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = try? JSONValue(parsing: bytes[..<Int.random(in: 0...bytes.count, using: &generator)])
        }
    }
}

private struct Generator: RandomNumberGenerator {
    var state: UInt64

    /// xorshift64*
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &self) {
        case 0: return .null
        case 1: return .bool(.random(using: &self))
        case 2: return .integer(.random(in: .min ... .max, using: &self))
        case 3: return .number(Double(Int.random(in: -1000...1000, using: &self)) + 0.5)
        case 4: return .string(text())
        case 5: return .array((0..<3).map { _ in value(depth: depth - 1) })
        default:
            return .object(
                Dictionary(uniqueKeysWithValues: Set([text(), text()]).map { ($0, value(depth: depth - 1)) }))
        }
    }

    private mutating func text() -> String {
        let scalars = (0..<8).compactMap { _ in UnicodeScalar(UInt32.random(in: 0...0x1_F600, using: &self)) }
        return String(String.UnicodeScalarView(scalars))
    }
}
