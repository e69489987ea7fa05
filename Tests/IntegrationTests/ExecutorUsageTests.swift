import ExecutorAPI
import TestSupport
import Testing

@Suite("The executor's command line", .timeLimit(.minutes(1)))
struct ExecutorUsageTests {
    @Test(
        "what it does not know is refused with exit code 2, and the usage says what it knows",
        arguments: [
            (["serve"], "\"serve\"", "run, check-config, check-audit."),
            (["run", "--port", "1"], "\"--port\"", "--config-dir,"),
            (["run", "--config-dir"], "needs a value", "--config-dir=VALUE"),
            (["run", "--config-dir="], "needs a value", "--config-dir=VALUE"),
            (["run", "/etc"], "\"/etc\"", "no words"),
            (["run", "--config-dir", "--logs-dir", "/a"], "needs a value", "--config-dir=VALUE"),
            (["run", "--logs-dir", "/a", "--logs-dir=/b"], "given twice", "give it once"),
            (["check-config", "--logs-dir", "/a"], "\"--logs-dir\"", "--config-dir,"),
            (["--verbose"], "\"--verbose\"", "--help"),
        ])
    func refuses(_ arguments: [String], _ wrong: String, _ right: String) async throws {
        let result = try await Program.run("devops-executor", arguments)
        let lines = result.error.split(separator: "\n")
        #expect(result.status == 2 && result.output.isEmpty && lines.count == 3)
        #expect(lines.first?.contains(wrong) == true && lines.first?.contains(right) == true, "\(result.error)")
        #expect(lines.dropFirst().first?.hasPrefix("Usage: devops-executor ") == true)
    }

    @Test(
        "help and version are said on standard output",
        arguments: [
            (["--help"], "check-config "), ([], "check-config "), (["help"], "check-config "),
            (["run", "-h"], "--runtime-dir <runtime-dir>"), (["help", "check-audit"], "--public-key <public-key>"),
            (["--version"], programVersion), (["--generate-completion-script", "bash"], "check-config"),
        ])
    func says(_ arguments: [String], _ words: String) async throws {
        let result = try await Program.run("devops-executor", arguments)
        #expect(result.status == 0 && result.error.isEmpty)
        #expect(result.output.contains(words))
    }

    @Test(
        "an option may have its value behind an equals sign",
        arguments: [["--config-dir=/nowhere"], ["--config-dir", "/nowhere"]])
    func values(_ option: [String]) async throws {
        let result = try await Program.run("devops-executor", ["check-config"] + option)
        #expect(result.status == 1 && result.error.contains("/nowhere/allowlist.json"), "\(result.error)")
    }
}
