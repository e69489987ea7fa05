import Foundation
import StrictJSON
import TestSupport
import Wire

/// Stands for an executor of another version: it listens on a real socket, and a test says what it answers.
struct ScriptedExecutor {
    let directory: String
    var socket: String { directory + "/executor.sock" }

    /// What a method, with its params, is answered.
    typealias Script = @Sendable (_ method: String, _ params: JSONValue) -> Result<JSONValue, RPCError>

    fileprivate struct Handler: RPCHandler {
        let script: Script
        func answer(_ call: RPCCall) -> Result<JSONResult, RPCError> { script(call.method, call.params) }
        func noticed(_ fault: String, session: RPCSession) {}
    }
}

/// Runs `body` beside it, and takes it down after.
func withScriptedExecutor(
    _ script: @escaping ScriptedExecutor.Script, _ body: (ScriptedExecutor) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let executor = ScriptedExecutor(directory: directory)
        let server = RPCServer(
            endpoints: [.init(path: executor.socket, label: "agent", mode: 0o600)],
            handler: ScriptedExecutor.Handler(script: script))
        try server.start()
        defer { server.stop(patience: .zero) }
        try await body(executor)
    }
}
