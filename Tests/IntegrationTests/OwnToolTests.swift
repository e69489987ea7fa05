import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite("Tools of the administrator's own, over the socket", .timeLimit(.minutes(2)))
struct OwnToolTests {
    /// - Parameter members: Of the one tool, `greet`.
    private static func tools(_ members: String) -> String {
        #"{"own_tools": {"greet": {"description": "Greets whom it is told to greet.", \#(members)}}}"#
    }

    private static let greeting = tools(
        #""command": ["echo", "hello", "{name}"], "arguments": {"name": {"kind": "word"}}, "effect": "read""#)

    @Test("a tool is listed, called, recorded with its rule, and reached by no command line")
    func life() async throws {
        try await withExecutor(tools: Self.greeting) { executor in
            let client = try executor.client()
            let listed = try await client.tools().first { $0.name == "greet" }
            #expect(listed?.readOnly == true)
            guard case .result(let result) = try await client.callTool("greet", ["name": "world"]) else {
                Issue.record("a question was asked")
                return
            }
            #expect(result.output == "hello world\n" && result.metadata["command"] == "echo hello world")
            guard case .result(let refused) = try await client.callTool("greet", ["name": "a;id"]) else { return }
            #expect(refused.refusal?.code == .invalidArguments)
            #expect(try await client.run("echo hello world").refusal?.code == .notAllowed)
            let records = try await executor.audit("intent") + executor.audit("outcome")
            #expect(records.count == 2 && records.allSatisfy { $0["rule"] == "tool/greet" && $0["tool"] == "greet" })
        }
    }

    @Test("a tool that changes something and asks is not run without a yes")
    func approval() async throws {
        let tools = Self.tools(#""command": "echo changed", "effect": "change", "approval": "user""#)
        try await withExecutor(tools: tools) { executor in
            switch try await executor.client().callTool("greet", [:]) {
            case .result(let result): #expect(result.refusal?.code == .approvalRequired, "\(result.text)")
            case .question(let question, _, _): #expect(question.command == "echo changed")
            }
            #expect(try await executor.audit("intent").isEmpty)
        }
    }

    @Test("SIGHUP takes up tools and packs, and keeps the last good ones when a file of them is bad")
    func reload() async throws {
        try await withExecutor(packs: ["greet.json": Self.greeting]) { executor in
            func names() async throws -> [String] { try await executor.client().tools().map(\.name) }
            #expect(try await names().contains("greet"))
            try ExecutorFixture.write(
                Self.tools(#""command": "sh -c id", "effect": "read""#),
                to: executor.directory + "/config/packs/greet.json")
            executor.program.send(signal: SIGHUP)
            _ = await executor.notify.wait(for: "READY=1")
            let fault = try await executor.client().status()["policy"]?["fault"]?.stringValue
            #expect(fault?.contains("packs/greet.json, own_tools.greet") == true, "\(fault ?? "")")
            #expect(try await names().contains("greet"))
            try ExecutorFixture.write(#"{"own_tools": {}}"#, to: executor.directory + "/config/packs/greet.json")
            executor.program.send(signal: SIGHUP)
            _ = await executor.notify.wait(for: "READY=1")
            #expect(try await names().contains("greet") == false)
        }
    }

    @Test("a file of tools that others can write is refused, and everything with it")
    func ownership() async throws {
        try await withTemporaryDirectory { directory in
            let config = directory + "/config"
            try FileManager.default.createDirectory(atPath: config + "/packs", withIntermediateDirectories: true)
            try ExecutorFixture.write(#"{"a": ["uptime"]}"#, to: config + "/allowlist.json")
            try ExecutorFixture.write(Self.greeting, to: config + "/packs/greet.json")
            func check() async throws -> (Int32, String) {
                let result = try await Program.run("devops-executor", ["check-config", "--config-dir", config])
                return (result.status, result.output + result.error)
            }
            let good = try await check()
            #expect(good.0 == 0 && good.1.contains("1 tools of your own, 1 with their program"), "\(good.1)")
            chmod(config + "/packs/greet.json", 0o666)
            let file = try await check()
            #expect(file.0 == 1 && file.1.contains("packs/greet.json can be written by others"), "\(file.1)")
            chmod(config + "/packs/greet.json", 0o644)
            chmod(config + "/packs", 0o777)
            let folder = try await check()
            #expect(folder.0 == 1 && folder.1.contains("packs can be written by others"), "\(folder.1)")
            // A link to a file of the administrator's own: the place where it stands counts too.
            try FileManager.default.moveItem(atPath: config + "/packs/greet.json", toPath: directory + "/spare.json")
            symlink(directory + "/spare.json", config + "/packs/greet.json")
            let linked = try await check()
            #expect(linked.0 == 1 && linked.1.contains("packs can be written by others"), "\(linked.1)")
            chmod(config + "/packs", 0o1777)
            #expect(try await check().0 == 0)
            guard getuid() == 0 else { return }
            lchown(config + "/packs/greet.json", 65534, 65534)
            let strange = try await check()
            #expect(strange.0 == 1 && strange.1.contains("is a link of user 65534"), "\(strange.1)")
        }
    }
}

/// The packs that ship, with what they name moved to where the test has it.
enum ShippedPack {
    static func text(_ name: String, replacing words: [String: String] = [:]) throws -> String {
        var text = try String(contentsOfFile: Python.package + "/config/packs/\(name).json", encoding: .utf8)
        for (word, other) in words { text = text.replacingOccurrences(of: word, with: other) }
        return text
    }

    /// What children of root's are not: able to enter the directories of the build.
    static let asBuilder = geteuid() == 0 ? #""run_as": "root", "effect": "read""# : #""effect": "read""#
}

/// A server of the test's own, that is there once its port answers.
final class PackServer: Sendable {
    let port: Int
    private let program: Program

    init(_ port: Int, _ program: String, _ arguments: [String]) async throws {
        self.port = port
        self.program = try Program(program, arguments, environment: ["PATH": "/usr/bin:/bin", "HOME": "/tmp"])
        for _ in 0..<600 {
            if Self.answers(port) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw POSIXError(.ETIMEDOUT)
    }

    /// - Parameter signal: A child begins with the blocked signals of the thread that started it, which may be all of
    ///   them: only SIGKILL is sure to end one that does not set its own.
    func stop(signal: Int32 = SIGKILL) async {
        program.send(signal: signal)
        _ = await program.exitStatus()
    }

    private static func answers(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

private let redisServer = "/usr/bin/redis-server"
private let postgresPrograms = ["/usr/lib/postgresql"].flatMap { root in
    ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().map { "\(root)/\($0)/bin" }
}.last

@Suite("Packs against their servers", .timeLimit(.minutes(3)))
struct PackServerTests {
    private func call(
        _ executor: ExecutorFixture, _ tool: String, _ arguments: [String: JSONValue] = [:]
    ) async throws -> ToolResult {
        guard case .result(let result) = try await executor.client().callTool(tool, arguments) else {
            return .failure("a question was asked")
        }
        return result
    }

    private func names(_ executor: ExecutorFixture) async throws -> Set<String> {
        Set(try await executor.client().tools().map(\.name))
    }

    @Test(
        "redis: figures of a real server; without one the tool is not offered",
        .enabled(if: FileManager.default.isExecutableFile(atPath: redisServer), "needs redis-server"))
    func redis() async throws {
        let port = WebServerFixture.freePort()
        let pack = try ShippedPack.text("redis", replacing: ["6379": String(port)])
        try await withExecutor(packs: ["redis.json": pack]) { executor in
            let offered = try await names(executor)
            #expect(!offered.contains("redis_info"))
        }
        let server = try await PackServer(
            port, redisServer, ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"])
        try await withExecutor(packs: ["redis.json": pack]) { executor in
            #expect(try await names(executor).contains("redis_info"))
            let memory = try await call(executor, "redis_info")
            let lines = memory.metadata["lines"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect(lines.contains { $0.hasPrefix("used_memory:") }, "\(memory.text)")
            let clients = try await call(executor, "redis_info", ["section": "clients"])
            #expect(clients.output.contains("connected_clients:"), "\(clients.text)")
            #expect(try await call(executor, "redis_info", ["section": "flushall"]).refusal != nil)
        }
        await server.stop()
    }

    @Test(
        "postgres: who does what on a real server, read-only, as JSON",
        .enabled(
            if: postgresPrograms != nil && geteuid() == 0 && getpwnam("postgres") != nil, "needs postgresql, and root"))
    func postgresActivity() async throws {
        let bin = try #require(postgresPrograms)
        try await withTemporaryDirectory { directory in
            let owner = try #require(getpwnam("postgres"))
            chmod(directory, 0o755)
            let data = directory + "/data"
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            chown(data, owner.pointee.pw_uid, owner.pointee.pw_gid)
            let identity = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
            let made = try await Program.run(
                "/usr/bin/setpriv", identity + ["\(bin)/initdb", "-D", data, "-A", "peer", "--no-sync"])
            try #require(made.status == 0, "\(made.error)")
            let port = WebServerFixture.freePort()
            let server = try await PackServer(
                port, "/usr/bin/setpriv",
                identity + ["\(bin)/postgres", "-D", data, "-k", data, "-p", String(port), "-h", "127.0.0.1"])
            let pack = try ShippedPack.text(
                "postgres",
                replacing: [
                    #""PGCONNECT_TIMEOUT""#: #""PGHOST": "\#(data)", "PGPORT": "\#(port)", "PGCONNECT_TIMEOUT""#
                ])
            let settings = #"{"programs": {"psql": "\#(bin)/psql"}}"#
            try await withExecutor(settings: settings, packs: ["postgres.json": pack]) { executor in
                #expect(try await names(executor).isSuperset(of: ["postgres_activity", "postgres_connections"]))
                let sleeper = try Program(
                    "/usr/bin/setpriv",
                    identity + [
                        "\(bin)/psql", "-h", data, "-p", String(port), "-d", "postgres", "-c", "select pg_sleep(60)",
                    ])
                var found: JSONValue?
                for _ in 0..<100 where found == nil {
                    let activity = try await call(executor, "postgres_activity")
                    try #require(activity.success, "\(activity.text)")
                    found = activity.metadata["json"]?.arrayValue?.first {
                        $0["query"]?.stringValue?.contains("pg_sleep(60)") == true
                    }
                }
                #expect(found?["state"] == "active" && found?["wait_event"] == "PgSleep")
                let connections = try await call(executor, "postgres_connections")
                #expect(connections.metadata["json"]?["maximum"]?.intValue == 100, "\(connections.text)")
                sleeper.send(signal: SIGKILL)
                _ = await sleeper.exitStatus()
            }
            await server.stop(signal: SIGINT)
        }
    }

    @Test(
        "aws: instances, buckets and alarms of moto's server, as JSON; without credentials nothing is offered",
        .enabled(if: Python.cloud.isInstalled, "needs scripts/requirements.sh --test"))
    func aws() async throws {
        let port = WebServerFixture.freePort()
        let server = try await PackServer(
            port, Python.cloud.program("moto_server"), ["-H", "127.0.0.1", "-p", String(port)])
        let endpoint = "http://127.0.0.1:\(port)"
        try await withTemporaryDirectory { directory in
            let credentials = directory + "/credentials"
            let pack = try ShippedPack.text(
                "aws",
                replacing: [
                    "/etc/devops-executor/credentials/aws-config": directory + "/none",
                    "/etc/devops-executor/credentials/aws": credentials,
                    #""AWS_PAGER""#: #""AWS_ENDPOINT_URL": "\#(endpoint)", "AWS_PAGER""#,
                    #""effect": "read""#: ShippedPack.asBuilder,
                ])
            let settings = #"{"programs": {"aws": "\#(Python.cloud.program("aws"))"}}"#
            try await withExecutor(settings: settings, packs: ["aws.json": pack]) { executor in
                let offered = try await names(executor)
                #expect(!offered.contains("aws_instances"))
            }
            try ExecutorFixture.write(
                "[default]\naws_access_key_id = testing\naws_secret_access_key = testing\n", to: credentials)
            let made = try await Program.run(
                Python.cloud.program("aws"),
                ["ec2", "run-instances", "--image-id", "ami-12c6146b", "--region", "eu-central-1", "--count", "2"],
                environment: [
                    "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_ENDPOINT_URL": endpoint, "HOME": directory,
                ])
            try #require(made.status == 0, "\(made.error)")
            let bucket = try await Program.run(
                Python.cloud.program("aws"),
                ["s3api", "create-bucket", "--bucket", "backups", "--region", "us-east-1"],
                environment: [
                    "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_ENDPOINT_URL": endpoint, "HOME": directory,
                ])
            try #require(bucket.status == 0, "\(bucket.error)")
            try await withExecutor(settings: settings, packs: ["aws.json": pack]) { executor in
                #expect(try await names(executor).isSuperset(of: ["aws_instances", "aws_buckets", "aws_alarms"]))
                let all = try await call(executor, "aws_instances", ["region": "eu-central-1"])
                let instances = all.metadata["json"]?.arrayValue ?? []
                #expect(instances.count == 2 && instances.allSatisfy { $0["state"] == "running" }, "\(all.text)")
                let id = try #require(instances.first?["id"])
                let one = try await call(executor, "aws_instances", ["region": "eu-central-1", "instance": id])
                #expect(one.metadata["json"]?.arrayValue?.count == 1, "\(one.text)")
                let status = try await call(executor, "aws_instance_status", ["region": "eu-central-1"])
                #expect(status.metadata["json"]?["InstanceStatuses"]?.arrayValue?.count == 2, "\(status.text)")
                let buckets = try await call(executor, "aws_buckets")
                #expect(buckets.metadata["json"]?.arrayValue?.first?["name"] == "backups", "\(buckets.text)")
                let alarms = try await call(executor, "aws_alarms", ["region": "eu-central-1"])
                #expect(alarms.success, "\(alarms.text)")
                for region in ["--endpoint-url=http://x", "eu central", "$(id)"] {
                    let refused = try await call(executor, "aws_instances", ["region": .string(region)])
                    #expect(refused.refusal?.code == .invalidArguments)
                }
            }
        }
        await server.stop()
    }
}
