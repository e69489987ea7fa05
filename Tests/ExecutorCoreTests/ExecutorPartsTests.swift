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
            for mode: mode_t in [0o666, 0o664, 0o646, 0o1666] {
                chmod(path, mode)
                let error = #expect(throws: ExecutorError.self) { try TrustedFile.read(path) }
                #expect(error?.message.contains("chmod go-w") == true)
            }
            chmod(path, 0o644)
            mkfifo(directory + "/fifo", 0o600)
            let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            #expect(withUnixAddress(directory + "/socket") { bind(listener, $0, $1) } == 0)
            symlink("loop", directory + "/loop")
            let places = ["", "/fifo", "/socket", "/loop", "/f/below"].map { directory + $0 }
            for path in places {
                let error = #expect(throws: ExecutorError.self) { try TrustedFile.read(path) }
                #expect(error?.message.hasPrefix(path) == true, "\(error?.message ?? "")")
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

    @Test("a link may lead to it, also over others and in a path of this process's own")
    func links() throws {
        try withTemporaryDirectory { directory in
            for name in ["/a", "/b"] {
                try FileManager.default.createDirectory(atPath: directory + name, withIntermediateDirectories: false)
            }
            try Data("x".utf8).write(to: URL(filePath: directory + "/a/f"))
            symlink("../a/./f", directory + "/b/one")
            symlink("b/one", directory + "/two")
            symlink(directory + "/b", directory + "/three")
            let steps = FileManager.default.currentDirectoryPath.split(separator: "/").map { _ in ".." }
            for path in [
                directory + "/two", directory + "/three/one", steps.joined(separator: "/") + directory + "/two",
            ] {
                guard case .bytes(let bytes) = try TrustedFile.read(path) else { throw POSIXError(.EIO) }
                #expect(bytes == Array("x".utf8))
            }
        }
    }

    @Test(
        "whoever can change a link in the midst of the way, or its directory, is refused", .enabled(if: geteuid() == 0))
    func linksOfOthers() throws {
        try withTemporaryDirectory { directory in
            let other = directory + "/other"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
            for name in ["/good", "/better"] { try Data("x".utf8).write(to: URL(filePath: directory + name)) }
            symlink(directory + "/good", other + "/current")
            symlink(other + "/current", directory + "/rules")
            func fault() -> String? {
                do throws(ExecutorError) { _ = try TrustedFile.read(directory + "/rules") } catch {
                    return error.message
                }
                return nil
            }
            #expect(fault() == nil)
            lchown(other + "/current", 12345, 0)
            #expect(fault()?.contains("other/current is a link of user 12345") == true)
            lchown(other + "/current", 0, 0)
            chown(other, 12345, 0)
            #expect(fault()?.contains("other belongs to user 12345") == true)
            chown(other, 0, 0)
            chmod(other, 0o777)
            #expect(fault()?.contains("other can be written by others") == true)
            chmod(other, 0o755)
            #expect(fault() == nil)
        }
    }
}

@Suite("Directories of the daemon")
struct DirectoriesTests {
    @Test("a directory is made where it is missing, for this user alone; what is in its way is named")
    func make() throws {
        try withTemporaryDirectory { directory in
            try Directories.make(directory + "/a/b")
            try Directories.make(directory + "/a/b")
            var status = stat()
            #expect(stat(directory + "/a/b", &status) == 0 && status.st_mode & 0o777 == 0o700)
            try Data().write(to: URL(filePath: directory + "/file"))
            for path in [directory + "/file", directory + "/file/below"] {
                let error = #expect(throws: ExecutorError.self) { try Directories.make(path) }
                #expect(error?.message == "\(directory)/file is there and is no directory; move it away.")
            }
            // Where the kernel makes none, for root either.
            let error = #expect(throws: ExecutorError.self) { try Directories.make("/proc/devops-executor") }
            #expect(error?.message.hasPrefix("/proc/devops-executor cannot be made: ") == true)
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
        for number in 0..<32_000 {
            operations.restore(restored("\(number)", .begun))
            operations.restore(restored("\(number)", .done(result)))
        }
        let found = ["0", "31999"].map { id in
            word(operations.begin(Operations.Key(userID: 1, id: id), call: "c", cancellation: Cancellation()))
        }
        #expect(found[0] == "new" && found[1].hasPrefix("done"))
    }

    @Test("an id that the log has twice has one answer, the later, and takes the room of one")
    func restoredTwice() {
        let operations = Operations(memory: .seconds(60))
        let large = JSONValue.string(String(repeating: "x", count: Operations.maximumResultBytes / 4))
        operations.restore(restored("other", .begun))
        operations.restore(restored("other", .done(large)))
        for _ in 0..<20 {
            operations.restore(restored("op", .begun))
            operations.restore(restored("op", .done(large)))
        }
        operations.restore(restored("op", .done(["last": true])))
        let other = operations.begin(
            Operations.Key(userID: 1, id: "other"), call: "c", cancellation: Cancellation())
        #expect(word(other).hasPrefix("done"))
        #expect(word(operations.begin(key, call: "c", cancellation: Cancellation())) == #"done {"last":true}"#)
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
        let answer = AsyncStream<Operations.Beginning>.makeStream()
        let waiter = WatchedThread { [key] in
            answer.continuation.yield(operations.begin(key, call: "c", cancellation: Cancellation()))
            answer.continuation.finish()
        }
        // Only once it waits: what has its answer already need not.
        await waiter.waitUntilAsleep()
        operations.finish(key, result: [:])
        for await second in answer.stream { #expect(word(second) == "done {}") }
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
        try withTemporaryDirectory { directory in
            try Data(#"{"a": ["uptime"]}"#.utf8).write(to: URL(filePath: directory + "/allowlist.json"))
            let packs = directory + "/packs"
            try FileManager.default.createDirectory(atPath: packs, withIntermediateDirectories: false)
            func fault(_ count: Int) throws -> String? {
                for number in 0..<count { try Data("{}".utf8).write(to: URL(filePath: "\(packs)/\(number).json")) }
                return RulesStore(Directories(configuration: directory) { _ in nil }).fault
            }
            #expect(try fault(32) == nil)
            #expect(try fault(33)?.contains("more than 32 files") == true)
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
