import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing
import Wire

@Suite("An executor whose ground goes away", .timeLimit(.minutes(2)))
struct ExecutorFaultTests {
    private static func log(_ executor: ExecutorFixture) -> String { executor.directory + "/log/audit" }

    @Test("while the audit log cannot be written nothing runs and nothing is granted, and the journal says why")
    func auditUnavailable() async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await ExecutorFixture(in: directory)
            let (client, controls) = (try executor.client(), try executor.operatorClient())
            #expect(try await client.run("/bin/true").success)
            try FileManager.default.removeItem(atPath: Self.log(executor) + "/000001.jsonl")
            for _ in 0..<2 {
                let result = try await client.run("/bin/true", operation: "again")
                #expect(result.refusal?.code == .auditUnavailable && !result.success)
            }
            await #expect(throws: RPCError.self) { try await client.note("started", detail: [:]) }
            let grant: [String: JSONValue] = ["rule": "ask-operator", "target": "/usr/bin/id -g", "seconds": 60]
            await #expect(throws: RPCError.self) { try await controls.request(.approvalsGrant, grant) }
            #expect(try await controls.request(.approvalsGrants)["grants"] == [])
            // What is refused anyway is refused as ever, though nobody can write it down.
            #expect(try await client.run("rm -rf /").refusal?.code == .blocked)
            #expect(try await controls.status()["audit"]?["available"] == false)
            try FileManager.default.removeItem(atPath: Self.log(executor))
            await #expect(throws: RPCError.self) { try await controls.request(.auditQuery) }
            await #expect(throws: RPCError.self) { try await client.undo("again") }
            #expect(await executor.stop() == 0)
            let said = await executor.program.standardError()
            for words in ["Nothing runs: the audit log cannot be written", "could not be signed"] {
                #expect(said.contains(words), "\(said)")
            }
        }
    }

    @Test("what was done is answered though its outcome cannot be recorded; the next call is refused")
    func outcomeUnrecorded() async throws {
        try await withTemporaryDirectory { directory in
            let command = "/bin/rm \(directory)/log/audit/000001.jsonl"
            let rules = #"{"a": [{"command": "\#(command)", "id": "rm", "effect": "change", "run_as": "root"}]}"#
            let executor = try await ExecutorFixture(in: directory, allowlist: rules)
            let client = try executor.client()
            let allowed = try await client.run(command)
            #expect(!FileManager.default.fileExists(atPath: Self.log(executor) + "/000001.jsonl"))
            #expect(allowed.success, "\(allowed.text)")
            #expect(try await client.run(command).refusal?.code == .auditUnavailable)
            _ = await executor.stop()
            #expect(await executor.program.standardError().contains("An outcome could not be recorded"))
        }
    }

    @Test("the upkeep between two signals feeds the watchdog, and says when the log cannot be written")
    func upkeep() async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await ExecutorFixture(in: directory, environment: ["WATCHDOG_USEC": "200000"])
            for _ in 0..<2 { #expect(await executor.notify.wait(for: "WATCHDOG=1") != nil) }
            let client = try executor.client()
            try FileManager.default.removeItem(atPath: Self.log(executor) + "/000001.jsonl")
            #expect(try await client.run("/bin/true").refusal?.code == .auditUnavailable)
            for _ in 0..<2 { #expect(await executor.notify.wait(for: "WATCHDOG=1") != nil) }
            _ = await executor.stop()
            let said = await executor.program.standardError()
            #expect(said.contains("The audit log cannot be written"), "\(said)")
        }
    }

    @Test("a second executor over the same log does not start, and neither does one whose sockets cannot be made")
    func noSecond() async throws {
        try await withTemporaryDirectory { directory in
            let executor = try await ExecutorFixture(in: directory)
            func start(_ runtime: String, _ other: String) async throws -> (status: Int32, error: String) {
                let ended = try await Program.run(
                    "devops-executor",
                    [
                        "run", "--config-dir", directory + "/config", "--runtime-dir", runtime, "--logs-dir",
                        other + "/log", "--state-dir", other + "/state",
                    ])
                return (ended.status, ended.error)
            }
            let second = try await start(directory + "/other-run", directory)
            #expect(second.status == 1 && second.error.contains("Another process writes the audit log"), "\(second)")
            let long = try await start("\(directory)/\(String(repeating: "x", count: 120))", directory + "/third")
            #expect(long.status == 1 && long.error.contains("107 bytes"), "\(long)")
            #expect(try await executor.client().run("/bin/true").success)
            _ = await executor.stop()
        }
    }

    /// Runs its arguments where the kernel knows no Landlock: its first system call is answered ENOSYS (seccomp(2)).
    private static let withoutLandlock = """
        import ctypes, os, struct, sys
        load, jump, give = 0x20, 0x15, 0x06
        steps = [(load, 0, 0, 0), (jump, 0, 1, 444), (give, 0, 0, 0x00050000 | 38), (give, 0, 0, 0x7FFF0000)]
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
        program = ctypes.create_string_buffer(struct.pack("HL", len(steps), ctypes.addressof(code)))
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
        os.execv(sys.argv[1], sys.argv[1:])
        """

    @Test(
        "where the kernel lacks Landlock, rules that ask for it are refused and named, or run where that is allowed",
        arguments: ["strict", "lenient"])
    func sandbox(_ mode: String) async throws {
        try await withTemporaryDirectory { directory in
            let rules = #"{"a": [{"command": "uptime", "id": "fenced", "sandbox": {"read_only": true}}, "nginx -t"]}"#
            let executor = try await ExecutorFixture(
                in: directory, allowlist: rules, settings: #"{"sandbox": "\#(mode)"}"#,
                before: ["/usr/bin/python3", "-c", Self.withoutLandlock])
            let client = try executor.client()
            #expect(try await client.status()["containment"]?["missing"]?.arrayValue?.contains("Landlock") == true)
            #expect(try await client.run("uptime").success == (mode == "lenient"))
            _ = await executor.stop()
            let said = await executor.program.standardError()
            let words = mode == "strict" ? "Rules are refused: the kernel lacks" : "Rules run without their sandbox"
            #expect(said.contains(words) && said.contains("fenced"), "\(said)")
        }
    }
}

@Suite("What may be asked of the executor", .timeLimit(.minutes(2)))
struct QuestionTests {
    @Test("a question that is none is a broken request, which says what would be one")
    func broken() async throws {
        try await withExecutor { executor in
            let (client, controls) = (try executor.client(), try executor.operatorClient())
            let questions: [(ExecutorClient, ExecutorMethod, [String: JSONValue], String)] = [
                (client, .toolsList, ["cursor": "x"], "leave the cursor out"),
                (client, .explain, [:], "a command, 1 to"), (client, .explain, ["commands": [1]], "is a string"),
                (client, .explain, ["command": 7], "is a string"), (client, .explain, ["name": "nothing"], "no tool"),
                (
                    client, .note, ["event": "big", "detail": ["x": .string(String(repeating: "x", count: 70_000))]],
                    "bytes"
                ),
                (client, .note, ["event": "e", "detail": [1]], "an object"),
                (client, .toolsCall, ["name": "system_health", "_meta": [MCP.Meta.operation: "a b"]], "printable"),
                (client, .toolsCall, ["name": "system_health", "_meta": [MCP.Meta.operation: ""]], "printable"),
                (controls, .auditQuery, ["since": "yesterday"], "is a time such as"),
                (controls, .auditQuery, ["order": "sideways"], "one of newest, oldest"),
                (controls, .auditQuery, ["cursor": "x"], "the last page gave"),
            ]
            for (asker, method, params, words) in questions {
                let error = await #expect(throws: RPCError.self) { try await asker.request(method, params) }
                #expect(error?.message.contains(words) == true, "\(method) \(params): \(error?.message ?? "")")
            }
        }
    }

    @Test("a cursor or a place that no record has is an empty page, in either order", arguments: ["newest", "oldest"])
    func extremes(_ order: String) async throws {
        try await withExecutor { executor in
            let controls = try executor.operatorClient()
            for (name, value) in [("after_seq", JSONValue(Int.max)), ("cursor", .string("\(Int.min)"))] {
                _ = try await controls.request(.auditQuery, ["order": .string(order), name: value])
            }
            let behind = try await controls.request(
                .auditQuery, ["order": "oldest", "cursor": .string("\(Int.max)")])
            #expect(behind["records"] == [] && behind["cursor"] == .null)
            #expect(try await controls.status()["audit"]?["available"] == true)
        }
    }

    @Test("records are of the time that is asked for")
    func times() async throws {
        try await withExecutor { executor in
            let controls = try executor.operatorClient()
            func count(_ params: [String: JSONValue]) async throws -> Int? {
                try await controls.request(.auditQuery, params)["records"]?.arrayValue?.count
            }
            #expect(try await count(["since": "2020-01-01T00:00:00Z"]) == 1)
            #expect(try await count(["until": "2020-01-01T00:00:00Z"]) == 0)
            #expect(try await count(["since": .null, "until": .null]) == 1)
        }
    }

    @Test("a line, and a tool with its arguments, are explained as they would be judged, and nothing runs")
    func explained() async throws {
        try await withExecutor { executor in
            let client = try executor.client()
            func explain(_ params: [String: JSONValue]) async throws -> [String] {
                let result = try await client.request(.explain, params)
                let first = result["explanations"]?.arrayValue?.first
                return ["verdict", "rule", "command"].map { first?[$0]?.stringValue ?? "-" }
            }
            func tool(_ command: String) -> [String: JSONValue] {
                ["name": "run_command", "arguments": ["command": .string(command)]]
            }
            #expect(try await explain(["command": "df -h"]) == ["allowed", "test/df -h", "df -h"])
            #expect(try await explain(tool("df  '-h'")) == ["allowed", "test/df -h", "df -h"])
            #expect(try await explain(tool("/usr/bin/id -u")) == ["needs_approval", "ask-user", "/usr/bin/id -u"])
            #expect(try await explain(tool("df -i")) == ["denied", "-", "df -i"])
            #expect(try await explain(["name": "check_port"]) == ["denied", "-", "check_port"])
            #expect(
                try await explain(["name": "check_port", "arguments": ["port": 22]])
                    == ["allowed", "tool/check_port", "check_port 22"])
            for kind in ["intent", "refusal", "question"] { #expect(try await executor.audit(kind).isEmpty) }
        }
    }
}
