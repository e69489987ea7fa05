import ExecutorAPI
import ExecutorAudit
import Foundation
import TestSupport

/// Whoever can write the log's files makes no reader crash, and no other log pass for the genuine one.
enum AuditFuzz {
    private static let place: TemporaryDirectory = {
        do {
            let directory = try TemporaryDirectory()
            for name in ["/audit", "/state"] { mkdir(directory.path + name, 0o700) }
            return directory
        } catch {
            Fuzz.fail("the directory: \(error)")
        }
    }()
    private static var directory: String { place.path }
    private static let file = directory + "/audit/000001.jsonl"

    /// A few records, a checkpoint over them, and the key that signed it.
    private static let log: (bytes: [UInt8], key: String) = {
        do {
            let log = try AuditLog(directory: directory + "/audit", stateDirectory: directory + "/state")
            for kind in [AuditEvent.Kind.start, .intent, .outcome, .note] {
                var event = AuditEvent(kind)
                (event.id, event.tool, event.argv, event.operation) = ("a", "run_command", ["uptime"], "o")
                event.peer = PeerIdentity(processID: 1, userID: 7, groupID: 7, role: .agent)
                _ = try log.append(event, durability: .buffered)
            }
            try log.close()
            return (Array(FileManager.default.contents(atPath: file) ?? Data()), log.publicKey)
        } catch {
            Fuzz.fail("the genuine log: \(error)")
        }
    }()

    static var genuine: [UInt8] { log.bytes }

    static func run(_ bytes: [UInt8]) {
        let (genuine, key) = log
        require(FileManager.default.createFile(atPath: file, contents: Data(bytes)), "the file cannot be written")
        let verdict = AuditVerifier(directory: directory + "/audit", publicKey: key, stateDirectory: nil).verify()
        require(!verdict.isIntact || genuine.starts(with: bytes), "another log passes: \(verdict.message)")
        if let page = try? AuditQuery().run(directory: directory + "/audit") {
            require(page.records.count <= ExecutorLimits.auditPage, "a page without end")
        }
        // A log that cannot be read says so.
        try? AuditLog.forEachRecentOperation(in: directory + "/audit", within: .seconds(1 << 30)) { _ in }
    }
}
