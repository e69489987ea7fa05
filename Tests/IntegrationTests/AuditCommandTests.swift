import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite("executorctl audit, devops-executor check-audit", .timeLimit(.minutes(2)))
struct AuditCommandTests {
    private static func refuse(_ executor: ExecutorFixture, _ count: Int, _ word: String) async throws {
        let client = try executor.client()
        defer { client.close() }
        for number in 0..<count { _ = try await client.run("rm \(word)-\(number)") }
    }

    @Test("words that are no filter are refused; a filter finds its records, more of them than one page")
    func query() async throws {
        try await withExecutor { executor in
            for arguments in [["--verdict", "maybe"], ["--since", "yesterday"], ["--cursor", "x"]] {
                let answer = try await Program.run(
                    "executorctl", ["--socket", executor.operatorSocket, "audit", "query"] + arguments)
                #expect(answer.status == 1 && !answer.error.isEmpty, "\(arguments)")
            }
            try await Self.refuse(executor, 1050, "x")
            let client = try executor.client()
            _ = try await client.run("uptime")
            client.close()
            let denied = try await executor.ctl("audit", "query", "--verdict", "denied", "--limit", "1040", "--json")
            let answer = try JSONValue(parsing: denied.output)
            #expect(answer["records"]?.arrayValue?.count == 1040 && answer["cursor"]?.stringValue != nil)
            let allowed = try await executor.ctl("audit", "query", "--verdict", "allowed")
            #expect(allowed.output.split(separator: "\n").count == 1 && allowed.output.contains("uptime"), "\(allowed)")
        }
    }

    @Test("what would drive a terminal is not printed as it stands in a log")
    func forged() async throws {
        try await withExecutor { executor in
            // The executor records no such thing; whoever forges a log may.
            let zeros = String(repeating: "0", count: 64)
            let line = #"{"prev":"\#(zeros)","seq":9,"argv":["x\u001b]0;owned\u0007\u202e"],"hash":"\#(zeros)"}"#
            let log = try FileHandle(forUpdating: URL(filePath: executor.directory + "/log/audit/000001.jsonl"))
            try log.seekToEnd()
            try log.write(contentsOf: Data((line + "\n").utf8))
            try log.close()
            let tail = try await executor.ctl("audit", "tail")
            #expect(tail.output.contains("x?]0;owned??") && !tail.output.contains("\u{1B}"), "\(tail)")
        }
    }

    @Test("tail -f follows into the next files and leaves nothing out")
    func follow() async throws {
        try await withExecutor(settings: #"{"audit_file_bytes": 65536}"#) { executor in
            let output = executor.directory + "/followed"
            let tail = try Program(
                "/bin/sh",
                [
                    "-c", #"exec "$0" "$@" > "$OUTPUT""#, Program.path("executorctl"), "--socket",
                    executor.operatorSocket,
                    "audit", "tail", "-f", "--json", "--kind", "refusal", "--lines", "1000",
                ], environment: ["OUTPUT": output])
            try await Self.refuse(executor, 300, "y")
            let files = try FileManager.default.contentsOfDirectory(atPath: executor.directory + "/log/audit")
            #expect(files.count > 2)
            var lines: [Substring] = []
            for _ in 0..<300 where lines.count < 300 {
                try await Task.sleep(for: .milliseconds(100))
                lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
            }
            tail.send(signal: SIGTERM)
            let commands = try lines.compactMap {
                try JSONValue(parsing: String($0))["argv"]?.arrayValue?.first?.stringValue
            }
            #expect(commands == (0..<300).map { "rm y-\($0)" })
        }
    }

    @Test("a log is checked without its executor, here or where it was copied to; a cut end is found by its head")
    func offline() async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await ExecutorFixture(in: directory)
            try await Self.refuse(executor, 3, "z")
            let status = try JSONValue(parsing: try await executor.ctl("--json", "status").output)
            let key = try #require(status["audit"]?["public_key"]?.stringValue)
            _ = await executor.stop()
            func check(_ arguments: String...) async throws -> (status: Int32, text: String) {
                let answer = try await Program.run(
                    "devops-executor", ["check-audit", "--logs-dir", directory + "/log"] + arguments)
                return (answer.status, answer.output + answer.error)
            }
            let state = directory + "/state"
            #expect(try await check("--state-dir", state).text.contains("6 records are intact"))
            #expect(try await check("--public-key", key).status == 0)
            #expect(try await check("--public-key", "00").text.contains("not by this executor's key"))
            #expect(try await check("--state-dir", directory).text.contains("audit.key is missing"))
            let file = directory + "/log/audit/000001.jsonl"
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            try Data((lines.dropLast(2).joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: file))
            let cut = try await check("--state-dir", state)
            #expect(cut.status == 1 && cut.text.contains("its end was cut off"))
            try Data().write(to: URL(filePath: state + "/audit.head"))
            #expect(try await check("--state-dir", state).text.contains("audit.head holds no signed head: it is empty"))
        }
    }
}
