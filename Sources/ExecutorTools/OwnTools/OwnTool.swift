package import ExecutorAPI
package import ExecutorPolicy
package import ExecutorRunner
package import StrictJSON
import Wire

/// A tool of the administrator's own: one command of its definition's, its free arguments judged by kind.
package struct OwnTool: Tool {
    private let own: OwnToolDefinition
    private let runner: Runner
    private let settings: ToolSettings.ToolEntry
    private let arguments: [Argument<String?>]
    private let table: ArgumentTable

    package let definition: ToolDefinition

    package init(_ own: OwnToolDefinition, runner: Runner, settings: ToolSettings.ToolEntry) {
        (self.own, self.runner, self.settings) = (own, runner, settings)
        arguments = own.command.arguments.map(Argument.own)
        table = ArgumentTable(arguments)
        let isRead = own.command.effect == .read
        definition = ToolDefinition(
            name: own.name, title: own.title, description: own.description, inputSchema: table.schema,
            readOnly: isRead, destructive: !isRead)
    }

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        do throws(Refusal) {
            if let missing = own.missingProgram { throw notOffered(missing) }
            let reader = try ArgumentReader(arguments, table: table)
            var values: [String: String] = [:]
            for argument in self.arguments { values[argument.name] = try reader.read(argument) }
            return .judged(
                policy.judge(tool: own.name, values), command: own.name, approval: settings.approval
            ) { grant in
                ReadyCall(grant) { context in run(grant, context) }
            }
        } catch {
            return .refused(error, command: own.name)
        }
    }

    private func notOffered(_ why: String) -> Refusal {
        Refusal(
            .notAllowed, rule: "tool/\(own.name)", message: "\(own.name) is not offered now: \(why).",
            alternative: "tools/list names the tools that are.")
    }

    private func run(_ grant: Grant, _ context: ToolContext) -> ToolReport {
        var report = CommandRun(runner: runner).report(grant, timeout: settings.timeout, context)
        if let run = report.run { report.result.metadata.merge(parsed(run)) { own, _ in own } }
        return report
    }

    /// `json` or `lines`, as the definition asks; where the output is none, `parse_error` says why.
    private func parsed(_ run: RunResult) -> [String: JSONValue] {
        switch own.parser {
        case .text: return [:]
        case .lines:
            let lines = run.output.split(whereSeparator: \.isNewline).prefix(OwnToolLimits.lines)
            return ["lines": .array(lines.map { .string(PrintableText.line($0, limit: OwnToolLimits.lineLength)) })]
        case .json:
            guard !run.isOutputCut, run.output.utf8.count <= OwnToolLimits.parsedBytes else {
                return ["parse_error": "The output is longer than what is read as JSON."]
            }
            do throws(JSONError) {
                return ["json": try JSONValue(parsing: Array(run.output.utf8))]
            } catch {
                return ["parse_error": .string("The output is no JSON: \(error)")]
            }
        }
    }
}

/// What bounds a tool of the administrator's own.
enum OwnToolLimits {
    /// More lines are left to the text.
    static let lines = 1000
    /// Characters; the rest of a longer line is left to the text.
    static let lineLength = 4096
    /// Longer output is not read as JSON: an answer has it twice, and a line of the socket has an end.
    static let parsedBytes = 128 << 10
    /// How long a prerequisite's answer holds.
    static let prerequisiteMemory = Duration.seconds(60)
    /// How long a prerequisite may take.
    static let prerequisiteTimeout = Duration.seconds(5)
}

extension Argument where Value == String? {
    /// An argument of such a tool: what its kind is, the policy judges.
    static func own(_ argument: OwnArgument) -> Argument {
        var schema =
            argument.isNumber
            ? integerSchema(argument.description, OwnArgument.numbers)
            : textSchema(argument.description, ArgumentLimits.textBytes)
        func value(_ text: String) -> JSONValue {
            argument.isNumber ? Int(text).map { JSONValue($0) } ?? .string(text) : .string(text)
        }
        if !argument.choices.isEmpty { schema["enum"] = .array(argument.choices.map(value)) }
        if let fallback = argument.fallback { schema["default"] = value(fallback) }
        return Argument(
            name: argument.name, schema: schema, presence: argument.isRequired ? .required : .optional
        ) { json throws(Refusal) in
            let text =
                argument.isNumber
                ? try readInteger(json, argument.name, OwnArgument.numbers).map { "\($0)" }
                : try readText(json, argument.name, ArgumentLimits.textBytes)
            if text == nil, argument.isRequired {
                throw .missing(argument.name, argument.choices.isEmpty ? "a \(argument.kindName)" : "one of its words")
            }
            return text
        }
    }
}
