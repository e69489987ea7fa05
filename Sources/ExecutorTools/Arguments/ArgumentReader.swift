package import ExecutorAPI
package import StrictJSON

/// The arguments a tool has; the source of its JSON Schema and of its ``ArgumentReader``.
package struct ArgumentTable: Sendable {
    private let entries: [any ArgumentEntry]

    package init(_ entries: any ArgumentEntry...) { self.entries = entries }
    package init(_ entries: [any ArgumentEntry]) { self.entries = entries }

    package var names: [String] { entries.map(\.name) }

    /// JSON Schema 2020-12 of the whole object: what it does not name is not accepted.
    package var schema: JSONValue {
        let properties = entries.map { ($0.name, $0.schemaProperty) }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "additionalProperties": false,
            "properties": .object(Dictionary(properties) { first, _ in first }),
            "required": JSONValue(entries.filter(\.isRequired).map(\.name)),
        ]
    }
}

/// Reads the arguments of one call, strictly.
///
/// Every fault is a ``Refusal`` (`invalid_arguments`) that names the argument and what would be accepted.
package struct ArgumentReader: Sendable {
    private let arguments: [String: JSONValue]

    /// Refuses a name that is not in the table.
    package init(_ arguments: [String: JSONValue], table: ArgumentTable) throws(Refusal) {
        let known = table.names
        if let stranger = arguments.keys.filter({ !known.contains($0) }).min() {
            throw Refusal(
                .invalidArguments, message: "There is no argument '\(PrintableText.line(stranger, limit: 64))'.",
                alternative: known.isEmpty
                    ? "This tool takes no arguments."
                    : "The arguments are \(known.map { "'\($0)'" }.joined(separator: ", ")).")
        }
        self.arguments = arguments
    }

    /// The value of `argument`, or its default where it is left out.
    package func read<Value>(_ argument: Argument<Value>) throws(Refusal) -> Value {
        try argument.parse(arguments[argument.name])
    }
}
