import ExecutorAPI
import Foundation
import StrictJSON
import Synchronization
import Testing

@testable import ExecutorAudit

@Suite("New files and old ones")
struct RotationTests {
    private static func fill(_ log: AuditLog, _ count: Int) throws {
        for number in 0..<count { try log.append(AuditFixture.event(.note, id: "\(number)"), durability: .buffered) }
    }

    @Test(
        "names that the log does not give are not its files",
        arguments: [
            "+00001.jsonl", "-00001.jsonl", "1.jsonl", "00001.jsonl", "0000001.jsonl", "000000.jsonl", "000001.json",
            "000001.jsonl~", "000002.jsonl.bak", "a00001.jsonl", ".jsonl", "٠٠٠٠٠١.jsonl", "000001 .jsonl",
        ])
    func strangeNames(_ name: String) throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.fill(log, 3)
            try log.close()
            try Data("no record\n".utf8).write(
                to: URL(filePath: fixture.logs + "/" + (name == "000001.jsonl" ? "x" : name)))
            let again = try fixture.open()
            #expect(again.head.sequence == 4 && again.head.file == "000001.jsonl")
            try again.close()
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }

    @Test("a millionth file has one more digit")
    func manyFiles() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.fill(log, 1)
            try log.close()
            let names = ["000001.jsonl", "999999.jsonl"].map { fixture.logs + "/" + $0 }
            try FileManager.default.moveItem(atPath: names[0], toPath: names[1])
            let again = try fixture.open(fileBytes: 1)
            try Self.fill(again, 1)
            try again.close()
            #expect(Set(fixture.fileNames).isSuperset(of: ["1000000.jsonl", "999999.jsonl"]))
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }

    @Test("a file that is in the way is not written over")
    func fileInTheWay() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 1500)
            let stranger = URL(filePath: fixture.logs + "/000002.jsonl")
            try Data("mine".utf8).write(to: stranger)
            #expect(throws: AuditError.self) { try Self.fill(log, 10) }
            #expect(try String(contentsOf: stranger, encoding: .utf8) == "mine")
            try FileManager.default.removeItem(at: stranger)
            try Self.fill(log, 10)
            try log.close()
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }

    @Test("a new day begins a new file, whatever the hour of the start; the day is that of the first record")
    func newDay() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.fill(log, 2)
            try log.close()
            // The same file, written the day before.
            let yesterday = Timestamp.now().adding(.seconds(-24 * 60 * 60)).day
            let lines = try fixture.lines().map { $0.replacingOccurrences(of: Timestamp.now().day, with: yesterday) }
            try fixture.write(lines)
            let again = try fixture.open()
            try Self.fill(again, 2)
            try again.close()
            #expect(fixture.fileNames == ["000001.jsonl", "000002.jsonl"])
            let times = try fixture.lines("000002.jsonl").compactMap { try JSONValue(parsing: $0)["time"]?.stringValue }
            #expect(times.count == 3 && times.allSatisfy { !$0.hasPrefix(yesterday) })
        }
    }

    @Test("a crash while old files are removed leaves a log that begins where a signed record allows it")
    func interruptedRetention() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 1500, files: 50)
            try Self.fill(log, 40)
            try log.close()
            let all = fixture.fileNames
            try #require(all.count > 6)
            let saved = try all.map { try Data(contentsOf: URL(filePath: fixture.logs + "/" + $0)) }
            let again = try fixture.open(fileBytes: 1500, files: 4)
            try Self.fill(again, 4)
            try again.close()
            #expect(fixture.fileNames.count == 4)
            let verifier = fixture.verifier(log.publicKey)
            #expect(verifier.verify().isIntact)
            // One more, by another hand: no signed record goes so far.
            let first = try #require(fixture.fileNames.first)
            let kept = try fixture.lines(first)
            unlink(fixture.logs + "/" + first)
            #expect(verifier.verify().message.contains("no signed record says why"))
            try fixture.write(kept, first)
            // As if only the first of them had been removed, then none.
            for first in [1, 0] {
                for (name, bytes) in zip(all, saved).dropFirst(first) where !fixture.fileNames.contains(name) {
                    try bytes.write(to: URL(filePath: fixture.logs + "/" + name))
                }
                let verdict = verifier.verify()
                #expect(verdict.isIntact, "\(verdict.message)")
            }
            unlink(fixture.logs + "/" + all[1])
            #expect(!verifier.verify().isIntact)
        }
    }

    @Test("what the executor signed of its log's end is no word on where its log may begin")
    func forgedRetention() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 1500)
            try Self.fill(log, 10)
            try log.close()
            let names = fixture.fileNames
            try #require(names.count > 2)
            let elsewhere = AuditVerifier(directory: fixture.logs, publicKey: log.publicKey, stateDirectory: nil)
            #expect(elsewhere.verify().isIntact)
            // The beginning is removed, and a record appended that says so with the signature of a checkpoint.
            let last = try #require(names.last)
            let lines = try fixture.lines(last)
            let signed = try JSONValue(parsing: try #require(lines.last))
            try #require(signed["kind"] == "checkpoint")
            unlink(fixture.logs + "/" + names[0])
            #expect(elsewhere.verify().message.contains("no signed record says why"))
            var members = signed.objectValue ?? [:]
            for name in ["hash", "prev", "seq"] { members[name] = nil }
            members["kind"] = "retention"
            let (line, _) = AuditLine.make(
                previous: log.head.hash, sequence: log.head.sequence + 1, members: JSONValue.object(members).encoded())
            try fixture.write(lines + [String(decoding: line.dropLast(), as: UTF8.self)], last)
            for verdict in [elsewhere.verify(), fixture.verifier(log.publicKey).verify()] {
                #expect(
                    !verdict.isIntact && verdict.message.contains("is not by this executor's key"), "\(verdict.message)"
                )
            }
        }
    }

    @Test("old files that go after the newest record was noted, and before it is looked for, are no fault")
    func goneSinceNoted() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 1500, files: 3)
            try Self.fill(log, 12)
            let noted = log.head
            let before = fixture.fileNames
            while fixture.fileNames.first == before.first { try Self.fill(log, 1) }
            let verdict = fixture.verifier(log.publicKey).verify(upTo: noted)
            #expect(verdict.isIntact, "\(verdict.message)")
            try log.close()
        }
    }

    @Test("a head that is signed after the newest record was noted does not make the log one whose end was cut off")
    func signedMeanwhile() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try Self.fill(log, 3)
            let noted = log.head
            try Self.fill(log, 3)
            try log.close()
            let verdict = fixture.verifier(log.publicKey).verify(upTo: noted)
            #expect(verdict.isIntact && verdict.records == noted.sequence, "\(verdict.message)")
        }
    }

    @Test("a log is intact to who checks it while its old files go")
    func checkedMeanwhile() throws {
        try withAudit { fixture in
            let log = try fixture.open(fileBytes: 2000, files: 3)
            let isDone = Atomic<Bool>(false)
            Thread.detachNewThread {
                // A file goes every few milliseconds, and not one after the other.
                while log.head.file < "000040.jsonl", (try? Self.fill(log, 1)) != nil { usleep(1000) }
                isDone.store(true, ordering: .releasing)
            }
            var faults: [String] = []
            while !isDone.load(ordering: .acquiring) {
                let verdict = fixture.verifier(log.publicKey).verify(upTo: log.head)
                if !verdict.isIntact { faults.append(verdict.message) }
            }
            #expect(faults.isEmpty)
            #expect(log.head.file == "000040.jsonl")
            try log.close()
        }
    }

    @Test("what falls due while a thread waits for the disk stays due: no file is left under it")
    func dueMeanwhile() throws {
        try withAudit { fixture in
            let files = AuditFiles(directory: fixture.logs)
            let place = AuditWriter.Place(
                directory: try AuditDirectory(locking: fixture.logs), files: files, stateDirectory: fixture.directory,
                limits: AuditLimits(fileBytes: 1), key: try #require(SigningKey(seed: Crypto.randomBytes(32))),
                bootID: "", disk: .real, keepsCopies: false)
            var writer = try AuditWriter(place, try AuditRecovery(files))
            try writer.append(AuditFixture.event(.note))
            #expect(writer.isUpkeepDue)
            writer.isDiskTaken = true
            let mark = writer.mark
            try writer.append(AuditFixture.event(.note))
            #expect(writer.number == 1)
            writer.confirm(mark)
            writer.isDiskTaken = false
            try writer.append(AuditFixture.event(.note))
            #expect(writer.number == 2 && fixture.fileNames == ["000001.jsonl", "000002.jsonl"])
        }
    }

    @Test("what nobody waited for is on disk after the next upkeep, which asks the disk for nothing else")
    func upkeepSyncs() throws {
        try withAudit { fixture in
            let syncs = Atomic<Int>(0)
            let disk = AuditDisk { descriptor in
                syncs.add(1, ordering: .relaxed)
                return fdatasync(descriptor)
            }
            let log = try fixture.open(disk: disk)
            try log.append(AuditFixture.event(.note), durability: .buffered)
            let before = syncs.load(ordering: .relaxed)
            for _ in 0..<3 { try log.maintain() }
            #expect(syncs.load(ordering: .relaxed) == before + 1)
            #expect(try fixture.kinds() == ["note"])
        }
    }

    @Test("what is unsigned for too long is signed without a record to write, once")
    func idle() throws {
        try withAudit { fixture in
            let log = try fixture.open(checkpointInterval: .zero)
            try log.append(AuditFixture.event(.note), durability: .buffered)
            for _ in 0..<3 { try log.maintain() }
            #expect(try fixture.kinds() == ["note", "checkpoint"])
            #expect(fixture.verifier(log.publicKey).verify().message.contains("signed up to record 1"))
            try log.close()
            #expect(try fixture.kinds() == ["note", "checkpoint"])
        }
    }

    @Test("what a crash left unsigned is signed at the next start")
    func signedAtStart() throws {
        try withAudit { fixture in
            try fixture.open().append(AuditFixture.event(.note), durability: .synced)
            let log = try fixture.open()
            #expect(try fixture.kinds() == ["note", "checkpoint"])
            try log.close()
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }

    @Test("a closed log takes nothing")
    func closed() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            try log.close()
            let error = #expect(throws: AuditError.self) {
                try log.append(AuditFixture.event(.note), durability: .buffered)
            }
            #expect(error?.message == "The audit log is closed." && fixture.fileNames == ["000001.jsonl"])
        }
    }

    @Test("what nobody waits for is on disk before more of it than is held in memory is not")
    func unsyncedBound() throws {
        try withAudit { fixture in
            let count = Counter()
            let log = try fixture.open(disk: AuditDisk { _ in count.add() })
            var event = AuditFixture.event(.note)
            event.detail = ["text": .string(String(repeating: "x", count: 100_000))]
            let before = count.value
            for _ in 0..<50 { try log.append(event, durability: .buffered) }
            #expect((4...5).contains(count.value - before))
            try log.close()
        }
    }

    @Test("a call whose record would be too long is refused; what has happened is recorded, and says it was cut")
    func recordLimit() throws {
        try withAudit { fixture in
            let log = try fixture.open()
            for bytes in [300_000, 1_000_000] {
                var event = AuditFixture.event(.intent)
                event.call = String(repeating: "\u{1}", count: bytes)
                let error = #expect(throws: AuditError.self) { try log.append(event, durability: .synced) }
                #expect(error?.message.contains("are the most") == true && log.isAvailable)
                event.kind = .refusal
                event.argv = [String(repeating: "ü", count: bytes)]
                try log.append(event, durability: .synced)
            }
            try log.close()
            let records = try fixture.records().filter { $0["kind"] == "refusal" }
            #expect(
                records.count == 2 && records.allSatisfy { $0["detail"]?["cut_from_bytes"] != nil && $0["call"] == nil }
            )
            #expect(records.allSatisfy { $0["id"] == "a" && $0["peer"]?["uid"] == 7 && $0["tool"] == "run_command" })
            #expect(try fixture.lines().allSatisfy { $0.utf8.count < 4096 })
            #expect(fixture.verifier(log.publicKey).verify().isIntact)
        }
    }
}

/// Counts calls from any thread, and answers 0.
private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() -> Int32 {
        count.withLock { $0 += 1 }
        return 0
    }
}
