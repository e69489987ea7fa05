import ExecutorAPI
import ExecutorTools
import StrictJSON
import Testing

@Suite("Arguments")
struct ArgumentReaderTests {
    private let host = Argument<String>.text("host", "A name.", maximumBytes: 8)
    private let note = Argument<String?>.optionalText("note", "A remark.")
    private let port = Argument<Int>.integer("port", "A port.", in: 1...65535)
    private let tries = Argument<Int>.integer("tries", "How often.", in: 1...5, default: 3)
    private let source = Argument<String?>.optionalChoice("source", "Where from.", of: ["file", "journal"])
    private var table: ArgumentTable { ArgumentTable(host, note, port, tries, source) }

    private func readAll(_ arguments: [String: JSONValue]) throws(Refusal) {
        let reader = try ArgumentReader(arguments, table: table)
        _ = try reader.read(host)
        _ = try reader.read(note)
        _ = try reader.read(port)
        _ = try reader.read(tries)
        _ = try reader.read(source)
    }

    @Test(
        "a fault is refused, and the refusal names the argument and what would be accepted",
        arguments: [
            (["host": "a"], "port", "1 to 65535"),
            (["port": 80], "host", "text"),
            (["host": "a", "port": 0], "port", "1 to 65535"),
            (["host": "a", "port": 65536], "port", "1 to 65535"),
            (["host": "a", "port": "80"], "port", "whole number"),
            (["host": "a", "port": 80.5], "port", "whole number"),
            (["host": "a", "port": true], "port", "whole number"),
            (["host": "a", "port": nil], "port", "whole number"),
            (["host": 7, "port": 80], "host", "text"),
            (["host": "", "port": 80], "host", "at least one"),
            (["host": "123456789", "port": 80], "host", "at most 8 bytes"),
            (["host": "a\nb", "port": 80], "host", "one line"),
            (["host": "a", "port": 80, "note": ["x"]], "note", "text"),
            (["host": "a", "port": 80, "tries": 6], "tries", "1 to 5"),
            (["host": "a", "port": 80, "source": "moon"], "source", "file, journal"),
            (["host": "a", "port": 80, "prot": 1], "prot", "'tries'"),
        ] as [([String: JSONValue], String, String)])
    func faultIsRefused(_ arguments: [String: JSONValue], _ name: String, _ wanted: String) {
        let refusal = #expect(throws: Refusal.self) { try readAll(arguments) }
        #expect(refusal?.code == .invalidArguments)
        #expect(refusal?.message.contains("'\(name)'") == true)
        #expect(refusal?.alternative.contains(wanted) == true)
    }

    @Test("what is given is read, and what is left out has its default")
    func valuesAreRead() throws {
        let reader = try ArgumentReader(["host": "a", "port": 80.0], table: table)
        #expect(try reader.read(host) == "a")
        #expect(try reader.read(port) == 80)
        #expect(try reader.read(tries) == 3)
        #expect(try reader.read(note) == nil)
        #expect(try reader.read(source) == nil)
    }

    @Test("the schema says what the reader does")
    func schemaMatches() {
        let schema = table.schema
        #expect(schema["type"] == "object")
        #expect(schema["additionalProperties"] == false)
        #expect(schema["required"] == ["host", "port"])
        #expect(schema["properties"]?["port"]?["maximum"] == 65535)
        #expect(schema["properties"]?["tries"]?["default"] == 3)
        #expect(schema["properties"]?["host"]?["maxLength"] == 8)
        #expect(schema["properties"]?["source"]?["enum"] == ["file", "journal"])
    }

    @Test("a stranger's argument name cannot drive the terminal it is shown on")
    func strangeNameIsSafe() {
        let refusal = #expect(throws: Refusal.self) {
            _ = try ArgumentReader(["\u{1B}[2J\u{202E}x": 1], table: ArgumentTable())
        }
        #expect(refusal?.message.contains("?[2J?x") == true)
        #expect(refusal?.alternative == "This tool takes no arguments.")
    }
}
