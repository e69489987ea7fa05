package import ExecutorAPI
package import StrictJSON

/// What the commands of the chat ask of the executor.
///
/// Each of the first four throws `ToolboxError` when the executor is out of reach.
package protocol ExecutorGateway: Sendable {
    func health(actor: Actor) async throws -> ToolResult
    func logs(of service: String, actor: Actor) async throws -> ToolResult
    func check(service: String, actor: Actor) async throws -> ToolResult
    func status() async throws -> JSONValue
    /// Writes one of the agent's own events into the audit log.
    func note(_ event: String, detail: [String: JSONValue], actor: Actor) async throws
}

/// Asks the person an action is for whether it may be done. Both front ends can.
package protocol ApprovalPrompter: Sendable {
    /// - Returns: `no` too for no answer in time, and for nobody to ask.
    func ask(_ question: ApprovalQuestion, actor: Actor) async -> ApprovalReply
}
