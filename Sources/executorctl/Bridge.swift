import CommandArguments
import Glibc
import Wire

extension ExecutorCtl {
    /// Joins standard input and output to the socket, so that any MCP client can launch it.
    struct MCPBridge: Subcommand {
        static let command = Command(
            "mcp", "Speak MCP on standard input and output, for any MCP client.", action: type)
        let connection: Connection

        init(_ given: GivenArguments) { connection = Connection(given) }
        func run() throws { try join(connection) }
    }

    struct Raw: Subcommand {
        static let command = Command("raw", "Send what is typed, print what comes.", action: type)
        let connection: Connection

        init(_ given: GivenArguments) { connection = Connection(given) }
        func run() throws { try join(connection) }
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
