import ExecutorAPI
import ExecutorAudit
import Foundation
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Wire

@Suite("Writing the log")
struct AuditLogTests {
    @Test("a second writer, a spoilt key and a directory that is missing are refused in a sentence")
    func refusals() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            let error = #expect(throws: AuditError.self) { try fixture.open() }
            #expect(error?.message.contains("Another process writes") == true)
            try log.close()
            try Data("short".utf8).write(to: URL(filePath: fixture.directory + "/audit.key"))
            #expect(throws: AuditError.self) { try fixture.open() }
        }
        #expect(throws: AuditError.self) { try AuditLog(directory: "/none", stateDirectory: "/none") }
    }

    @Test("records have every field that was given, and a chain from the first")
    func fields() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            var event = AuditFixture.event(.intent)
            (event.actor, event.policy, event.effect, event.approval) = (Actor(userID: "5"), "d", "read", "user/x")
            try log.append(event, durability: .synced)
            (event.kind, event.exit, event.signal) = (.outcome, 3, 9)
            (event.durationMilliseconds, event.cpuMilliseconds, event.bytes) = (1, 2, 3)
            (event.outputSHA256, event.operation, event.call, event.result) = ("ff", "op", "c", ["success": true])
            event.detail = ["k": "v"]
            let head = try log.append(event, durability: .buffered)
            #expect(head.sequence == 2 && log.head == head && head.file == "000001.jsonl")
            try log.close()
            let records = try fixture.lines().map { try JSONValue(parsing: $0) }
            #expect(records[0]["prev"]?.stringValue == String(repeating: "0", count: 64))
            #expect(records[1]["prev"] == records[0]["hash"] && records[1]["exit"] == 3 && records[1]["signal"] == 9)
            #expect(records[1]["detail"] == ["k": "v"] && records[1]["result"] == ["success": true])
            #expect(records[0]["peer"]?["uid"] == 7 && records[0]["actor"]?["user_id"] == "5")
            #expect(records[2]["kind"] == "checkpoint")
        }
    }

    @Test("an answer that is too long is not kept")
    func longResult() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            var event = AuditFixture.event(.outcome)
            event.result = .string(String(repeating: "x", count: 100_000))
            try log.append(event, durability: .synced)
            try log.close()
            #expect(try fixture.lines()[0].utf8.count < 1000)
        }
    }

    @Test("a new file begins at the size, the chain goes on, and old files leave a signed record of it")
    func rotation() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 2000, files: 3)
            for number in 0..<60 {
                try log.append(AuditFixture.event(.note, id: "\(number)"), durability: .buffered)
            }
            try log.close()
            #expect(fixture.fileNames.count == 3)
            let verdict = fixture.verifier(log.publicKey).verify()
            #expect(verdict.isIntact, "\(verdict.message)")
            let again = try fixture.open(fileBytes: 2000, files: 3)
            #expect(again.head.sequence == log.head.sequence)
            try again.close()
        }
    }

    @Test("a checkpoint comes when it is due")
    func checkpoints() throws {
        try withAudit { fixture in
            let log = try fixture.open(checkpointInterval: .zero)
            for _ in 0..<3 { _ = try log.append(AuditFixture.event(.note), durability: .buffered) }
            try log.close()
            #expect(try fixture.lines().filter { $0.contains(#""kind":"checkpoint""#) }.count >= 3)
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }

    @Test("a torn last line is cut off, and intents without an outcome are closed as unknown")
    func recovery() throws {
        try withAudit { fixture in
            let key = try Self.crash(fixture)
            try fixture.write(try fixture.lines() + ["{\"prev\":\"12"], endsLine: false)
            let second = try fixture.open()
            #expect(second.interrupted == ["open"])
            try second.close()
            let kinds = try fixture.lines().map { try JSONValue(parsing: $0)["kind"]?.stringValue }
            #expect(kinds == ["intent", "outcome", "intent", "unknown", "note", "checkpoint"])
            #expect(fixture.verifier(key).verify().isIntact)
            let third = try fixture.open()
            #expect(third.interrupted.isEmpty)
            try third.close()
            var operations: [RecentOperation] = []
            try AuditLog.forEachRecentOperation(in: fixture.logs, within: .seconds(60)) { operations.append($0) }
            #expect(operations.map(\.id) == ["op-done", "op-done", "op-open"])
            #expect(
                operations.map(\.state) == [.begun, .done(["success": true, "detail": ["kind": "intent"]]), .begun])
            #expect(operations.allSatisfy { $0.userID == 7 } && operations[2].call == "call-open")
        }
    }

    /// One call that ended and one that did not, and no end of the log.
    private static func crash(_ fixture: AuditFixture) throws -> String {
        let log = try fixture.open()
        var done = AuditFixture.event(.intent, id: "done")
        (done.operation, done.call) = ("op-done", "call-done")
        try log.append(done, durability: .synced)
        (done.kind, done.result) = (.outcome, ["success": true, "detail": ["kind": "intent"]])
        try log.append(done, durability: .synced)
        var open = AuditFixture.event(.intent, id: "open")
        (open.operation, open.call) = ("op-open", "call-open")
        try log.append(open, durability: .synced)
        return log.publicKey
    }

    @Test("an empty newest file takes the chain up where the one before it ended")
    func emptyFile() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try log.append(AuditFixture.event(.note), durability: .synced)
            try log.close()
            _ = FileManager.default.createFile(atPath: fixture.logs + "/000002.jsonl", contents: nil)
            let second = try fixture.open()
            _ = try second.append(AuditFixture.event(.note), durability: .synced)
            try second.close()
            #expect(fixture.verifier(second.publicKey).verify().isIntact)
        }
    }

    @Test("one thread syncs for all who wait; a new file, a checkpoint and the end wait for it")
    func oneSyncAtOnce() throws {
        try withAudit { fixture in
            let gate = Gate()
            let log = try fixture.open(fileBytes: 3000, checkpointInterval: .zero, disk: AuditDisk { _ in gate.pass() })
            gate.isShut = true
            let writers = DispatchGroup()
            for writer in 0..<6 {
                start(in: writers) {
                    for number in 0..<10 {
                        let event = AuditFixture.event(.note, id: "\(writer)-\(number)")
                        _ = try? log.append(event, durability: number % 3 == 0 ? .buffered : .synced)
                    }
                }
            }
            // One is at the disk, and what the others do is up to the scheduler; none may join it there.
            gate.waitForVisitor()
            let end = DispatchGroup()
            start(in: end) { for _ in 0..<10 { try? log.maintain() } }
            gate.isShut = false
            writers.wait()
            end.wait()
            gate.isShut = true
            start(in: writers) { _ = try? log.append(AuditFixture.event(.note, id: "last"), durability: .synced) }
            gate.waitForVisitor()
            start(in: end) { try? log.close() }
            gate.isShut = false
            writers.wait()
            end.wait()
            #expect(gate.mostAtOnce == 1)
            let notes = try fixture.records().filter { $0["kind"] == "note" }
            #expect(notes.count == 61)
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }

    @Test("the end of the log waits for the thread that is at the disk, and signs what that one wrote")
    func endWaits() async throws {
        try await withAudit { fixture in
            let gate = Gate()
            let log = try fixture.open(disk: AuditDisk { _ in gate.pass() })
            gate.isShut = true
            let writer = WatchedThread {
                _ = try? log.append(AuditFixture.event(.note, id: "last"), durability: .synced)
            }
            gate.waitForVisitor()
            let ended = AsyncStream<AuditError?>.makeStream()
            let closing = WatchedThread {
                do throws(AuditError) {
                    try log.close()
                    ended.continuation.yield(nil)
                } catch {
                    ended.continuation.yield(error)
                }
                ended.continuation.finish()
            }
            await closing.waitUntilAsleep()
            #expect(try fixture.kinds() == ["note"])
            gate.isShut = false
            for await error in ended.stream { #expect(error == nil) }
            await writer.waitUntilAsleep()
            #expect(gate.mostAtOnce == 1)
            #expect(try fixture.kinds() == ["note", "checkpoint"])
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }

    private func start(in group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        Thread.detachNewThread {
            body()
            group.leave()
        }
    }

    @Test("each line is handed on once, as it stands in the log, whatever wrote it")
    func mirror() throws {
        try withAudit { fixture in
            let seen = Mutex<[String]>([])
            let log = try fixture.open(fileBytes: 1500, files: 2) { line in
                seen.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
            for number in 0..<20 { try log.append(AuditFixture.event(.note, id: "\(number)"), durability: .synced) }
            try log.close()
            let kept = try fixture.fileNames.flatMap { try fixture.lines($0) }
            #expect(seen.withLock { $0.suffix(kept.count) } == kept[...])
            #expect(seen.withLock { $0.count } == log.head.sequence && kept.count < log.head.sequence)
        }
    }

    @Test("many threads append at once, and each finds its record in one chain")
    func concurrency() async throws {
        let directory = try TemporaryDirectory()
        let fixture = try AuditFixture(directory.path)
        let log = try fixture.open()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<25 {
                        _ = try? log.append(AuditFixture.event(.note, id: "\(writer)-\(number)"), durability: .synced)
                    }
                }
            }
        }
        try log.close()
        #expect(try fixture.lines().count == 201)
        #expect(fixture.verifier(log.publicKey).verify().isIntact)
    }
}

/// A disk that keeps whoever syncs waiting while it is shut, and counts them.
private final class Gate: Sendable {
    private struct State {
        var isShut = false
        var inside = 0
        var mostAtOnce = 0
    }

    private let state = Mutex(State())
    private let changed = Condition()

    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

    var isShut: Bool {
        get { state.withLock { $0.isShut } }
        set {
            state.withLock { $0.isShut = newValue }
            changed.signal()
        }
    }

    func pass() -> Int32 {
        state.withLock { state in
            state.inside += 1
            state.mostAtOnce = max(state.mostAtOnce, state.inside)
        }
        changed.signal()
        _ = changed.wait(atMost: .seconds(60)) { !isShut }
        state.withLock { $0.inside -= 1 }
        return 0
    }

    func waitForVisitor() { _ = changed.wait(atMost: .seconds(60)) { state.withLock { $0.inside > 0 } } }
}

@Suite("Cryptography")
struct CryptoTests {
    @Test("digests are those of the published examples")
    func examples() {
        // FIPS 180-2, appendix B.1; RFC 2202, case 2; RFC 4231, case 2.
        #expect(
            Hex.encode(Crypto.sha256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let (key, message) = (Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(Hex.encode(Crypto.hmacSHA1(key: key, message: message)) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        #expect(
            Hex.encode(Crypto.hmacSHA256(key: key, message: message))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(Crypto.equal([1, 2], [1, 2]) && !Crypto.equal([1, 2], [1, 3]) && !Crypto.equal([1], [1, 2]))
        #expect(Crypto.randomBytes(16) != Crypto.randomBytes(16))
        #expect(Hex.decode("00ff") == [0, 255] && Hex.decode("0") == nil && Hex.decode("zz") == nil)
    }
}
