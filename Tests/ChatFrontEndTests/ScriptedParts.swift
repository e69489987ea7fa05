import AgentCore
import AgentMemory
import ChatFrontEnd
import ExecutorAPI
import Foundation
import HTTPClient
import Logging
import StrictJSON
import Synchronization
import Telegram
import TestSupport

/// Answers with what it was asked, and keeps the requests.
final class EchoAgent: Answering {
    /// A question that is answered only when its task is cancelled.
    static let endless = "think for an hour"

    let modelName = "claude-test"
    private let state = Mutex<[AgentRequest]>([])
    var requests: [AgentRequest] { state.withLock { $0 } }

    func answer(_ request: AgentRequest, onEvent: @escaping @Sendable (AgentEvent) async -> Void) async -> AgentReport {
        state.withLock { $0.append(request) }
        await onEvent(.toolStarted(ToolCall(id: "1", name: "check_service", arguments: ["service": "nginx"])))
        if request.text == Self.endless { try? await Task.sleep(for: .seconds(3600)) }
        return AgentReport(
            text: Task.isCancelled ? "cancelled" : "answer to \(request.text)", model: "m", tools: ["check_service"],
            verification: .notNeeded,
            ending: .answered, iterations: 1, usage: ModelUsage(), duration: .seconds(1))
    }
}

/// An executor whose answers a test sets, and changes under way.
final class ScriptedGateway: ExecutorGateway {
    struct State: Sendable {
        var isAway = false
        var notes: [(event: String, user: String)] = []
        var logs: [String] = []
        /// Findings of the next checks, as `system_health` gives them.
        var findings: [JSONValue] = []
        var failedUnits: [String] = []
        /// `active`, `inactive` and so on, by service.
        var services: [String: String] = [:]
        var status: JSONValue = ["version": "1", "audit": ["seq": 42, "head": "abc123", "available": true]]
        var checks = 0
    }

    let state = Mutex(State())
    init(isAway: Bool = false) { state.withLock { $0.isAway = isAway } }

    var notes: [String] { state.withLock { $0.notes.map(\.user) } }
    var logs: [String] { state.withLock { $0.logs } }
    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    private func reach() throws { if state.withLock({ $0.isAway }) { throw ToolboxError("nobody listens") } }

    func health(actor: Actor) async throws -> ToolResult {
        try reach()
        let (findings, failed) = state.withLock { state in
            state.checks += 1
            return (state.findings, state.failedUnits)
        }
        return .success(
            "Disk /: 18% used",
            metadata: [
                "findings": .array(findings),
                "failed_units": JSONValue(failed),
            ])
    }

    func logs(of service: String, actor: Actor) async throws -> ToolResult {
        try reach()
        state.withLock { $0.logs.append(service) }
        return .success("lines of \(service)")
    }

    func check(service: String, actor: Actor) async throws -> ToolResult {
        try reach()
        let word = state.withLock { $0.services[service] ?? "active" }
        return .success(
            "\(service): \(word)",
            metadata: ["service_active": .bool(word == "active"), "state": .string(word), "sub_state": "x"])
    }

    func status() async throws -> JSONValue {
        try reach()
        return state.withLock { $0.status }
    }

    func note(_ event: String, detail: [String: JSONValue], actor: Actor) async throws {
        guard JSONValue.object(detail).encoded().count <= ExecutorLimits.noteBytes else {
            throw ToolboxError("The detail is too long.")
        }
        state.withLock { $0.notes.append((event, actor.userID ?? "")) }
    }
}

let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with a database of its own, which is removed after.
func withStore(_ body: (AgentStore, String) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
        let store = try AgentStore(path: directory + "/agent.db")
        try await body(store, directory)
        try store.close()
    }
}

extension TelegramStandIn {
    var client: TelegramClient { TelegramClient(token: Self.token, url: url, http: HTTPClient()) }
}
