import CommandArguments
import ExecutorCore

/// What the command line asks for.
struct Invocation: Equatable {
    enum Action {
        case run
        case checkConfig
        case checkAudit
    }

    let action: Action
    let directories: Directories
    /// Of a copy of the audit log, in hexadecimal.
    let publicKey: String?
    let head: String?

    init(_ action: Action, _ given: GivenArguments) {
        self.action = action
        directories = Directories(
            configuration: given[Self.configuration], runtime: given[Self.runtime], logs: given[Self.logs],
            state: given[Self.state])
        (publicKey, head) = (given[Self.publicKey], given[Self.head])
    }
}

extension Invocation {
    private static let configuration = CommandOption.value(
        "--config-dir", proposing: .directories,
        "Where allowlist.json, executor.json and tools.json are; else CONFIGURATION_DIRECTORY.")
    private static let runtime = CommandOption.value(
        "--runtime-dir", proposing: .directories, "Where the two sockets are made; else RUNTIME_DIRECTORY.")
    private static let logs = CommandOption.value(
        "--logs-dir", proposing: .directories, "Where the audit log is kept; else LOGS_DIRECTORY.")
    private static let state = CommandOption.value(
        "--state-dir", proposing: .directories, "Where keys are kept; else STATE_DIRECTORY.")
    private static let publicKey = CommandOption.value(
        "--public-key", "In hexadecimal, for a copy of the log: neither key nor signed head is then read.")
    private static let head = CommandOption.value("--head", "A head noted earlier; the log must contain it.")

    /// The program, as its help describes it.
    static let program = Command<Action>(
        "devops-executor", "Runs what its allowlist grants, for peers on a Unix socket, and writes it down first.",
        discussion: "Exit codes: 0 done, 1 failed, 2 usage.",
        subcommands: [
            Command(
                "run", "Serve until SIGTERM; SIGHUP reads the rules again.",
                options: [configuration, runtime, logs, state], action: .run),
            Command(
                "check-config", "Read the rules as the daemon would, and say what is wrong.", options: [configuration],
                action: .checkConfig),
            Command(
                "check-audit",
                "Check the whole audit log without a running executor, here or where it was copied to.",
                options: [logs, state, publicKey, head], action: .checkAudit),
        ])
}
