import ExecutorAPI
import ExecutorAudit
import Foundation
import StrictJSON
import TestSupport

/// A log in a directory of its own.
struct AuditFixture {
    let directory: String
    var logs: String { directory + "/audit" }

    init(_ directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory + "/audit", withIntermediateDirectories: true)
    }

    func open(
        fileBytes: Int = 64 << 20, files: Int = 100, checkpointInterval: Duration = .seconds(3600),
        disk: AuditDisk = .real, mirror: AuditLog.Mirror? = nil
    ) throws -> AuditLog {
        try AuditLog(
            directory: logs, stateDirectory: directory,
            limits: AuditLimits(fileBytes: fileBytes, files: files, checkpointInterval: checkpointInterval),
            disk: disk, mirror: mirror)
    }

    func verifier(_ publicKey: String) -> AuditVerifier {
        AuditVerifier(directory: logs, publicKey: publicKey, stateDirectory: directory)
    }

    /// Every file's record, as JSON, in the order of the files.
    func records() throws -> [JSONValue] {
        try fileNames.flatMap { try lines($0) }.map { try JSONValue(parsing: $0) }
    }

    func kinds() throws -> [String] { try records().compactMap { $0["kind"]?.stringValue } }

    var fileNames: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []).sorted()
    }

    func lines(_ name: String = "000001.jsonl") throws -> [String] {
        try String(contentsOfFile: "\(logs)/\(name)", encoding: .utf8).split(separator: "\n").map(String.init)
    }

    func write(_ lines: [String], _ name: String = "000001.jsonl", endsLine: Bool = true) throws {
        try Data((lines.joined(separator: "\n") + (endsLine ? "\n" : "")).utf8).write(
            to: URL(filePath: "\(logs)/\(name)"))
    }

    static func event(_ kind: AuditEvent.Kind, id: String = "a", tool: String = "run_command", user: UInt32 = 7)
        -> AuditEvent
    {
        var event = AuditEvent(kind)
        (event.id, event.tool, event.argv, event.rule) = (id, tool, ["uptime"], "system/uptime")
        event.peer = PeerIdentity(processID: 1, userID: user, groupID: 7, role: .agent)
        return event
    }
}

/// Runs the body with a fixture in a new directory, removed after.
func withAudit<Result>(_ body: (AuditFixture) throws -> Result) throws -> Result {
    try withTemporaryDirectory { try body(try AuditFixture($0)) }
}

func withAudit<Result>(_ body: (AuditFixture) async throws -> Result) async throws -> Result {
    try await withTemporaryDirectory { try await body(try AuditFixture($0)) }
}
