import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import StrictJSON
import TestSupport
import Testing

@Suite("The catalog of tools")
struct ToolCatalogTests {
    private func catalog(_ settings: String = "{}") throws -> ToolCatalog {
        let fixture = try RunCommandFixture(rules: #"{"system": ["uptime"]}"#)
        let settings = try ToolSettings(parsing: Array(settings.utf8), name: "tools.json")
        return ToolCatalog(machine: Machine(runner: fixture.runner, settings: settings))
    }

    @Test("the ten tools are there, in the order of their names")
    func tenTools() throws {
        let catalog = try catalog()
        #expect(catalog.tools.map(\.definition.name) == ToolName.allCases.map(\.rawValue).sorted())
        for name in ToolName.allCases { #expect(catalog[name.rawValue]?.definition.name == name.rawValue) }
        #expect(catalog["rm"] == nil)
    }

    @Test("a tool that is switched off is not there")
    func switchedOff() throws {
        let catalog = try catalog(#"{"tools": {"run_command": {"enabled": false}}}"#)
        #expect(catalog["run_command"] == nil)
        #expect(catalog.tools.count == ToolName.allCases.count - 1)
    }

    @Test("each definition tells the model what it needs, and its schema is closed")
    func definitions() throws {
        for definition in try catalog().tools.map(\.definition) {
            #expect(definition.inputSchema["type"] == "object")
            #expect(definition.inputSchema["additionalProperties"] == false)
            #expect(definition.description.utf8.count > 80)
            #expect(!definition.readOnly || !definition.destructive)
        }
    }

    @Test("what a tool says has its secrets masked, also where no child printed it")
    func secretsAreMasked() throws {
        let directory = try TemporaryDirectory()
        let token = "ghp_" + String(repeating: "a1B2", count: 9)
        try directory.write("7/stat", "7 (\(token)) S 1 1 1 0 -1 0 1 0 0 0 7 5 0 0 20 0 3 0 100 1000 10 0 0 0 0\n")
        let fixture = try RunCommandFixture(rules: #"{"system": ["uptime"]}"#)
        let machine = Machine(runner: fixture.runner, settings: ToolSettings(), procRoot: directory.path)
        let tool = try #require(ToolCatalog(machine: machine)["system_health"])
        let result = fixture.call(tool, [:])
        #expect(result.output.contains("Processes: 1"))
        #expect(!result.output.contains(token))
    }
}
