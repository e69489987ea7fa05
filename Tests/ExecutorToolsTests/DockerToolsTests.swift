import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Testing

@Suite("Docker's tools")
struct DockerToolsTests {
    private static let rules = #"{"docker": ["docker ps -a", "docker logs *", "docker restart *"]}"#
    private static let clients: [String] = ["/usr/bin/docker", "/usr/local/bin/docker"]
    private static let client = clients.first { access($0, X_OK) == 0 }
    private static let isDown = client != nil && access("/var/run/docker.sock", F_OK) != 0

    private func fixture(_ program: String) throws -> RunCommandFixture {
        try RunCommandFixture(rules: Self.rules, settings: #"{"programs": {"docker": "\#(program)"}}"#)
    }

    private func tools(_ fixture: borrowing RunCommandFixture) -> [(any Tool, [String: JSONValue])] {
        let entry = ToolSettings.ToolEntry()
        return [
            (DockerPsTool(runner: fixture.runner, settings: entry), [:]),
            (DockerLogsTool(runner: fixture.runner, settings: entry, logs: ToolSettings.Logs()), ["container": "web"]),
            (DockerRestartTool(runner: fixture.runner, settings: entry), ["container": "web"]),
        ]
    }

    @Test("arguments the schema does not have are refused")
    func strictArguments() throws {
        let fixture = try fixture("/usr/bin/docker")
        for (tool, arguments) in tools(fixture) {
            var wrong = arguments
            wrong["all"] = true
            #expect(fixture.call(tool, wrong).refusal?.code == .invalidArguments)
        }
        let logs = DockerLogsTool(
            runner: fixture.runner, settings: ToolSettings.ToolEntry(), logs: ToolSettings.Logs())
        #expect(fixture.call(logs, ["container": "web", "tail": 0]).refusal?.code == .invalidArguments)
        #expect(fixture.call(logs, ["container": "-f"]).refusal != nil)
    }

    @Test("without docker each tool says that it is not installed")
    func notInstalled() throws {
        let fixture = try fixture("/nonexistent/docker")
        for (tool, arguments) in tools(fixture) {
            let result = fixture.call(tool, arguments)
            #expect(result.error == "Docker is not installed: there is no program /nonexistent/docker.")
            #expect(!result.success)
        }
    }

    @Test("with no daemon each tool says that it is down", .enabled(if: isDown))
    func daemonDown() throws {
        let fixture = try fixture(try #require(Self.client))
        for (tool, arguments) in tools(fixture) {
            let result = fixture.call(tool, arguments)
            #expect(
                result.error
                    == "The Docker daemon is not running: nothing answers at unix:///var/run/docker.sock.")
        }
    }

    @Test(
        "what the client prints when it fails becomes one sentence",
        arguments: [
            (
                "Cannot connect to the Docker daemon at tcp://10.0.0.1:2375. Is the docker daemon running?",
                "The Docker daemon is not running: nothing answers at tcp://10.0.0.1:2375."
            ),
            (
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
                "The user root may not talk to the Docker daemon: let the rule run as root, or put the user into the "
                    + "docker group."
            ),
            (
                "Error response from daemon: No such container: web",
                "There is no container 'web'; docker_ps lists those there are."
            ),
            (
                "Cannot connect to Podman. Please verify your connection",
                "The Docker daemon is not running: nothing answers at its socket."
            ),
            (
                "Error response from daemon: driver failed on endpoint web (e8): Bind for 0.0.0.0:8080 failed: port is already allocated\nError: failed to start containers: web",
                "Docker cannot start the container: port 8080 is taken; check_port 8080 says by what."
            ),
            (
                "Error starting userland proxy: listen tcp4 0.0.0.0:443: bind: address already in use",
                "Docker cannot start the container: port 443 is taken; check_port 443 says by what."
            ),
            ("a\nError: \u{1B}[2Jodd\n", "Docker failed: Error: ?[2Jodd."),
            ("", "Docker failed: it printed nothing."),
        ])
    func problems(_ output: String, _ sentence: String) throws {
        let fixture = try fixture("/usr/bin/docker")
        guard case .allowed(let grant) = fixture.policy.judge(.dockerRestart("web")) else {
            Issue.record("the fixture's policy denies docker restart")
            return
        }
        #expect(DockerProblem(output: output, grant: grant).sentence == sentence)
    }
}
