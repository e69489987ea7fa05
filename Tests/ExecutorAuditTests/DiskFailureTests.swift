import ExecutorAPI
import ExecutorAudit
import Foundation
import StrictJSON
import Synchronization
import TestSupport
import Testing

/// A disk that fails when it is told to, and may lose what it had not confirmed.
private final class FailingDisk: Sendable {
    private let failures = Atomic<Int>(0)
    /// Bytes of the file that the kernel forgets with each failure, from its end.
    private let loses: Int

    init(loses: Int = 0) { self.loses = loses }

    func failNext(_ count: Int) { failures.store(count, ordering: .sequentiallyConsistent) }

    var disk: AuditDisk {
        AuditDisk { descriptor in
            guard self.failures.load(ordering: .sequentiallyConsistent) > 0 else { return fdatasync(descriptor) }
            self.failures.subtract(1, ordering: .sequentiallyConsistent)
            self.forget(descriptor)
            errno = EIO
            return -1
        }
    }

    private func forget(_ descriptor: Int32) {
        var status = stat()
        guard loses > 0, fstat(descriptor, &status) == 0 else { return }
        // O_APPEND makes pwrite append, so another descriptor does it.
        let other = open("/proc/self/fd/\(descriptor)", O_WRONLY)
        defer { close(other) }
        _ = [UInt8](repeating: 0, count: loses).withUnsafeBytes {
            pwrite(other, $0.baseAddress, $0.count, status.st_size - off_t(loses))
        }
    }
}

@Suite("A disk that fails")
struct DiskFailureTests {
    private static func append(_ log: AuditLog, _ kind: AuditEvent.Kind, _ id: String) -> Bool {
        var event = AuditFixture.event(kind, id: id)
        if kind == .intent { (event.operation, event.call) = ("op-\(id)", "call") }
        return (try? log.append(event, durability: .synced)) != nil
    }

    @Test(
        "after a failed sync nothing is taken, synced or not, until all that was taken is on disk", arguments: [0, 200])
    func failedSync(_ loses: Int) throws {
        try withAudit { fixture in
            let disk = FailingDisk(loses: loses)
            let log = try fixture.open(disk: disk.disk)
            #expect(Self.append(log, .note, "before"))
            try log.append(AuditFixture.event(.note, id: "buffered"), durability: .buffered)
            disk.failNext(4)
            #expect(!Self.append(log, .intent, "lost"))
            #expect(!log.isAvailable)
            #expect(throws: AuditError.self) { try log.append(AuditFixture.event(.note), durability: .buffered) }
            #expect(throws: AuditError.self) { try log.maintain() }
            #expect(!Self.append(log, .intent, "refused"))
            #expect(Self.append(log, .intent, "after") && log.isAvailable)
            try log.close()
            let seen = try fixture.records().map { "\($0["kind"]?.stringValue ?? "") \($0["id"]?.stringValue ?? "")" }
            #expect(
                seen == [
                    "note before", "note buffered", "intent lost", "refusal lost", "intent after", "checkpoint ",
                ])
            let verdict = fixture.verifier(log.publicKey).verify()
            #expect(verdict.isIntact, "\(verdict.message)")
            let again = try fixture.open()
            #expect(again.interrupted == ["after"])
            try again.close()
            var states: [RecentOperation.State] = []
            try AuditLog.forEachRecentOperation(in: fixture.logs, within: .seconds(60)) { states.append($0.state) }
            #expect(states == [.begun, .notRun, .begun])
        }
    }

    @Test("a log mends itself without a record to write")
    func mendedByUpkeep() throws {
        try withAudit { fixture in
            let disk = FailingDisk()
            let log = try fixture.open(disk: disk.disk)
            disk.failNext(1)
            #expect(!Self.append(log, .note, "a"))
            try log.maintain()
            #expect(log.isAvailable)
            try log.close()
            #expect(try fixture.kinds() == ["note", "checkpoint"])
        }
    }

    @Test("a failed sync is told to every thread whose record it was for")
    func waiters() async throws {
        let directory = try TemporaryDirectory()
        let fixture = try AuditFixture(directory.path)
        let isBroken = Atomic<Bool>(false)
        let log = try fixture.open(
            disk: AuditDisk { descriptor in
                guard isBroken.load(ordering: .sequentiallyConsistent) else { return fdatasync(descriptor) }
                errno = EIO
                return -1
            })
        isBroken.store(true, ordering: .sequentiallyConsistent)
        let taken = await withTaskGroup(of: Bool.self) { group in
            for writer in 0..<16 { group.addTask { Self.append(log, .intent, "\(writer)") } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(taken == 0)
        isBroken.store(false, ordering: .sequentiallyConsistent)
        #expect(Self.append(log, .note, "after"))
        try log.close()
        #expect(fixture.verifier(log.publicKey).verify().isIntact)
        let again = try fixture.open()
        #expect(again.interrupted == [])
        try again.close()
    }

    @Test("a checkpoint, a new file and a removal that the disk does not confirm are tried again", arguments: 0..<12)
    func failedUpkeep(_ failing: Int) throws {
        try withAudit { fixture in
            let count = Atomic<Int>(0)
            let log = try fixture.open(
                fileBytes: 2000, files: 2,
                disk: AuditDisk { descriptor in
                    let number = count.add(1, ordering: .relaxed).newValue
                    guard number > 2, number % 12 == failing else { return fdatasync(descriptor) }
                    errno = EIO
                    return -1
                })
            var taken = 0
            for number in 0..<60 where Self.append(log, .note, "\(number)") { taken += 1 }
            #expect(taken >= 40 && taken < 60)
            while (try? log.close()) == nil, (try? log.maintain()) != nil {}
            let verdict = fixture.verifier(log.publicKey).verify()
            #expect(verdict.isIntact, "\(verdict.message)")
            // A removal that failed is made up for with the next new file.
            #expect((2...3).contains(fixture.fileNames.count))
        }
    }

    @Test("a log that is removed or cut while it is written takes nothing more, and the next start says so")
    func removed() throws {
        for cut in [true, false] {
            try withAudit { fixture in
                let log = try fixture.open()
                for id in ["a", "b"] { #expect(Self.append(log, .note, id)) }
                try log.maintain()
                let file = fixture.logs + "/000001.jsonl"
                if cut { truncate(file, 10) } else { try FileManager.default.removeItem(atPath: file) }
                for _ in 0..<2 {
                    #expect(throws: AuditError.self) {
                        try log.append(AuditFixture.event(.note), durability: .buffered)
                    }
                }
                #expect(!log.isAvailable)
                #expect(throws: AuditError.self) { try log.close() }
            }
        }
    }
}

@Suite("A disk that is full")
struct FullDiskTests {
    /// Writes until the disk is full, makes room, and goes on; ends the process with 0 where all was as it should be.
    private static func fillAndMend(_ directory: String, makeRoom: () -> Void) throws -> Bool {
        let log = try AuditLog(directory: directory + "/audit", stateDirectory: directory)
        var (taken, refused) = (0, 0)
        for number in 0..<400 {
            let event = AuditFixture.event(.note, id: "\(number)")
            if (try? log.append(event, durability: number % 2 == 0 ? .synced : .buffered)) == nil {
                refused += 1
            } else {
                taken += 1
                // What is taken again after a refusal was not proven.
                guard refused == 0 else { return false }
            }
        }
        guard taken > 10, refused > 10, !log.isAvailable else { return false }
        makeRoom()
        try log.append(AuditFixture.event(.note, id: "after"), durability: .synced)
        guard log.isAvailable, log.head.sequence == taken + 1 else { return false }
        try log.close()
        let verifier = AuditVerifier(
            directory: directory + "/audit", publicKey: log.publicKey, stateDirectory: directory)
        return verifier.verify().isIntact
    }

    private static func limitFiles(to bytes: rlim_t) {
        var limit = rlimit(rlim_cur: bytes, rlim_max: rlim_t.max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    }

    @Test("a file that may not grow refuses each record until it may, and the chain stays whole")
    func fileLimit() async {
        _ = await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let isGood = try withAudit { fixture in
                Self.limitFiles(to: 20_000)
                return try Self.fillAndMend(fixture.directory) { Self.limitFiles(to: rlim_t.max) }
            }
            exit(isGood ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    /// Whether this user may mount a file system in a namespace of its own.
    private static let canMount: Bool = {
        guard geteuid() == 0 else { return false }
        return (try? run("/usr/bin/unshare", "--mount", "/usr/bin/mount", "-t", "tmpfs", "tmpfs", "/mnt")) == 0
    }()

    @Test("a file system without room refuses each record until there is some", .enabled(if: canMount))
    func fileSystem() async {
        _ = await #expect(processExitsWith: .success) {
            // Of this thread alone, and of what it starts.
            try #require(unshare(CLONE_NEWNS) == 0)
            let isGood = try withAudit { fixture in
                try #require(Self.run("/usr/bin/mount", "--make-rprivate", "/") == 0)
                try #require(Self.run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", fixture.logs) == 0)
                defer { _ = try? Self.run("/usr/bin/umount", fixture.logs) }
                let ballast = fixture.logs + "/ballast"
                try Data(count: 24 << 10).write(to: URL(filePath: ballast))
                return try Self.fillAndMend(fixture.directory) { unlink(ballast) }
            }
            exit(isGood ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    private static func run(_ program: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
