import ChatFrontEnd
import Foundation
package import Logging

/// The same agent on the terminal.
package enum TerminalChat {
    /// - Parameter once: One question instead of a conversation.
    /// - Returns: The exit code: 0 answered, 1 failed.
    /// - Throws: ``AgentStoreError``.
    package static func run(
        _ settings: AgentSettings, _ directory: StateDirectory, once: String?, logger: Logger
    ) async throws -> Int32 {
        let pieces = try AgentPieces(settings, directory, audience: .everyone, logger: logger)
        let frontEnd = TerminalFrontEnd(
            handler: pieces.handler, store: pieces.store, readLine: { await readLine(prompt: $0) }, write: show)
        await pieces.executor.askPeople { await frontEnd.ask($0, actor: $1) }
        var status: Int32 = 0
        if let once {
            status = await frontEnd.once(once)
        } else {
            await frontEnd.run()
        }
        await pieces.close()
        return status
    }

    @Sendable private static func show(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// A blocking read, on a thread of its own.
    private static func readLine(prompt: String) async -> String? {
        if isatty(STDIN_FILENO) == 1 { FileHandle.standardOutput.write(Data(prompt.utf8)) }
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Swift.readLine()) }
        }
    }
}
