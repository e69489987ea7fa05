/// What this module knows of a program: where it is, what its free arguments are, and what it needs.
struct ProgramGrammar: Sendable {
    /// The one path it is run from; `programs` in executor.json pins another.
    let path: String
    var runAs: RunAs = .probe
    var sandbox = Sandbox()
    /// The kind of a `*`, from the arguments before it; `nil` where there is none to be said.
    var star: @Sendable (_ before: [String]) -> ArgumentKind? = { _ in nil }
    /// Whether the command, named by its arguments, changes the machine.
    var effect: @Sendable (_ arguments: [String]) -> Effect = { _ in .read }
    /// How an opened file reaches it. `ls` and `du` work from within the directory, so they show `.` for its name.
    var delivery = GrantedFile.Delivery.standardInput
    /// What its arguments begin with, whatever the line says: options that keep it from what no rule names.
    var safety: [String] = []
    /// Whether an option means the same before its verb as after it.
    var takesLeadingOptions = false
}

/// The programs of the default allowlist, by name.
enum ProgramTable {
    private static let reader = Sandbox(readOnlyFileSystem: true, noSecondExec: true)
    /// Starts no other program: a pager, a helper, a shell.
    private static let alone = Sandbox(noSecondExec: true)

    static let grammars: [String: ProgramGrammar] = [
        "cat": ProgramGrammar(path: "/usr/bin/cat", sandbox: reader, star: { _ in .path }),
        "curl": ProgramGrammar(
            path: "/usr/bin/curl", sandbox: alone, star: { after($0, ["-m", "--max-time"]) ? .count : .url },
            safety: curlSafety),
        "date": ProgramGrammar(path: "/usr/bin/date", sandbox: reader),
        "df": ProgramGrammar(path: "/usr/bin/df", sandbox: reader),
        "dig": ProgramGrammar(path: "/usr/bin/dig", sandbox: alone, star: { _ in .host }),
        "docker": ProgramGrammar(
            path: "/usr/bin/docker", runAs: .user("root"), star: dockerStar, effect: dockerEffect),
        "du": ProgramGrammar(
            path: "/usr/bin/du", runAs: .user("root"), sandbox: reader, star: { _ in .path },
            delivery: .workingDirectory),
        "free": ProgramGrammar(path: "/usr/bin/free", sandbox: reader),
        "head": ProgramGrammar(path: "/usr/bin/head", sandbox: reader, star: { after($0, ["-n"]) ? .count : .path }),
        "journalctl": ProgramGrammar(
            path: "/usr/bin/journalctl", runAs: .user("root"), sandbox: alone, star: journalStar),
        "ls": ProgramGrammar(
            path: "/usr/bin/ls", runAs: .user("root"), sandbox: reader, star: { _ in .path },
            delivery: .workingDirectory),
        "nginx": ProgramGrammar(
            path: "/usr/sbin/nginx", runAs: .user("root"), effect: { $0 == ["-t"] ? .read : .change }),
        "netstat": ProgramGrammar(path: "/usr/bin/netstat", runAs: .user("root"), sandbox: reader),
        "nproc": ProgramGrammar(path: "/usr/bin/nproc", sandbox: reader),
        "nslookup": ProgramGrammar(path: "/usr/bin/nslookup", sandbox: alone, star: { _ in .host }),
        "ping": ProgramGrammar(
            path: "/usr/bin/ping", sandbox: alone, star: { after($0, ["-c", "-W"]) ? .count : .host }),
        "ps": ProgramGrammar(path: "/usr/bin/ps", sandbox: reader),
        "ss": ProgramGrammar(path: "/usr/bin/ss", runAs: .user("root"), sandbox: reader),
        "systemctl": ProgramGrammar(
            path: "/usr/bin/systemctl", runAs: .user("root"), star: { $0.isEmpty ? nil : .unit },
            effect: { systemctlReads.contains(verb($0)) ? .read : .change }, takesLeadingOptions: true),
        "tail": ProgramGrammar(path: "/usr/bin/tail", sandbox: reader, star: { after($0, ["-n"]) ? .count : .path }),
        "top": ProgramGrammar(path: "/usr/bin/top", sandbox: reader),
        "uname": ProgramGrammar(path: "/usr/bin/uname", sandbox: reader),
        "uptime": ProgramGrammar(path: "/usr/bin/uptime", sandbox: reader),
        "vmstat": ProgramGrammar(path: "/usr/bin/vmstat", sandbox: reader),
    ]

    /// No `.curlrc` (`-q` is first, or it is not heard), no proxy, no redirect, no other protocol, no globbing;
    /// a `-m` in the line comes later and wins.
    private static let curlSafety = [
        "-q", "--globoff", "--noproxy", "*", "--proto", "=http,https", "--max-redirs", "0", "--max-time", "20",
    ]

    private static let systemctlReads: Set<String> = [
        "cat", "get-default", "is-active", "is-enabled", "is-failed", "is-system-running", "list-dependencies",
        "list-jobs", "list-sockets", "list-timers", "list-unit-files", "list-units", "show", "status",
    ]
    private static let dockerReads: Set<String> = [
        "diff", "images", "info", "inspect", "logs", "port", "ps", "stats", "top", "version",
    ]

    private static func after(_ before: [String], _ options: Set<String>) -> Bool {
        before.last.map(options.contains) ?? false
    }

    /// The first argument that is no option.
    private static func verb(_ arguments: [String]) -> String { arguments.first { !$0.hasPrefix("-") } ?? "" }

    @Sendable private static func journalStar(_ before: [String]) -> ArgumentKind? {
        switch before.last {
        case "-u", "--unit": .unit
        case "-n", "--lines": .count
        default: nil
        }
    }

    @Sendable private static func dockerStar(_ before: [String]) -> ArgumentKind? {
        if after(before, ["--tail", "-n"]) { return .count }
        if after(before, ["--since", "--until"]) { return .duration }
        switch before.first {
        case "compose": return .word
        case "inspect", "kill", "logs", "pause", "port", "restart", "start", "stop", "top", "unpause":
            return .container
        default: return nil
        }
    }

    @Sendable private static func dockerEffect(_ arguments: [String]) -> Effect {
        let name = verb(arguments)
        let inner = name == "compose" ? verb(Array(arguments.drop { $0 != "compose" }.dropFirst())) : name
        return dockerReads.contains(inner) ? .read : .change
    }
}
