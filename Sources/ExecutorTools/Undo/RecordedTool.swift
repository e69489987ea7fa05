import ExecutorAPI
import ExecutorPolicy
import StrictJSON

/// A tool whose changes tell what they changed: the state of their unit or container before and after.
struct RecordedTool: Tool {
    let tool: any Tool
    let machine: Machine

    var definition: ToolDefinition { tool.definition }

    func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        switch tool.prepare(arguments, policy: policy) {
        case .refused(let refusal, let command): .refused(refusal, command: command)
        case .needsApproval(let proposal, let then): .needsApproval(proposal) { recorded(then($0), policy) }
        case .ready(let call): .ready(recorded(call, policy))
        }
    }

    private func recorded(_ call: ReadyCall, _ policy: Policy) -> ReadyCall {
        guard call.effect == .change, let words = try? CommandLine(call.command).arguments,
            let target = ChangeTarget(command: words)
        else { return call }
        let watch = TargetWatch(machine: machine, policy: policy, target: target)
        return ReadyCall(rule: call.rule, command: call.command, effect: call.effect) { context in
            let before = watch.look(context)
            var report = call.perform(context)
            // What a refusal kept from happening changed nothing.
            if report.result.refusal == nil {
                report.changed = ChangedState(target, before: before, after: watch.look(context))
            }
            return report
        }
    }
}
