import ExecutorCore

/// What the command line asks for.
///
/// Read by hand: the argument parser of the other two programs would bring Foundation into the privileged one.
enum Invocation: Equatable {
    case run(Directories)
    case checkAudit(Directories, publicKey: String?, head: String?)
    case checkConfig(Directories)
    case help
    case version

    /// - Parameter arguments: Without the program's name.
    /// - Throws: ``UsageError``.
    init(_ arguments: [String]) throws(UsageError) {
        if arguments.contains(where: { ["-h", "--help", "help"].contains($0) }) { self = .help; return }
        switch arguments.first {
        case "--version": self = .version
        case "run":
            let values = try Self.values(arguments.dropFirst(), [.configuration, .runtime, .logs, .state])
            self = .run(Self.directories(values))
        case "check-audit":
            let values = try Self.values(arguments.dropFirst(), [.logs, .state, .publicKey, .head])
            self = .checkAudit(Self.directories(values), publicKey: values[.publicKey], head: values[.head])
        case "check-config":
            self = .checkConfig(Self.directories(try Self.values(arguments.dropFirst(), [.configuration])))
        case let name?: throw UsageError("There is no command \"\(name)\".")
        case nil: self = .help
        }
    }

    private enum Option: String {
        case configuration = "--config-dir"
        case runtime = "--runtime-dir"
        case logs = "--logs-dir"
        case state = "--state-dir"
        case publicKey = "--public-key"
        case head = "--head"
    }

    /// `--name VALUE` or `--name=VALUE`, each once.
    private static func values(
        _ arguments: ArraySlice<String>, _ known: [Option]
    ) throws(UsageError) -> [Option: String] {
        var values: [Option: String] = [:]
        var rest = arguments
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = Option(rawValue: String(parts[0])), known.contains(option) else {
                throw UsageError("There is no option \"\(argument)\" here.")
            }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                throw UsageError("\(option.rawValue) needs a value.")
            }
            guard values.updateValue(value, forKey: option) == nil else {
                throw UsageError("\(option.rawValue) is given twice.")
            }
        }
        return values
    }

    private static func directories(_ values: [Option: String]) -> Directories {
        Directories(
            configuration: values[.configuration], runtime: values[.runtime], logs: values[.logs], state: values[.state]
        )
    }

    static let usage = """
        Runs what its allowlist grants, for peers on a Unix socket, and writes it down first.

        devops-executor run [--config-dir DIR] [--runtime-dir DIR] [--logs-dir DIR] [--state-dir DIR]
            Serve until SIGTERM; SIGHUP reads the rules again.
        devops-executor check-config [--config-dir DIR]
            Read the rules as the daemon would, and say what is wrong.
        devops-executor check-audit [--logs-dir DIR] [--state-dir DIR] [--public-key HEX] [--head HASH]
            Check the whole audit log without a running executor, here or where it was copied to.
        devops-executor --version | --help

        --config-dir    where allowlist.json, executor.json and tools.json are; else CONFIGURATION_DIRECTORY
        --runtime-dir   where the two sockets are made; else RUNTIME_DIRECTORY
        --logs-dir      where the audit log is kept; else LOGS_DIRECTORY
        --state-dir     where keys are kept; else STATE_DIRECTORY

        --public-key    in hexadecimal, for a copy of the log: neither key nor signed head is then read
        --head          a head noted earlier; the log must contain it

        Exit codes: 0 done, 1 failed, 2 usage.
        """
}

/// What is wrong with the command line, in one sentence.
struct UsageError: Error, Equatable {
    var message: String
    init(_ message: String) { self.message = message }
}
