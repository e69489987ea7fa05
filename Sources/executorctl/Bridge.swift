import ArgumentParser
import Glibc
import Wire

extension ExecutorCtl {
    /// Joins standard input and output to the socket, so that any MCP client can launch it.
    struct MCPBridge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "mcp", abstract: "Speak MCP on standard input and output, for any MCP client.")
        @OptionGroup var connection: Connection
        func run() async throws { try join(connection) }
    }

    struct Raw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send what is typed, print what comes.")
        @OptionGroup var connection: Connection
        func run() async throws { try join(connection) }
    }
}

private func join(_ connection: Connection) throws {
    do throws(SocketError) {
        try SocketBridge.join(path: connection.path, input: STDIN_FILENO, output: STDOUT_FILENO)
    } catch {
        Terminal.printError("executorctl: \(error.message)")
        throw ExitCode(error.code == .cannotConnect ? 3 : 1)
    }
}
