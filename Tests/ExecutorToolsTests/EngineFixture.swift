import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import Testing

/// The engine's client, and the tools over it.
final class Engine {
    static let client = getenv("DOCKER_TEST_CLIENT").map { String(cString: $0) }
    static let podman = getenv("PODMAN_TEST_CLIENT").map { String(cString: $0) }
    /// Not where the engine's cgroups have no memory controller.
    static let limitsMemory = client.map { system("\($0) info 2>&1 | grep -q 'No memory limit'") != 0 } ?? false
    private static let rules = #"{"docker": ["docker ps -a", "docker logs *", "docker restart *"]}"#
    private static let patience = Duration.seconds(30)

    let client: String
    private let fixture: FixtureBox
    private let catalog: ToolCatalog
    private var names: [String] = []

    init(client: String, rules: String = Engine.rules) throws {
        self.client = client
        fixture = try FixtureBox(rules: rules, client: client)
        catalog = ToolCatalog(machine: Machine(runner: fixture.fixture.runner, settings: ToolSettings()))
    }

    deinit { if !names.isEmpty { _ = shell("rm -f \(names.joined(separator: " ")) >/dev/null 2>&1") } }

    func call(_ name: ToolName, _ arguments: [String: JSONValue] = [:]) -> ToolResult {
        catalog[name.rawValue].map { fixture.fixture.call($0, arguments) } ?? .failure("no \(name.rawValue)")
    }

    /// What `check_port` says in the engine's network.
    func port(_ port: Int) -> ToolResult {
        let folder = client.split(separator: "/").dropLast().joined(separator: "/")
        let leader = SystemFile.number("/\(folder)/leader") ?? 1
        let tool = CheckPortTool(ports: PortTable(root: "/proc/\(leader)"), runner: fixture.fixture.runner)
        return fixture.fixture.call(tool, ["port": JSONValue(port)])
    }

    func finding(_ container: String, in result: ToolResult) -> JSONValue? {
        result.metadata["findings"]?.arrayValue?.first { $0["container"]?.stringValue == container }
    }

    /// The exit status of a command of the client's.
    func shell(_ arguments: String) -> Int32 { system("\(client) \(arguments)") >> 8 }

    func start(_ name: String, _ options: String, _ command: String, mayFail: Bool = false) throws {
        names.append(name)
        let status = shell("run -d --name \(name) \(options) testbox \(command) >/dev/null 2>&1")
        try #require(mayFail || status == 0, "\(name) does not start")
    }

    /// Makes one, and does not start it.
    func create(_ name: String, _ command: String) throws {
        names.append(name)
        try #require(shell("create --name \(name) testbox \(command) >/dev/null") == 0, "\(name) cannot be made")
    }

    /// As `docker wait` says it.
    func waitForEnd(_ names: String...) throws {
        try #require(system("timeout 30 \(client) wait \(names.joined(separator: " ")) >/dev/null") == 0)
    }

    func waitUntil(_ name: String, _ format: String, _ isThere: (String) -> Bool) throws {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if isThere(try inspect(name, format)) { return }
            usleep(50_000)
        }
        Issue.record("\(name) did not come to be so: \(try inspect(name, format))")
    }

    private func inspect(_ name: String, _ format: String) throws -> String {
        let stream = try #require(popen("\(client) inspect --format '\(format)' \(name)", "r"))
        defer { pclose(stream) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, stream)
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
    }

    private final class FixtureBox {
        let fixture: RunCommandFixture
        init(rules: String, client: String) throws {
            fixture = try RunCommandFixture(rules: rules, settings: #"{"programs": {"docker": "\#(client)"}}"#)
        }
    }
}
