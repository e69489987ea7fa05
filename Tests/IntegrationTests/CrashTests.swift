import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Wire

/// Kills the executor at random moments; `CRASHES` says how often (8).
@Suite("An executor that is killed under load", .timeLimit(.minutes(15)))
struct CrashTests {
    private static let crashes = ProcessInfo.processInfo.environment["CRASHES"].flatMap { Int($0) } ?? 8
    private static let workers = 6

    @Test("no operation runs twice, nothing that was answered is lost, and the audit log verifies after each crash")
    func crashes() async throws {
        try await withTemporaryDirectory { directory in
            let made = directory + "/made"
            try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
            // One file for each time an operation runs, its id at the end of the name.
            let rules = #"""
                {"test": [{"command": "/usr/bin/mktemp -p \#(made) --suffix=-{word}", "id": "mark", "effect": "change",
                 "run_as": "root"}]}
                """#
            let executor = try await ExecutorFixture(in: directory, allowlist: rules)
            let load = Load(command: "/usr/bin/mktemp -p \(made) --suffix=-", socket: executor.agentSocket)
            let program = try await crash(executor, under: load)
            try check(load, made: made)
            print(
                "\(Self.crashes) crashes: \(load.answered.count) operations answered, \(load.unknown) unknown,",
                "\(load.repeated) asked again")
            program.send(signal: SIGTERM)
            #expect(await program.exitStatus() == 0)
        }
    }

    /// - Returns: The executor of the last round, still running.
    private func crash(_ executor: ExecutorFixture, under load: Load) async throws -> Program {
        var program = executor.program
        var log = OutcomesOfLog(directory: executor.directory + "/log/audit")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.workers { group.addTask { await load.run(worker: number) } }
            for round in 1...Self.crashes {
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...200)))
                program.send(signal: SIGKILL)
                _ = await program.exitStatus()
                // Nobody writes now: what was answered is on disk, or it is lost.
                try log.read()
                #expect(load.answered.isSubset(of: log.operations), "round \(round)")
                // So that the log does not grow by what it takes to verify it.
                load.isPaused.store(true, ordering: .relaxed)
                program = try ExecutorFixture.start(executor.directory, executor.notify)
                _ = await executor.notify.wait(for: "READY=1")
                let verdict = try await executor.ctl("audit", "verify")
                #expect(verdict.status == 0, "round \(round): \(verdict.output)")
                load.isPaused.store(false, ordering: .relaxed)
            }
            load.stop()
            try await group.waitForAll()
        }
        return program
    }

    private func check(_ load: Load, made: String) throws {
        var times: [String: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: made) {
            times[name.split(separator: "-", maxSplits: 1).last.map(String.init) ?? "", default: 0] += 1
        }
        let twice = times.filter { $0.value > 1 }
        #expect(twice.isEmpty, "ran twice")
        let missing = load.answered.filter { times[$0] == nil }
        #expect(missing.isEmpty, "answered, and never ran")
        #expect(load.answered.count > Self.crashes && load.repeated > 0)
    }
}

/// The operations whose outcome is in an audit log, read as far as it has grown.
private struct OutcomesOfLog {
    let directory: String
    private(set) var operations: Set<String> = []
    /// Of each file, the bytes that have been read.
    private var ends: [String: Int] = [:]

    init(directory: String) { self.directory = directory }

    mutating func read() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        for name in names where name.hasSuffix(".jsonl") {
            let bytes = try Data(contentsOf: URL(filePath: directory + "/" + name)).dropFirst(ends[name] ?? 0)
            // A crash may leave the last line torn; the executor removes it when it starts.
            guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { continue }
            for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) {
                let record = try JSONValue(parsing: Array(line))
                guard record["kind"] == "outcome", let id = record["operation"]?.stringValue else { continue }
                operations.insert(id)
            }
            ends[name] = end + 1
        }
    }
}

/// Clients that never give up: each operation is asked for until there is an answer, some of them once more.
private final class Load: Sendable {
    private struct State {
        var answered: Set<String> = []
        var unknown = 0
        var repeated = 0
        var isStopping = false
    }

    private let command: String
    private let socket: String
    private let state = Mutex(State())
    let isPaused = Atomic<Bool>(false)

    init(command: String, socket: String) { (self.command, self.socket) = (command, socket) }

    var answered: Set<String> { state.withLock { $0.answered } }
    var unknown: Int { state.withLock { $0.unknown } }
    var repeated: Int { state.withLock { $0.repeated } }
    private var isStopping: Bool { state.withLock { $0.isStopping } }
    func stop() { state.withLock { $0.isStopping = true } }

    func run(worker: Int) async {
        var client: ExecutorClient?
        var number = 0
        while !isStopping {
            if isPaused.load(ordering: .relaxed) {
                // No event tells that the log has been verified.
                try? await Task.sleep(for: .milliseconds(5))
                continue
            }
            number += 1
            let id = "w\(worker).\(number)"
            let first = await ask(id, &client)
            guard let first, first.success else {
                state.withLock { $0.unknown += 1 }
                continue
            }
            state.withLock { _ = $0.answered.insert(id) }
            if number % 3 == 0, let again = await ask(id, &client) {
                state.withLock { $0.repeated += 1 }
                #expect(again.output == first.output, "\(id) came to something else the second time")
            }
        }
    }

    /// `nil` when it is time to stop.
    private func ask(_ id: String, _ client: inout ExecutorClient?) async -> ToolResult? {
        while true {
            do {
                let open = try client ?? ExecutorClient(socket: socket, name: "crash test")
                client = open
                return try await open.run(command + id, operation: id)
            } catch {
                client = nil
                if isStopping { return nil }
                // No event tells that the executor listens again.
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
