package import StrictJSON

/// The names of the ten tools; an administrator's own tools have names beside these.
package enum ToolName: String, Sendable, Hashable, CaseIterable {
    case checkPort = "check_port"
    case checkService = "check_service"
    case dockerLogs = "docker_logs"
    case dockerPs = "docker_ps"
    case dockerRestart = "docker_restart"
    case readLogs = "read_logs"
    case restartService = "restart_service"
    case runCommand = "run_command"
    case systemHealth = "system_health"
    case verifyFix = "verify_fix"
}

/// A tool as `tools/list` shows it (MCP 2026-07-28, `Tool`).
package struct ToolDefinition: Sendable, Hashable {
    package var name: String
    package var title: String
    /// Three or four sentences for the model: what it does, when to use it, what it answers.
    package var description: String
    /// JSON Schema 2020-12, `type: object`, `additionalProperties: false`.
    package var inputSchema: JSONValue
    package var readOnly: Bool
    package var destructive: Bool
    package var idempotent: Bool

    package init(
        name: String, title: String, description: String, inputSchema: JSONValue, readOnly: Bool,
        destructive: Bool = false, idempotent: Bool = false
    ) {
        (self.name, self.title, self.description, self.inputSchema) = (name, title, description, inputSchema)
        (self.readOnly, self.destructive, self.idempotent) = (readOnly, destructive, idempotent)
    }

    package init?(json: JSONValue) {
        guard let name = json["name"]?.stringValue, let schema = json["inputSchema"] else { return nil }
        let hints = json["annotations"]
        // What is not said is taken as MCP says: not read-only, destructive, not idempotent.
        self.init(
            name: name, title: json["title"]?.stringValue ?? name,
            description: json["description"]?.stringValue ?? "", inputSchema: schema,
            readOnly: hints?["readOnlyHint"]?.boolValue ?? false,
            destructive: hints?["destructiveHint"]?.boolValue ?? true,
            idempotent: hints?["idempotentHint"]?.boolValue ?? false)
    }

    package var json: JSONValue {
        [
            "name": .string(name), "title": .string(title), "description": .string(description),
            "inputSchema": inputSchema, "outputSchema": ToolResult.schema,
            "annotations": [
                "readOnlyHint": .bool(readOnly), "destructiveHint": .bool(destructive),
                "idempotentHint": .bool(idempotent), "openWorldHint": false,
            ],
        ]
    }
}

/// What a tool answered: text for a person, and the same for a program.
///
/// On the socket: `content[0].text` is ``text``; `structuredContent` is `{success, output, error,
/// metadata}` with `refusal` where the policy said no; `isError` is the opposite of ``success``.
package struct ToolResult: Sendable, Hashable {
    package var success: Bool
    /// A short text a person can read.
    package var output: String
    /// One sentence; for a time-out it contains the word "timeout".
    package var error: String?
    package var metadata: [String: JSONValue]
    package var refusal: Refusal?

    package init(
        success: Bool, output: String, error: String? = nil, metadata: [String: JSONValue] = [:],
        refusal: Refusal? = nil
    ) {
        (self.success, self.output, self.error) = (success, output, error)
        (self.metadata, self.refusal) = (metadata, refusal)
    }

    package static func success(_ output: String, metadata: [String: JSONValue] = [:]) -> ToolResult {
        ToolResult(success: true, output: output, metadata: metadata)
    }

    package static func failure(
        _ error: String, output: String = "", metadata: [String: JSONValue] = [:]
    ) -> ToolResult {
        ToolResult(success: false, output: output, error: error, metadata: metadata)
    }

    package static func refused(_ refusal: Refusal) -> ToolResult {
        ToolResult(success: false, output: "", error: refusal.message, refusal: refusal)
    }

    /// What the model reads: the output, and where it failed the error or the refusal with its alternative.
    package var text: String {
        if let refusal {
            let rule = refusal.rule.map { " Rule: \($0)." } ?? ""
            return "Refused: \(refusal.message)\(rule) \(refusal.alternative)"
        }
        return [error.map { "Error: \($0)" }, output.isEmpty ? nil : output].compactMap { $0 }.joined(separator: "\n")
    }

    package var structured: JSONValue {
        .object(compacting: [
            "success": .bool(success), "output": .string(output), "error": JSONValue(error),
            "metadata": .object(metadata), "refusal": refusal?.json,
        ])
    }

    /// Of ``structured``, as `tools/list` shows it for every tool.
    static let schema: JSONValue = [
        "type": "object", "required": ["success", "output", "error", "metadata"],
        "properties": [
            "success": ["type": "boolean"], "output": ["type": "string"], "error": ["type": ["string", "null"]],
            "metadata": ["type": "object"],
            "refusal": [
                "type": "object", "required": ["code", "rule", "message", "alternative"],
                "properties": [
                    "code": ["type": "string"], "rule": ["type": ["string", "null"]],
                    "message": ["type": "string"], "alternative": ["type": "string"],
                ],
            ],
        ],
    ]

    package init(structured json: JSONValue) {
        self.init(
            success: json["success"]?.boolValue ?? false, output: json["output"]?.stringValue ?? "",
            error: json["error"]?.stringValue, metadata: json["metadata"]?.objectValue ?? [:],
            refusal: Refusal(json: json["refusal"]))
    }
}
