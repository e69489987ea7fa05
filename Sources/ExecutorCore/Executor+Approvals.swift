import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import ExecutorTools
import StrictJSON
import Wire

// A call that needs somebody's yes: the one that came with it, one given before, or a question.
extension Executor {
    func askOrPerform(
        _ proposal: Proposal, _ then: @Sendable (Grant) -> ReadyCall, _ request: ToolRequest, _ now: InForce,
        _ call: RPCCall, _ caller: Caller
    ) -> Outcome {
        let subject = ApprovalSubject(proposal, call: request.canonical, caller.identity)
        func run(_ approval: String) -> Outcome {
            perform(then(now.rules.policy.approve(proposal)), approval: approval, request, now, call, caller)
        }
        if let state = request.requestState {
            switch approvals.redeem(state: state, answer: request.approval, subject, session: caller.session) {
            case .approved(let id): return run("\(proposal.level.rawValue)/\(id)")
            case .invalid(let reason): return refuse(approval: reason, proposal, request, now, caller)
            }
        }
        if let given = approvals.takeOperatorApproval(subject) {
            return run("operator/\(given.id)/uid \(given.userID)")
        }
        return ask(proposal, subject, request, now, caller)
    }

    private func refuse(
        approval reason: String, _ proposal: Proposal, _ request: ToolRequest, _ now: InForce, _ caller: Caller
    ) -> Outcome {
        let refusal = Refusal(
            .approvalInvalid, rule: proposal.rule.text, message: reason,
            alternative: "Call again without requestState to be asked again.")
        return refuse(refusal, command: proposal.command, request, now, caller)
    }

    private func ask(
        _ proposal: Proposal, _ subject: ApprovalSubject, _ request: ToolRequest, _ now: InForce, _ caller: Caller
    ) -> Outcome {
        let session = proposal.level == .user && caller.answersQuestions ? caller.session : nil
        switch approvals.ask(proposal, subject, caller: caller.description, session: session) {
        case .tooMany(let count):
            let refusal = Refusal(
                .limit, rule: proposal.rule.text, message: "\(count) questions wait for an answer already.",
                alternative: "Answer some of them: executorctl approvals list.")
            return refuse(refusal, command: proposal.command, request, now, caller)
        case .question(let question, let state):
            record(question, proposal, request, now, caller)
            if let state { return Outcome(answer: Self.elicit(question, state)) }
            return Outcome(answer: Self.answer(.refused(Self.waiting(question, proposal))))
        }
    }

    private func record(
        _ question: ApprovalQuestion, _ proposal: Proposal, _ request: ToolRequest, _ now: InForce, _ caller: Caller
    ) {
        var event = AuditEvent(.question)
        fill(&event, id: question.id, command: proposal.command, request, now, caller)
        (event.rule, event.effect) = (proposal.rule.text, proposal.effect.rawValue)
        event.approval = proposal.level.rawValue
        record(event)
    }

    private static func waiting(_ question: ApprovalQuestion, _ proposal: Proposal) -> Refusal {
        let who = proposal.level == .user ? "a person" : "an operator"
        return Refusal(
            .approvalRequired, rule: proposal.rule.text, message: "\"\(proposal.command)\" needs the yes of \(who).",
            alternative: "An operator runs: executorctl approvals approve \(question.id); then call again.")
    }

    /// MCP 2026-07-28, `InputRequiredResult`: the exact command, whole, and the sealed state.
    private static func elicit(_ question: ApprovalQuestion, _ state: String) -> JSONValue {
        let reason = question.justification.map { " (\($0))" } ?? ""
        let message = "Allow this command? \(question.command)\nRule: \(question.rule)\(reason)"
        return [
            "resultType": "input_required", "requestState": .string(state),
            "inputRequests": [
                "approval": [
                    "method": "elicitation/create",
                    "params": [
                        "mode": "form", "message": .string(message),
                        "requestedSchema": [
                            "type": "object",
                            "properties": ["approve": ["type": "boolean", "title": "Run exactly this command"]],
                            "required": ["approve"],
                        ],
                    ],
                ]
            ],
            "_meta": [MCP.Meta.serverInfo: serverInfo, "devops-agent/approval": question.json],
        ]
    }
}

// What only the operator socket may ask of the approvals.
extension Executor {
    func listApprovals() -> JSONValue {
        Self.complete(["approvals": .array(approvals.list().map(\.json))])
    }

    func decideApproval(_ call: RPCCall, _ caller: Caller, approved: Bool) throws(RPCError) -> JSONValue {
        guard let id = call.params["id"]?.stringValue else { throw .invalidParams("The id of a question is a string.") }
        switch approvals.decide(id, approved: approved, by: caller.identity.userID) {
        case .none:
            throw .invalidParams("No such question is waiting: it was answered, has expired, or never was.")
        case .decided(let question):
            var event = AuditEvent(approved ? .approval : .denial)
            (event.id, event.peer, event.argv, event.rule) = (id, caller.identity, [question.command], question.rule)
            (event.policy, event.approval) = (current.rules.policy.digest, question.level)
            record(event)
            return Self.complete(["approval": question.json])
        }
    }
}
