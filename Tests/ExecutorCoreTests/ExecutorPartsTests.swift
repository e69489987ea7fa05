import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

@testable import ExecutorCore

@Suite("Files that decide what root does")
struct TrustedFileTests {
    @Test("a file others could change, a directory, a FIFO and a huge file are refused; a missing one is missing")
    func refusals() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/f"
            try Data("x".utf8).write(to: URL(filePath: path))
            for mode: mode_t in [0o666, 0o664, 0o646] {
                chmod(path, mode)
                let error = #expect(throws: ExecutorError.self) { try TrustedFile.read(path) }
                #expect(error?.message.contains("chmod go-w") == true)
            }
            chmod(path, 0o644)
            mkfifo(directory + "/fifo", 0o600)
            for path in [directory, directory + "/fifo"] {
                #expect(throws: ExecutorError.self) { try TrustedFile.read(path) }
            }
            try Data(count: TrustedFile.maximumBytes + 1).write(to: URL(filePath: directory + "/huge"))
            #expect(throws: ExecutorError.self) { try TrustedFile.read(directory + "/huge") }
            guard case .missing = try TrustedFile.read(directory + "/none") else { throw POSIXError(.EIO) }
            guard case .bytes(let bytes) = try TrustedFile.read(path) else { throw POSIXError(.EIO) }
            #expect(bytes == Array("x".utf8))
            if geteuid() == 0 {
                chown(path, 12345, 0)
                #expect(throws: ExecutorError.self) { try TrustedFile.read(path) }
            }
        }
    }
}

@Suite("Operations")
struct OperationsTests {
    private let key = Operations.Key(userID: 1, id: "op")

    private func word(_ beginning: Operations.Beginning) -> String {
        switch beginning {
        case .new: "new"
        case .done(let result): "done \(result.text)"
        case .forgotten: "forgotten"
        case .unknown: "unknown"
        case .other: "other"
        }
    }

    @Test("an id stands for one call, and answers with what that came to")
    func once() {
        let operations = Operations(memory: .seconds(60))
        let cancellation = Cancellation()
        #expect(word(operations.begin(key, call: "c", cancellation: cancellation)) == "new")
        #expect(word(operations.begin(key, call: "d", cancellation: cancellation)) == "other")
        operations.finish(key, result: ["a": 1])
        #expect(word(operations.begin(key, call: "c", cancellation: cancellation)) == #"done {"a":1}"#)
        let mine = Operations.Key(userID: 2, id: "op")
        #expect(word(operations.begin(mine, call: "c", cancellation: cancellation)) == "new")
        operations.abandon(mine)
        #expect(word(operations.begin(mine, call: "d", cancellation: cancellation)) == "new")
    }

    private func restored(_ id: String, _ state: RecentOperation.State, call: String = "c") -> RecentOperation {
        RecentOperation(userID: 1, id: id, call: call, state: state)
    }

    @Test("what the log remembers is restored; what it does not know is unknown; what is old or never ran is new again")
    func restored() {
        let operations = Operations(memory: .seconds(60))
        let states: [(String, RecentOperation.State)] = [
            ("op", .begun), ("op", .done(["x": true])), ("op", .notRun), ("lost", .begun), ("long", .begun),
            ("long", .done(nil)), ("mended", .begun), ("mended", .notRun),
        ]
        for (id, state) in states { operations.restore(restored(id, state)) }
        operations.restore(restored("lost", .notRun, call: "another"))
        let found = ["op", "lost", "long", "mended"].map { id in
            word(operations.begin(Operations.Key(userID: 1, id: id), call: "c", cancellation: Cancellation()))
        }
        #expect(found == [#"done {"x":true}"#, "unknown", "forgotten", "new"])
        let short = Operations(memory: .zero)
        short.restore(restored("op", .begun))
        #expect(word(short.begin(key, call: "z", cancellation: Cancellation())) == "new")
    }

    @Test("a log of a day with more operations than are remembered leaves the newest, in good time")
    func manyRestored() {
        let operations = Operations(memory: .seconds(60))
        let result = JSONValue.string(String(repeating: "x", count: 4096))
        for number in 0..<25_000 {
            operations.restore(restored("\(number)", .begun))
            operations.restore(restored("\(number)", .done(result)))
        }
        let found = ["0", "24999"].map { id in
            word(operations.begin(Operations.Key(userID: 1, id: id), call: "c", cancellation: Cancellation()))
        }
        #expect(found[0] == "new" && found[1].hasPrefix("done"))
    }

    @Test("answers beyond the kept size are forgotten, oldest first")
    func forgotten() {
        let operations = Operations(memory: .seconds(60))
        let large = JSONValue.string(String(repeating: "x", count: Operations.maximumResultBytes / 2))
        for id in ["a", "b", "c"] {
            _ = operations.begin(Operations.Key(userID: 1, id: id), call: "c", cancellation: Cancellation())
            operations.finish(Operations.Key(userID: 1, id: id), result: large)
        }
        #expect(
            word(operations.begin(Operations.Key(userID: 1, id: "a"), call: "c", cancellation: Cancellation()))
                == "forgotten")
    }

    @Test("a second call with the id of a running one waits for its answer, or leaves when it is cancelled")
    func waits() async {
        let operations = Operations(memory: .seconds(60))
        _ = operations.begin(key, call: "c", cancellation: Cancellation())
        let cancelled = Cancellation()
        cancelled.cancel(.cancelled)
        #expect(word(operations.begin(key, call: "c", cancellation: cancelled)) == "unknown")
        async let second = withCheckedContinuation { continuation in
            Thread.detachNewThread { [key] in
                let beginning = operations.begin(key, call: "c", cancellation: Cancellation())
                if case .done = beginning {
                    continuation.resume(returning: true)
                } else {
                    continuation.resume(returning: false)
                }
            }
        }
        operations.finish(key, result: [:])
        #expect(await second)
    }
}

@Suite("Directories and rules")
struct ConfigurationTests {
    @Test("a flag overrides systemd's variable, which overrides the standard place")
    func directories() {
        let named = Directories(runtime: "/flag") { ["RUNTIME_DIRECTORY": "/env", "LOGS_DIRECTORY": "/one:/two"][$0] }
        #expect(named.runtime == "/flag" && named.logs == "/one" && named.state == "/var/lib/devops-executor")
        #expect(
            named.agentSocket == "/flag/executor.sock" && named.allowlistFile == "/etc/devops-executor/allowlist.json")
    }

    @Test(
        "bad files at start deny everything; at reload the last good ones stay",
        arguments: ["executor.json", "tools.json", "allowlist.json"])
    func rules(_ name: String) throws {
        try withTemporaryDirectory { directory in
            let allowlist = URL(filePath: directory + "/allowlist.json")
            try Data(#"{"a": ["uptime"]}"#.utf8).write(to: allowlist)
            let store = RulesStore(Directories(configuration: directory) { _ in nil })
            #expect(store.fault == nil && store.summary.contains("1 rules"))
            try Data("{".utf8).write(to: URL(filePath: directory + "/" + name))
            #expect(throws: ExecutorError.self) { try store.reload() }
            #expect(store.fault?.contains(name) == true && store.now.policy.ruleCount == 1)
            let fresh = RulesStore(Directories(configuration: directory) { _ in nil })
            #expect(fresh.fault?.contains(name) == true && fresh.now.policy.ruleCount == 0)
        }
        let missing = RulesStore(Directories(configuration: "/none") { _ in nil })
        #expect(missing.fault?.contains("config/allowlist.json") == true)
    }
}

@Suite("The audit log in the journal")
struct AuditMirrorTests {
    @Test("what is no record is copied as it is; a record's fields say nothing that it does not")
    func fields() {
        #expect(AuditMirror.fields(of: Array("no record".utf8)[...]) == ["AUDIT_RECORD": "no record"])
        let line =
            #"{"seq":3,"actor":{"user_id":"5"},"argv":["uptime"],"exit":0,"hash":"ab","kind":"outcome","peer":{"uid":7}}"#
        let fields = AuditMirror.fields(of: Array(line.utf8)[...])
        #expect(
            fields == [
                "AUDIT_RECORD": line, "AUDIT_SEQ": "3", "AUDIT_ACTOR": "5", "AUDIT_EXIT": "0", "AUDIT_HASH": "ab",
                "AUDIT_KIND": "outcome", "AUDIT_PEER_UID": "7",
            ])
        // This process's standard error is no journal.
        #expect(AuditMirror.whereThereIsAJournal.map { _ in true } == nil)
    }
}
