import ExecutorAPI
import ExecutorPolicy
import StrictJSON

/// A tool whose every word on the way out has its secrets masked.
///
/// What a child prints is masked by the runner; this is for all the rest: names of processes, labels
/// of containers, lines of the journal, command lines.
struct MaskedTool: Tool {
    let tool: any Tool
    let mask: @Sendable (String) -> String

    var definition: ToolDefinition { tool.definition }

    func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        switch tool.prepare(arguments, policy: policy) {
        case .refused(let refusal, let command): .refused(refusal, command: command)
        case .needsApproval(let proposal, let then): .needsApproval(proposal) { masked(then($0)) }
        case .ready(let call): .ready(masked(call))
        }
    }

    private func masked(_ call: ReadyCall) -> ReadyCall {
        ReadyCall(rule: call.rule, command: call.command, effect: call.effect) { context in
            var report = call.perform(context)
            report.result.output = mask(report.result.output)
            report.result.error = report.result.error.map(mask)
            report.result.metadata = report.result.metadata.mapValues(masked)
            return report
        }
    }

    private func masked(_ json: JSONValue) -> JSONValue {
        switch json {
        case .string(let text): .string(mask(text))
        case .array(let values): .array(values.map(masked))
        case .object(let members): .object(members.mapValues(masked))
        case .null, .bool, .integer, .number: json
        }
    }
}
