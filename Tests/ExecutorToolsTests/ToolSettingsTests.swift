import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Testing

@Suite("tools.json")
struct ToolSettingsTests {
    private func parse(_ text: String) throws(ToolSettingsError) -> ToolSettings {
        try ToolSettings(parsing: Array(text.utf8), name: "tools.json")
    }

    @Test(
        "what is not understood refuses the file, naming the file, the entry and the remedy",
        arguments: [
            ("", "", "Mend the JSON"),
            ("[]", "", "Write an object"),
            (#"{"tool": {}}"#, "tool", "health, logs"),
            (#"{"tools": {"run_comand": {}}}"#, "tools.run_comand", "run_command"),
            (#"{"tools": {"run_command": {"enable": true}}}"#, "tools.run_command.enable", "enabled"),
            (#"{"tools": {"run_command": {"enabled": 1}}}"#, "tools.run_command.enabled", "true or false"),
            (#"{"tools": {"run_command": {"timeout": 30}}}"#, "tools.run_command.timeout", "30s"),
            (#"{"tools": {"run_command": {"timeout": "1h"}}}"#, "tools.run_command.timeout", "30s"),
            (#"{"tools": {"run_command": {"timeout": "0s"}}}"#, "tools.run_command.timeout", "from"),
            (#"{"tools": {"run_command": {"timeout": "9000s"}}}"#, "tools.run_command.timeout", "from"),
            (#"{"tools": {"docker_restart": {"approval": "me"}}}"#, "tools.docker_restart.approval", "operator"),
            (#"{"tools": {"check_port": {"approval": "user"}}}"#, "tools.check_port.approval", "enabled"),
            (#"{"logs": {"default_lines": 0}}"#, "logs.default_lines", "1 to"),
            (#"{"logs": {"default_lines": 60, "maximum_lines": 50}}"#, "logs.default_lines", "1 to 50"),
            (#"{"health": {"disk_percent": {"warn": 101}}}"#, "health.disk_percent.warn", "from"),
            (#"{"health": {"disk_percent": {"warn": 99}}}"#, "health.disk_percent", "before"),
            (#"{"health": {"memory_available_percent": {"warn": 1}}}"#, "health.memory_available_percent", "before"),
            (#"{"health": {"disk": {}}}"#, "health.disk", "disk_percent"),
            (#"{"certificates": ["relative.pem"]}"#, "certificates", "a path such as"),
            (#"{"certificates": ["/etc/a*/x.pem"]}"#, "certificates", "one whole name"),
            (#"{"health": {"certificate_days": {"warn": 1}}}"#, "health.certificate_days", "before"),
            (#"{"logs": {}, "logs": {}}"#, "", "Mend the JSON"),
        ])
    func faultIsRefused(_ text: String, _ entry: String, _ remedy: String) {
        let error = #expect(throws: ToolSettingsError.self) { try parse(text) }
        #expect(error?.file == "tools.json")
        #expect(error?.entry == entry)
        #expect(error?.remedy.contains(remedy) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix("tools.json") == true)
    }

    @Test("an empty object is the defaults")
    func emptyIsDefaults() throws {
        let settings = try parse("{}")
        #expect(ToolName.allCases.allSatisfy(settings.isEnabled))
        #expect(settings.logs == ToolSettings().logs)
        #expect(settings.health.thresholds.disk == HealthThresholds().disk)
    }

    @Test("what is set is taken, and the rest keeps its default")
    func settingsAreTaken() throws {
        let settings = try parse(
            """
            {"tools": {"run_command": {"enabled": false}, "docker_restart": {"timeout": "2m", "approval": "user"}},
             "logs": {"maximum_lines": 20}, "health": {"disk_percent": {"critical": 90}}}
            """)
        #expect(!settings.isEnabled(.runCommand))
        #expect(settings.isEnabled(.dockerPs))
        #expect(settings.entry(.dockerRestart).timeout == .seconds(120))
        #expect(settings.entry(.dockerRestart).approval == .user)
        #expect(settings.logs.defaultLines == 20)
        #expect(settings.health.thresholds.disk == HealthThresholds.Steps(warn: 80, critical: 90))
    }

    @Test("the file that ships is the defaults, written out")
    func shippedFile() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let bytes = try #require(SystemFile.read("\(root)/config/tools.json"))
        let settings = try ToolSettings(parsing: bytes, name: "tools.json")
        #expect(ToolName.allCases.allSatisfy(settings.isEnabled))
        #expect(settings.tools.count == ToolName.allCases.count)
        #expect(settings.logs == ToolSettings().logs)
        #expect(settings.health == HealthSettings())
    }
}
