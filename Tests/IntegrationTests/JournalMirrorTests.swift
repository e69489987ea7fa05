import Foundation
import StrictJSON
import Glibc
import TestSupport
import Testing

@Suite("The audit log in the journal", .timeLimit(.minutes(2)))
struct JournalMirrorTests {
    /// Whether this user may have a `/run` of its own.
    private static let canMount: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        process.arguments = ["--mount", "/usr/bin/mount", "-t", "tmpfs", "tmpfs", "/run"]
        process.standardError = FileHandle.nullDevice
        guard geteuid() == 0, (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    /// Starts the daemon where `/run/systemd/journal` is ours, and its standard error is said to be the journal's.
    private static let script = """
        mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && mount --bind "$1" /run/systemd/journal || exit 9
        shift
        JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"
        """

    @Test("each record comes with fields to search by, and with nothing that is not in the log", .enabled(if: canMount))
    func mirrored() async throws {
        try await withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(atPath: directory + "/journal", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: directory + "/config", withIntermediateDirectories: true)
            try ExecutorFixture.write(ExecutorFixture.allowlist, to: directory + "/config/allowlist.json")
            let journal = try JournalStandIn(directory + "/journal/socket")
            let daemon = try Program(
                "/usr/bin/unshare",
                [
                    "--mount", "/bin/sh", "-c", Self.script, "sh", directory + "/journal",
                    Program.path("devops-executor"),
                    "run", "--config-dir", directory + "/config", "--runtime-dir", directory + "/sockets", "--logs-dir",
                    directory + "/log", "--state-dir", directory + "/state",
                ])
            var seen: [[String: String]] = []
            while !seen.contains(where: { $0["AUDIT_KIND"] == "start" }), let entry = journal.next() {
                seen.append(entry)
            }
            daemon.send(signal: SIGTERM)
            _ = await daemon.exitStatus()
            while !seen.contains(where: { $0["AUDIT_KIND"] == "checkpoint" }), let entry = journal.next() {
                seen.append(entry)
            }
            let records = seen.filter { $0["MESSAGE"] == "Audit record" }
            let log = try String(contentsOfFile: directory + "/log/audit/000001.jsonl", encoding: .utf8)
            #expect(records.compactMap { $0["AUDIT_RECORD"] } == log.split(separator: "\n").map(String.init))
            #expect(records.map { $0["AUDIT_SEQ"] } == ["1", "2", "3"])
            #expect(records.map { $0["AUDIT_KIND"] } == ["start", "stop", "checkpoint"])
            for record in records {
                let line = try JSONValue(parsing: record["AUDIT_RECORD"] ?? "")
                #expect(record["AUDIT_HASH"] == line["hash"]?.stringValue && record["PRIORITY"] == "6")
            }
        }
    }
}

/// What `sd_journal_sendv` writes to: datagrams of fields, each `NAME=value` and a newline.
private final class JournalStandIn {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0)
    }

    deinit { close(descriptor) }

    /// The fields of the next entry; `nil` when none comes for long.
    func next() -> [String: String]? {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, 20_000) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
        return Dictionary(
            lines.compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }, uniquingKeysWith: { $1 })
    }
}
