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
            let redemption = approvals.redeem(
                state: state, reply: request.reply, subject, session: caller.session, checkCode: checker(caller))
            switch redemption {
            case .approved(let id): return run("\(proposal.level.rawValue)/\(id)")
            case .invalid(let reason): return refuse(approval: reason, proposal, request, now, caller)
            case .refused(let refusal): return refuse(refusal, proposal, request, now, caller)
            case .again(let question, let state):
                _ = refuse(approval: "The code is wrong or was used.", proposal, request, now, caller)
                return Outcome(answer: Self.elicit(question, state))
            }
        }
        if let given = approvals.takeOperatorApproval(subject) {
            return run("\(given.level == .totp ? "totp" : "operator")/\(given.id)/uid \(given.userID)")
        }
        return ask(proposal, subject, request, now, caller)
    }

    private func checker(_ caller: Caller) -> (OneTimeCode) -> CodeVerifier.Verdict {
        { [codes] in codes.check($0, by: caller.codeCaller) }
    }

    private func refuse(
        approval reason: String, _ proposal: Proposal, _ request: ToolRequest, _ now: InForce, _ caller: Caller
    ) -> Outcome {
        let refusal = Refusal(
            .approvalInvalid, rule: proposal.rule.text, message: reason,
            alternative: "Call again without requestState to be asked again.")
        return refuse(refusal, proposal, request, now, caller)
    }

    private func refuse(
        _ refusal: Refusal, _ proposal: Proposal, _ request: ToolRequest, _ now: InForce, _ caller: Caller
    ) -> Outcome {
        var refusal = refusal
        refusal.rule = proposal.rule.text
        return refuse(refusal, command: proposal.command, request, now, caller)
    }

    private func ask(
        _ proposal: Proposal, _ subject: ApprovalSubject, _ request: ToolRequest, _ now: InForce, _ caller: Caller
    ) -> Outcome {
        if proposal.level == .totp, let refusal = codes.obstacle(for: caller.codeCaller) {
            return refuse(refusal, proposal, request, now, caller)
        }
        let session = proposal.level != .operator && caller.answersQuestions ? caller.session : nil
        switch approvals.ask(proposal, subject, caller: caller.description, session: session) {
        case .tooMany(let count):
            let refusal = Refusal(
                .limit, message: "\(count) questions wait for an answer already.",
                alternative: "Answer some of them: executorctl approvals list.")
            return refuse(refusal, proposal, request, now, caller)
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
        let what =
            switch proposal.level {
            case .user: "the yes of a person"
            case .operator: "the yes of an operator"
            case .totp: "a one-time code"
            }
        return Refusal(
            .approvalRequired, rule: proposal.rule.text, message: "\"\(proposal.command)\" needs \(what).",
            alternative: "An operator runs: executorctl approvals approve \(question.id); then call again.")
    }

    /// MCP 2026-07-28, `InputRequiredResult`: the exact command, whole, and the sealed state.
    private static func elicit(_ question: ApprovalQuestion, _ state: String) -> JSONValue {
        let reason = question.justification.map { " (\($0))" } ?? ""
        let ask = question.asksForCode ? "Give a one-time code for this command:" : "Allow this command?"
        let again = question.triesLeft.map { "The code was wrong; \($0) more may be tried.\n" } ?? ""
        let message = "\(again)\(ask) \(question.command)\nRule: \(question.rule)\(reason)"
        return [
            "resultType": "input_required", "requestState": .string(state),
            "inputRequests": [
                "approval": [
                    "method": "elicitation/create",
                    "params": [
                        "mode": "form", "message": .string(message),
                        "requestedSchema": question.asksForCode ? codeSchema : yesSchema,
                    ],
                ]
            ],
            "_meta": [MCP.Meta.serverInfo: serverInfo, "devops-agent/approval": question.json],
        ]
    }

    private static let yesSchema: JSONValue = [
        "type": "object", "properties": ["approve": ["type": "boolean", "title": "Run exactly this command"]],
        "required": ["approve"],
    ]

    private static let codeSchema: JSONValue = [
        "type": "object",
        "properties": [
            "code": [
                "type": "string", "title": "The code your authenticator shows",
                "minLength": JSONValue(OneTimeCode.length), "maxLength": JSONValue(OneTimeCode.length),
            ]
        ],
        "required": ["code"],
    ]
}

// What only the operator socket may ask of the approvals.
extension Executor {
    func listApprovals() -> JSONValue {
        Self.complete(["approvals": .array(approvals.list().map(\.json))])
    }

    func decideApproval(_ call: RPCCall, _ caller: Caller, approved: Bool) throws(RPCError) -> JSONValue {
        guard let id = call.params["id"]?.stringValue else { throw .invalidParams("The id of a question is a string.") }
        let code = call.params["code"]?.stringValue.flatMap { OneTimeCode($0) }
        let decision = approvals.decide(
            id, approved: approved, code: code, by: caller.identity.userID, checkCode: checker(caller))
        switch decision {
        case .none:
            throw .invalidParams("No such question is waiting: it was answered, has expired, or never was.")
        case .decided(let question):
            record(decision: approved ? .approval : .denial, question, caller)
            return Self.complete(["approval": question.json])
        case .needsCode: throw .invalidParams("This question takes a one-time code: \"code\", six digits.")
        case .wrongCode(let question, let left):
            record(decision: .refusal, question, caller, fault: "The code is wrong or was used.")
            throw .invalidParams("The code is wrong or was used; \(left) more may be tried.")
        case .refused(let question, let refusal):
            record(decision: .refusal, question, caller, fault: refusal.message)
            throw .invalidParams("\(refusal.message) \(refusal.alternative)")
        }
    }

    private func record(
        decision: AuditEvent.Kind, _ question: ApprovalQuestion, _ caller: Caller, fault: String? = nil
    ) {
        var event = AuditEvent(decision)
        (event.id, event.peer, event.rule) = (question.id, caller.identity, question.rule)
        (event.argv, event.approval) = ([question.command], question.level)
        event.policy = current.rules.policy.digest
        event.detail = fault.map { ["message": .string($0)] } ?? [:]
        record(event)
    }

    /// `{replace}`: makes the secret of one-time codes. The answer is the only place it is ever shown.
    func enrollCodes(_ call: RPCCall, _ caller: Caller) throws(RPCError) -> JSONValue {
        let isReplacing = call.params["replace"]?.boolValue ?? false
        let address: String?
        do throws(ExecutorError) { address = try codes.enroll(replacing: isReplacing) } catch {
            throw .internalError(error.message)
        }
        guard let address else {
            throw .invalidParams("A secret is enrolled already; with \"replace\" (--replace) its codes end.")
        }
        var event = AuditEvent(.note)
        (event.peer, event.tool) = (caller.identity, "totp_enrolled")
        event.detail = ["replaced": .bool(isReplacing)]
        record(event)
        return Self.complete(["address": .string(address)])
    }
}
