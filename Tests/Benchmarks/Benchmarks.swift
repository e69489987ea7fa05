import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport

/// Measures the bars, each beside its peer in the same run, and prints one JSON object.
///
/// Arguments: the directory of the release binaries, and seconds of idleness to measure (15 without); or `--unit` for
/// the state of a unit alone; or `--journal`, and how many entries (a million without).
@main
struct Benchmarks {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            print("usage: Benchmarks BINARIES [IDLE-SECONDS] | --unit | --journal [ENTRIES]")
            return
        }
        if arguments[1] == "--unit" {
            print(try UnitQuestion.measure()?.text ?? "there is no systemd to ask")
            return
        }
        if arguments[1] == "--journal" {
            let entries = arguments.count > 2 ? Int(arguments[2]) ?? 1_000_000 : 1_000_000
            print(try JournalBench.measure(entries: entries).text)
            return
        }
        let binaries = arguments[1]
        let idle = arguments.count > 2 ? Int(arguments[2]) ?? 15 : 15
        let directory = FileManager.default.temporaryDirectory.path + "/bench-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let executor = try await BenchExecutor(binaries: binaries, directory: directory)
        var report: [String: JSONValue] = [:]
        // First: a daemon that has been under load keeps more than an idle one needs.
        report["agent"] = try await AgentStart.measure(executor, binaries: binaries, idleSeconds: idle)
        report["call_ms"] = try await Latency.measure(executor, bar: 0.4)
        report["policy"] = try await Throughput.policy(executor, binaries: binaries)
        report["refusals_per_second"] = JSONValue(try await Throughput.refusals(executor))
        report["audit_verify_records_per_second"] = JSONValue(try await Throughput.verification(executor))
        report["system_health"] = try await MachineLook.health(executor)
        report["check_port"] = try await MachineLook.port(executor)
        executor.stop()
        report["contained_call_ms"] = try await contained(binaries, directory + "-contained")
        report["unit_state"] = try UnitQuestion.measure()
        print(JSONValue.object(report).text)
    }

    /// With a cgroup for each call, and Landlock and seccomp around it; `nil` where there can be no such group.
    private static func contained(_ binaries: String, _ directory: String) async throws -> JSONValue? {
        guard DelegatedGroup.isPossible else { return nil }
        let group = try await DelegatedGroup()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let executor = try await BenchExecutor(binaries: binaries, directory: directory, group: group)
        let report = try await Latency.measure(executor, bar: 0.8)
        executor.stop()
        _ = await executor.program.exitStatus()
        group.remove()
        return report
    }
}

/// A release executor in a directory of its own.
final class BenchExecutor: Sendable {
    let directory: String
    let program: Program
    let client: ExecutorClient

    /// - Parameter group: Where the daemon is started, for its calls to have groups too; they are sandboxed then.
    init(binaries: String, directory: String, group: DelegatedGroup? = nil) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory + "/config", withIntermediateDirectories: true)
        let file = directory + "/config/allowlist.json"
        let sandbox = #"{"read_only": \#(group != nil), "no_second_exec": \#(group != nil)}"#
        let rules = #"""
            {"bench": [{"command": "/bin/true", "id": "true", "effect": "read", "sandbox": \#(sandbox)},
                "systemctl status *", "uptime"]}
            """#
        try Data(rules.utf8).write(to: URL(filePath: file))
        chmod(file, 0o644)
        let notify = try NotifySocket(directory: directory)
        let daemon = binaries + "/devops-executor"
        let arguments = [
            "run", "--config-dir", directory + "/config", "--runtime-dir", directory + "/run", "--logs-dir",
            directory + "/log", "--state-dir", directory + "/state",
        ]
        program = try Program(
            group == nil ? daemon : "/bin/sh", group?.arguments(starting: daemon, arguments) ?? arguments,
            environment: ["NOTIFY_SOCKET": notify.path])
        _ = await notify.wait(for: "READY=1")
        client = try ExecutorClient(socket: directory + "/run/executor.sock", name: "bench")
    }

    var operatorSocket: String { directory + "/run/operator.sock" }

    func stop() {
        client.close()
        program.send(signal: SIGTERM)
    }
}

/// Medians of interleaved rounds.
enum Latency {
    private static let rounds = 200

    static func measure(_ executor: BenchExecutor, bar: Double) async throws -> JSONValue {
        var calls: [Double] = []
        var sudo: [Double] = []
        var spawns: [Double] = []
        for _ in 0..<rounds {
            calls.append(
                try await time {
                    _ = try await executor.client.callTool("run_command", ["command": "/bin/true"])
                })
            sudo.append(time { spawn("/usr/bin/sudo", ["-n", "true"]) })
            spawns.append(time { spawn("/bin/true", []) })
        }
        let (call, peer) = (median(calls), median(sudo))
        return [
            "socket_to_audited_true": JSONValue(call), "sudo_n_true": JSONValue(peer),
            "spawn_true": JSONValue(median(spawns)),
            "ratio_to_sudo": JSONValue(call / peer), "bar": JSONValue(bar),
        ]
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    static func time(_ body: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start) / .milliseconds(1)
    }

    static func time(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        return (ContinuousClock.now - start) / .milliseconds(1)
    }

    /// posix_spawn and wait: what a peer costs from a program, not from a shell.
    ///
    /// - Parameter isSilent: Whether what it prints is dropped.
    /// - Returns: The wait status, 0 for a success; `nil` where it did not start.
    @discardableResult
    static func spawn(_ path: String, _ arguments: [String], isSilent: Bool = false) -> Int32? {
        let copies = ([path] + arguments).map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if isSilent { posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) }
        var pid = pid_t()
        guard posix_spawn(&pid, path, &actions, nil, copies + [nil], environ) == 0 else { return nil }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return status
    }
}

enum Throughput {
    static func policy(_ executor: BenchExecutor, binaries: String) async throws -> JSONValue {
        let lines = (0..<100_000).map {
            JSONValue.string($0 % 2 == 0 ? "systemctl status web\($0)" : "rm -rf /\($0)").text
        }
        let input = lines.joined(separator: "\n") + "\n"
        let milliseconds = try await Latency.time {
            let file = executor.directory + "/lines"
            try Data(input.utf8).write(to: URL(filePath: file))
            let result = try await Program.run(
                "/bin/sh",
                ["-c", "\(binaries)/executorctl --socket \(executor.operatorSocket) explain --stdin < \(file) | wc -l"])
            guard result.output.contains("100000") else { throw POSIXError(.EIO) }
        }
        return [
            "explain_stdin_lines_per_second": JSONValue((100_000 / milliseconds * 1000).rounded()), "bar": 20_000,
        ]
    }

    static func refusals(_ executor: BenchExecutor) async throws -> Double {
        let count = 5000
        let milliseconds = try await Latency.time {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<count / 8 {
                            _ = try await executor.client.callTool("run_command", ["command": "nmap localhost"])
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        return (Double(count) / milliseconds * 1000).rounded()
    }

    static func verification(_ executor: BenchExecutor) async throws -> Double {
        for _ in 0..<4 { _ = try await refusals(executor) }
        let admin = try ExecutorClient(socket: executor.operatorSocket, name: "bench")
        defer { admin.close() }
        var records = 0
        let milliseconds = try await Latency.time {
            records = try await admin.request(.auditVerify)["records"]?.intValue ?? 0
        }
        return (Double(records) / milliseconds * 1000).rounded()
    }
}

enum AgentStart {
    /// Start to the first poll, and what both daemons take while nothing happens.
    static func measure(_ executor: BenchExecutor, binaries: String, idleSeconds: Int) async throws -> JSONValue {
        let telegram = try TelegramStandIn()
        let environment = [
            "TELEGRAM_BOT_TOKEN": TelegramStandIn.token, "TELEGRAM_API_URL": telegram.url, "ALLOWED_USER_IDS": "7",
            "MODEL": "built-in", "EXECUTOR_SOCKET": executor.directory + "/run/executor.sock",
        ]
        var starts: [Double] = []
        var agent: Program?
        for round in 0..<7 {
            if let last = agent {
                last.send(signal: SIGTERM)
                _ = await last.exitStatus()
            }
            let start = ContinuousClock.now
            async let poll: Void = telegram.waitForPoll()
            agent = try Program(
                binaries + "/devops-agent", ["run", "--state-dir", "\(executor.directory)/agent\(round)"],
                environment: environment)
            await poll
            starts.append((ContinuousClock.now - start) / .seconds(1))
        }
        guard let agent else { return nil }
        try await Task.sleep(for: .seconds(2))
        let before = cpuTicks(agent.processID) + cpuTicks(executor.program.processID)
        try await Task.sleep(for: .seconds(idleSeconds))
        let ticks = cpuTicks(agent.processID) + cpuTicks(executor.program.processID) - before
        let (own, other) = (resident(agent.processID), resident(executor.program.processID))
        agent.send(signal: SIGTERM)
        _ = await agent.exitStatus()
        return [
            "start_to_first_poll_s": JSONValue(Latency.median(starts)), "start_bar_s": 0.3,
            "resident_mb": [
                "agent": JSONValue(own), "executor": JSONValue(other), "both": JSONValue(own + other), "bar": 45,
            ],
            "idle_cpu": ["seconds": JSONValue(idleSeconds), "ticks_of_10_ms": JSONValue(ticks)],
        ]
    }

    /// `VmRSS`, in megabytes.
    private static func resident(_ pid: Int32) -> Double {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (Double(line.split(separator: " ").dropFirst().first ?? "") ?? 0) / 1024
    }

    /// User and system time, in ticks of 10 ms: fields 14 and 15 of proc(5)'s stat.
    private static func cpuTicks(_ pid: Int32) -> Int {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }
}
