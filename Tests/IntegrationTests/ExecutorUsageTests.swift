import ExecutorAPI
import TestSupport
import Testing

@Suite("The executor's command line", .timeLimit(.minutes(1)))
struct ExecutorUsageTests {
    @Test(
        "what it does not know is refused with exit code 2, and the usage says what it knows",
        arguments: [
            (["serve"], "\"serve\""), (["run", "--port", "1"], "\"--port\""),
            (["run", "--config-dir"], "needs a value"),
            (["run", "--config-dir="], "needs a value"), (["run", "/etc"], "\"/etc\""),
            (["run", "--logs-dir", "/a", "--logs-dir=/b"], "given twice"),
            (["check-config", "--logs-dir", "/a"], "\"--logs-dir\""), (["--verbose"], "\"--verbose\""),
        ])
    func refuses(_ arguments: [String], _ words: String) async throws {
        let result = try await Program.run("devops-executor", arguments)
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.error.contains(words) && result.error.contains("--config-dir DIR"), "\(result.error)")
    }

    @Test("help and version are said on standard output", arguments: [["--help"], [], ["run", "-h"], ["--version"]])
    func says(_ arguments: [String]) async throws {
        let result = try await Program.run("devops-executor", arguments)
        #expect(result.status == 0 && result.error.isEmpty)
        #expect(result.output.contains(arguments == ["--version"] ? programVersion : "check-config"))
    }

    @Test(
        "an option may have its value behind an equals sign",
        arguments: [["--config-dir=/nowhere"], ["--config-dir", "/nowhere"]])
    func values(_ option: [String]) async throws {
        let result = try await Program.run("devops-executor", ["check-config"] + option)
        #expect(result.status == 1 && result.error.contains("/nowhere/allowlist.json"), "\(result.error)")
    }
}
