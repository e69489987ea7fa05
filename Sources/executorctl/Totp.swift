import CommandArguments
import ExecutorAPI
import ExecutorClient
import Glibc
import StrictJSON

extension ExecutorCtl {
    enum Totp {
        static let command = Command("totp", "The secret of one-time codes.", subcommands: [Enroll.command])

        struct Enroll: Subcommand {
            static let command = Command(
                "enroll", "Make a secret, and show it once for an authenticator.",
                discussion: "Whoever sees the address or its picture has the codes: show it to nobody else.",
                options: [replace], action: type)
            private static let replace = CommandOption.flag("--replace", "Replace the secret there is; its codes end.")

            let connection: Connection
            private let replace: Bool

            init(_ given: GivenArguments) {
                connection = Connection(given)
                replace = given.has(Self.replace)
            }

            func run() async throws {
                try await connection.withClient { client in
                    let address = try await client.enrollCodes(replacing: replace)
                    if connection.json {
                        return Terminal.printLine(JSONValue.object(["address": .string(address)]).text)
                    }
                    Terminal.printLine(address)
                    if !Picture.show(address) {
                        Terminal.printError("With qrencode installed its QR code stands here.")
                    }
                }
            }
        }
    }
}

/// The QR code of a text, drawn by `qrencode` on this program's own output.
private enum Picture {
    /// - Returns: `false` where there is no `qrencode`, or it failed.
    static func show(_ text: String) -> Bool {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        // Less than a pipe holds; on standard input, because everybody can read a program's arguments.
        let bytes = Array(text.utf8)
        let count = write(ends[1], bytes, bytes.count)
        close(ends[1])
        guard count == bytes.count, let child = spawn(["qrencode", "-t", "ANSIUTF8"], input: ends[0]) else {
            return false
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    private static func spawn(_ arguments: [String], input: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        let words = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        var child = pid_t()
        return posix_spawnp(&child, arguments[0], &actions, nil, words + [nil], environ) == 0 ? child : nil
    }
}
