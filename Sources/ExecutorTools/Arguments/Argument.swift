package import ExecutorAPI
package import StrictJSON

/// One argument of a tool: what the JSON Schema says about it, and how its value is read.
///
/// Both come from the same line of a tool's table, so that what is advertised is what is accepted.
package struct Argument<Value: Sendable>: Sendable {
    package let name: String
    let schema: [String: JSONValue]
    let presence: ArgumentPresence
    let parse: @Sendable (JSONValue?) throws(Refusal) -> Value
}

/// Whether a call may leave an argument out.
package enum ArgumentPresence: Sendable, Hashable {
    case required
    case optional
}

/// An argument of any type, as a tool's table holds it.
package protocol ArgumentEntry: Sendable {
    var name: String { get }
    var schemaProperty: JSONValue { get }
    var isRequired: Bool { get }
}

extension Argument: ArgumentEntry {
    package var schemaProperty: JSONValue { .object(schema) }
    package var isRequired: Bool { presence == .required }
}

/// Longer texts are refused, whatever the argument.
package enum ArgumentLimits {
    package static let textBytes = 4096
}

extension Argument where Value == String {
    /// A text that must be there, is not empty and has no control characters.
    package static func text(
        _ name: String, _ description: String, maximumBytes: Int = ArgumentLimits.textBytes
    ) -> Argument {
        Argument(
            name: name, schema: textSchema(description, maximumBytes), presence: .required
        ) { json throws(Refusal) in
            guard let text = try readText(json, name, maximumBytes) else { throw .missing(name, "a text") }
            return text
        }
    }
}

extension Argument where Value == String? {
    /// A text that may be left out.
    package static func optionalText(
        _ name: String, _ description: String, maximumBytes: Int = ArgumentLimits.textBytes
    ) -> Argument {
        Argument(
            name: name, schema: textSchema(description, maximumBytes), presence: .optional
        ) { json throws(Refusal) in
            try readText(json, name, maximumBytes)
        }
    }

    /// One of a few words; left out, or one of them.
    package static func optionalChoice(_ name: String, _ description: String, of choices: [String]) -> Argument {
        Argument(
            name: name,
            schema: ["type": "string", "description": .string(description), "enum": JSONValue(choices)],
            presence: .optional
        ) { json throws(Refusal) in
            guard let text = try readText(json, name, ArgumentLimits.textBytes) else { return nil }
            guard choices.contains(text) else {
                throw .badArgument(name, "is not one of its words", "one of \(choices.joined(separator: ", "))")
            }
            return text
        }
    }
}

extension Argument where Value == Int {
    /// A whole number that must be there.
    package static func integer(_ name: String, _ description: String, in range: ClosedRange<Int>) -> Argument {
        Argument(
            name: name, schema: integerSchema(description, range), presence: .required
        ) { json throws(Refusal) in
            guard let number = try readInteger(json, name, range) else {
                throw .missing(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    /// A whole number; `fallback` where it is left out.
    package static func integer(
        _ name: String, _ description: String, in range: ClosedRange<Int>, default fallback: Int
    ) -> Argument {
        var schema = integerSchema(description, range)
        schema["default"] = JSONValue(fallback)
        return Argument(name: name, schema: schema, presence: .optional) { json throws(Refusal) in
            try readInteger(json, name, range) ?? fallback
        }
    }
}

extension Argument where Value == Int? {
    /// A whole number that may be left out.
    package static func optionalInteger(
        _ name: String, _ description: String, in range: ClosedRange<Int>
    ) -> Argument {
        Argument(
            name: name, schema: integerSchema(description, range), presence: .optional
        ) { json throws(Refusal) in
            try readInteger(json, name, range)
        }
    }
}

func textSchema(_ description: String, _ maximumBytes: Int) -> [String: JSONValue] {
    [
        "type": "string", "description": .string(description), "minLength": 1, "maxLength": JSONValue(maximumBytes),
    ]
}

func integerSchema(_ description: String, _ range: ClosedRange<Int>) -> [String: JSONValue] {
    [
        "type": "integer", "description": .string(description), "minimum": JSONValue(range.lowerBound),
        "maximum": JSONValue(range.upperBound),
    ]
}

func readText(_ json: JSONValue?, _ name: String, _ maximumBytes: Int) throws(Refusal) -> String? {
    guard let json else { return nil }
    guard let text = json.stringValue else { throw .badArgument(name, "is \(json.kindName)", "a text") }
    guard !text.isEmpty else { throw .badArgument(name, "is empty", "a text of at least one character") }
    guard text.utf8.count <= maximumBytes else {
        throw .badArgument(name, "has \(text.utf8.count) bytes", "a text of at most \(maximumBytes) bytes")
    }
    if let control = text.unicodeScalars.first(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
        let code = String(control.value, radix: 16, uppercase: true)
        throw .badArgument(name, "has the control character U+\(code)", "a text on one line, of printable characters")
    }
    return text
}

func readInteger(_ json: JSONValue?, _ name: String, _ range: ClosedRange<Int>) throws(Refusal) -> Int? {
    guard let json else { return nil }
    let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    switch json {
    case .integer, .number: break
    default: throw .badArgument(name, "is \(json.kindName)", wanted)
    }
    guard let number = json.intValue else { throw .badArgument(name, "is not a whole number", wanted) }
    guard range.contains(number) else { throw .badArgument(name, "is \(number)", wanted) }
    return number
}

extension JSONValue {
    /// What a value is, for a sentence.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension Refusal {
    static func missing(_ name: String, _ wanted: String) -> Refusal {
        Refusal(
            .invalidArguments, message: "The argument '\(name)' is missing.",
            alternative: "Give '\(name)': \(wanted).")
    }

    /// - Parameters:
    ///   - fault: What is wrong, as it follows the argument's name: `is 0`.
    ///   - wanted: What would be right: `a whole number from 1 to 65535`.
    package static func badArgument(_ name: String, _ fault: String, _ wanted: String) -> Refusal {
        Refusal(
            .invalidArguments, message: "The argument '\(name)' \(fault).",
            alternative: "'\(name)' takes \(wanted).")
    }
}
