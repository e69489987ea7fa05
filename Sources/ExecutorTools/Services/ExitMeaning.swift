import Glibc
import Systemd

/// systemd's result words and exit codes, as sentences.
enum ExitMeaning {
    /// What a unit's `Result` says, or `nil` for `success`.
    static func result(of unit: UnitState) -> String? {
        switch unit.result {
        case "success": nil
        case "start-limit-hit":
            "start limit hit: it failed so often in a row that systemd does not try again for now."
        case "exit-code": "its process ended with an error\(exit(of: unit).map { ": \($0)" } ?? "")."
        case "signal", "core-dump": "its process was ended by a signal\(exit(of: unit).map { ": \($0)" } ?? "")."
        case "timeout": "it was not ready in the time systemd gives it (timeout)."
        case "watchdog": "it did not report to systemd's watchdog in time."
        case "oom-kill": "the kernel ended it for want of memory (OOM kill)."
        case "resources": "systemd could not set up what it needs (a file, a directory, memory or a limit)."
        case "protocol": "it did not do what its Type= promises (such as writing its pid file)."
        case "exec-condition": "its ExecCondition= said that it is not to run."
        case "service-start-limit-hit", "unit-start-limit-hit":
            "what it starts failed so often in a row that systemd gave up."
        case "trigger-limit-hit": "it was set off more often than TriggerLimitBurst= allows."
        default: "systemd's result is '\(unit.result)'."
        }
    }

    /// How the main process ended, or `nil` where it runs or never ran.
    static func exit(of unit: UnitState) -> String? {
        guard let code = unit.integer("ExecMainCode"), let status = unit.integer("ExecMainStatus"), code > 0 else {
            return nil
        }
        // CLD_EXITED, CLD_KILLED, CLD_DUMPED of siginfo(2)
        if code == 1 { return "exit status \(status)" + (status == 0 ? "" : meaning(status).map { " (\($0))" } ?? "") }
        return "signal \(SignalName.name(Int32(clamping: status)))\(code == 3 ? ", core dumped" : "")"
    }

    /// A shell adds 128 to the signal that ended a command.
    private static func meaning(_ status: Int64) -> String? {
        if let known = statuses[status] { return known }
        guard (129...159).contains(status) else { return nil }
        return "as a shell says of a command that \(SignalName.name(Int32(status) - 128)) ended"
    }

    /// What a signal says of a program that did not send it to itself for another reason; signal(7).
    static let signals: [Int32: String] = [
        SIGABRT: "the program gave up by itself", SIGBUS: "a fault in its use of memory, or of a file that was cut",
        SIGFPE: "a fault in its arithmetic", SIGILL: "an instruction that this processor does not have",
        SIGSEGV: "a fault in its use of memory",
        SIGSYS: "it made a system call that its unit forbids (SystemCallFilter=)",
        SIGXCPU: "it used more processor time than it may (LimitCPU=)",
    ]

    /// The step at which systemd could not prepare the process, such as `NAMESPACE`; `nil` for a program's own status.
    static func preparation(_ status: Int64) -> Substring? {
        statuses[status].flatMap { status >= 200 ? $0.prefix { $0 != ":" } : nil }
    }

    /// systemd.exec(5), "Process Exit Codes": the ones an administrator meets.
    static let statuses: [Int64: String] = [
        1: "general failure", 2: "invalid arguments", 126: "the program cannot be executed",
        127: "a command was not found", 200: "CHDIR: WorkingDirectory= cannot be entered",
        203: "EXEC: the program of ExecStart= is missing or not executable",
        205: "LIMITS: a limit cannot be set", 208: "STDIN", 209: "STDOUT: the output file cannot be opened",
        216: "GROUP: there is no such group", 217: "USER: there is no such user",
        226: "NAMESPACE: a path of its sandbox is missing", 228: "SECCOMP", 233: "RUNTIME_DIRECTORY",
        238: "STATE_DIRECTORY", 240: "LOGS_DIRECTORY", 243: "CREDENTIALS: a credential is missing",
    ]
}
