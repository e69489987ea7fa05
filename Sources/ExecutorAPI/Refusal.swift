package import StrictJSON

/// A request that was not run, and what would be.
package struct Refusal: Error, Sendable, Hashable {
    /// What kind of "no" it is, for programs.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The text is not one command line of the strict grammar.
        case malformed
        /// An always-blocked pattern.
        case blocked
        /// A protected target.
        case protected
        /// No rule allows it.
        case notAllowed = "not_allowed"
        /// A rule needs an approval that this caller cannot give here.
        case approvalRequired = "approval_required"
        /// An approval was declined, has expired, was used, or is for another call.
        case approvalInvalid = "approval_invalid"
        /// The tool is switched off, or has no such argument.
        case invalidArguments = "invalid_arguments"
        /// The policy file was refused, so everything is.
        case policyInvalid = "policy_invalid"
        /// The audit log cannot be written, so nothing runs.
        case auditUnavailable = "audit_unavailable"
        /// What a call changed cannot be put back.
        case cannotUndo = "cannot_undo"
        /// A named limit was reached.
        case limit
        /// The daemon is stopping.
        case stopping
        case unknown
    }

    package var code: Code
    /// The rule that says no, such as `blocked/rm -rf /` or `protected/sshd.service`; `nil` where no rule matched.
    package var rule: String?
    /// One English sentence: what was refused and why.
    package var message: String
    /// One English sentence: what would be accepted.
    package var alternative: String

    package init(_ code: Code, rule: String? = nil, message: String, alternative: String) {
        (self.code, self.rule, self.message, self.alternative) = (code, rule, message, alternative)
    }

    package init?(json: JSONValue?) {
        guard let json, let code = json["code"]?.stringValue else { return nil }
        self.init(
            Code(rawValue: code) ?? .unknown, rule: json["rule"]?.stringValue,
            message: json["message"]?.stringValue ?? "", alternative: json["alternative"]?.stringValue ?? "")
    }

    package var json: JSONValue {
        [
            "code": .string(code.rawValue), "rule": JSONValue(rule), "message": .string(message),
            "alternative": .string(alternative),
        ]
    }
}
