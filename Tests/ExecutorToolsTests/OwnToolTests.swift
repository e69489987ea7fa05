import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import ExecutorTools
import Glibc
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Wire

/// A catalog with tools of tools.json, and the policy that grants them.
final class OwnToolFixture {
    let directory: TemporaryDirectory
    let catalog: ToolCatalog
    let policy: Policy
    let run: RunCommandFixture

    init(_ ownTools: String, tools: String = "{}", packs: [ToolSettings.Pack] = [], programs: String = "{}") throws {
        let directory = try TemporaryDirectory()
        chmod(directory.path, 0o755)
        let text = #"{"own_tools": \#(ownTools), "tools": \#(tools)}"#.replacing("DIR", with: directory.path)
        let executor = try PolicySettings(
            parsing: Array(#"{"programs": \#(programs)}"#.replacing("DIR", with: directory.path).utf8),
            name: "executor.json")
        let settings = try ToolSettings(
            parsing: Array(text.utf8), name: "tools.json", packs: packs, policy: executor)
        let policy = try Policy(
            allowlist: Array(#"{"test": ["uptime"]}"#.utf8), allowlistName: "allowlist.json", settings: executor,
            ownCommands: settings.ownTools.map(\.command), digest: "test")
        let run = try RunCommandFixture(rules: #"{"system": ["uptime"]}"#)
        catalog = ToolCatalog(machine: Machine(runner: run.runner, settings: settings))
        self.policy = policy
        self.run = run
        self.directory = directory
    }

    func write(_ name: String, _ text: String) throws {
        try directory.write(name, text)
        chmod("\(directory.path)/\(name)", 0o755)
    }

    var offered: [String] {
        let ten = Set(ToolName.allCases.map(\.rawValue))
        return catalog.offered(policy: policy).map(\.definition.name).filter { !ten.contains($0) }
    }

    func call(_ name: String, _ arguments: [String: JSONValue] = [:]) throws -> ToolResult {
        let tool = try #require(catalog[name])
        switch tool.prepare(arguments, policy: policy) {
        case .refused(let refusal, _): return .refused(refusal)
        case .needsApproval(let proposal, _): return .failure("needs approval: \(proposal.level.rawValue)")
        case .ready(let call): return call.perform(ToolContext(cancellation: Cancellation())).result
        }
    }
}

private let about = #""description": "A tool of the test's own, for the test.""#

@Suite("Tools of the administrator's own")
struct OwnToolTests {
    @Test(
        "an entry that is not understood refuses the file, naming the file, the entry and the remedy",
        arguments: [
            (#"{"Bad": {}}"#, "own_tools", "a to z"),
            (#"{"run_command": {}}"#, "own_tools.run_command", "name of its own"),
            (#"{"x": {"command": "uptime", "effect": "read"}}"#, "own_tools.x", "what the tool does"),
            (#"{"x": {\#(about), "comand": "uptime"}}"#, "own_tools.x.comand", "command"),
            (
                #"{"x": {\#(about), "command": "uptime", "effect": "read", "output": "xml"}}"#, "own_tools.x.output",
                "json"
            ),
            (#"{"x": {\#(about), "command": "uptime"}}"#, "own_tools.x", "Write \"effect\""),
            (#"{"x": {\#(about), "command": "sh x", "effect": "read"}}"#, "own_tools.x", "script"),
        ])
    func faultIsRefused(_ tools: String, _ entry: String, _ remedy: String) {
        let error = #expect(throws: ToolSettingsError.self) {
            try ToolSettings(parsing: Array(#"{"own_tools": \#(tools)}"#.utf8), name: "tools.json")
        }
        #expect(error?.file == "tools.json" && error?.entry == entry, "\(error?.message ?? "")")
        #expect(error?.remedy.contains(remedy) == true, "\(error?.message ?? "")")
    }

    @Test("two files may not have a tool of one name, and a pack has nothing but tools")
    func packsAreChecked() {
        let tool = #"{"own_tools": {"x": {\#(about), "command": "uptime", "effect": "read"}}}"#
        let pack = ToolSettings.Pack(bytes: Array(tool.utf8), name: "packs/x.json")
        let twice = #expect(throws: ToolSettingsError.self) {
            try ToolSettings(parsing: Array(tool.utf8), name: "tools.json", packs: [pack])
        }
        #expect(twice?.entry == "own_tools.x")
        let other = ToolSettings.Pack(bytes: Array(#"{"tools": {}}"#.utf8), name: "packs/y.json")
        let stranger = #expect(throws: ToolSettingsError.self) {
            try ToolSettings(parsing: nil, name: "tools.json", packs: [other])
        }
        #expect(stranger?.file == "packs/y.json" && stranger?.entry == "tools")
    }

    @Test("a command is run with its arguments as words, in its environment, and its secrets are masked")
    func runs() throws {
        let fixture = try OwnToolFixture(
            #"""
            {"show": {\#(about), "command": ["DIR/show", "--name={name}", "$HOME; {}", ["-n", "{lines}"]],
                      "arguments": {"name": {"kind": "word"}, "lines": {"kind": "count"}},
                      "effect": "read", "output": "lines", "environment": {"GREETING": "hello there"}}}
            """#)
        try fixture.write("show", "#!/bin/sh\nprintf '%s\\n' \"$GREETING\" \"$@\"\necho password=hunter2hunter2\n")
        let result = try fixture.call("show", ["name": "web-1", "lines": 5])
        #expect(result.success, "\(result.text)")
        let lines = result.metadata["lines"]?.arrayValue?.compactMap(\.stringValue) ?? []
        #expect(lines.prefix(5) == ["hello there", "--name=web-1", "$HOME; {}", "-n", "5"])
        #expect(!result.text.contains("hunter2") && !JSONValue.object(result.metadata).text.contains("hunter2"))
        #expect(result.metadata["exit"] == 0)
        let refused = try fixture.call("show", ["name": "a;id"])
        #expect(refused.refusal?.code == .invalidArguments)
        #expect(try fixture.call("show", ["name": "a", "other": 1]).refusal?.code == .invalidArguments)
        #expect(try fixture.call("show", [:]).refusal?.message == "The argument 'name' is missing.")
        #expect(try fixture.call("show", ["name": "a", "lines": 100_000]).refusal?.code == .invalidArguments)
    }

    @Test("output that is JSON is there as JSON beside the text; what is none says so")
    func jsonOutput() throws {
        let fixture = try OwnToolFixture(
            #"""
            {"good": {\#(about), "command": "DIR/good", "effect": "read", "output": "json"},
             "bad": {\#(about), "command": "DIR/bad", "effect": "read", "output": "json"}}
            """#)
        try fixture.write("good", "#!/bin/sh\necho '{\"items\": [1, 2]}'\n")
        try fixture.write("bad", "#!/bin/sh\necho oops; exit 3\n")
        let good = try fixture.call("good")
        #expect(good.metadata["json"]?["items"] == [1, 2] && good.output.contains("items"))
        let bad = try fixture.call("bad")
        #expect(!bad.success && bad.metadata["parse_error"]?.stringValue?.contains("no JSON") == true)
        #expect(bad.output.contains("oops") && bad.metadata["exit"] == 3)
    }

    @Test("a tool is offered where its program is there and its prerequisite succeeds, and else says why not")
    func prerequisites() throws {
        let fixture = try OwnToolFixture(
            #"""
            {"there": {\#(about), "command": "DIR/yes", "effect": "read", "requires": ["DIR/yes", "-q"]},
             "failing": {\#(about), "command": "DIR/yes", "effect": "read", "requires": ["DIR/no"]},
             "absent": {\#(about), "command": "DIR/nowhere", "effect": "read"},
             "unasked": {\#(about), "command": "DIR/yes", "effect": "read"},
             "off": {\#(about), "command": "DIR/yes", "effect": "read"}}
            """#, tools: #"{"off": {"enabled": false}}"#)
        try fixture.write("yes", "#!/bin/sh\nexit 0\n")
        try fixture.write("no", "#!/bin/sh\nexit 1\n")
        #expect(fixture.offered == ["there", "unasked"])
        #expect(fixture.catalog["off"] == nil)
        let refused = try fixture.call("absent")
        #expect(refused.refusal?.message.contains("is not installed on this machine") == true)
    }

    @Test("no line of the output drives a terminal or turns the text around")
    func safeLines() throws {
        let fixture = try OwnToolFixture(
            #"{"show": {\#(about), "command": "DIR/show", "effect": "read", "output": "lines"}}"#)
        try fixture.write("show", "#!/bin/sh\nprintf 'a\\033[2Jb\\342\\200\\256c\\r\\n'\n")
        let result = try fixture.call("show")
        #expect(result.metadata["lines"] == ["a?[2Jb?c"] && !result.output.contains("\u{1B}"), "\(result.metadata)")
    }

    @Test("many who want a list of tools at once ask for a prerequisite once")
    func askedOnce() throws {
        let fixture = try OwnToolFixture(
            #"""
            {"there": {\#(about), "command": "DIR/asked", "effect": "read", "requires": ["DIR/asked"], "run_as": "root"}}
            """#)
        try fixture.write("asked", "#!/bin/sh\necho once >>'\(fixture.directory.path)/count'\nsleep 0.5\n")
        let (catalog, policy) = (fixture.catalog, fixture.policy)
        let done = Condition()
        let offers = Mutex<[Bool]>([])
        for number in 0..<8 {
            try BackgroundThread.start(named: "list-\(number)") {
                let isThere = catalog.offered(policy: policy).contains { $0.definition.name == "there" }
                offers.withLock { $0.append(isThere) }
                done.signal()
            }
        }
        #expect(done.wait(atMost: .seconds(20)) { offers.withLock { $0.count == 8 } })
        #expect(offers.withLock { $0.allSatisfy { $0 } })
        #expect(SystemFile.text("\(fixture.directory.path)/count") == "once\n")
    }

    @Test("tools.json may ask for a yes, and for less time, that a tool of one's own does not ask for")
    func narrowed() throws {
        let fixture = try OwnToolFixture(
            #"{"slow": {\#(about), "command": "sleep 30", "effect": "read"}, "asks": {\#(about), "command": "true", "effect": "read"}}"#,
            tools: #"{"slow": {"timeout": "1s"}, "asks": {"approval": "operator"}}"#)
        #expect(try fixture.call("slow").error?.contains("timeout") == true)
        #expect(try fixture.call("asks").error == "needs approval: operator")
    }

    @Test("the schema is closed and says kind, choices and defaults; what changes is marked destructive")
    func schema() throws {
        let fixture = try OwnToolFixture(
            #"""
            {"x": {\#(about), "title": "X", "command": ["true", "{a}", "{b}", "{c}"], "effect": "change",
                   "arguments": {"a": {"kind": "word", "enum": ["p", "q"], "description": "which"},
                                 "b": {"kind": "count", "default": 5}, "c": {"kind": "unit"}}}}
            """#)
        let definition = try #require(fixture.catalog["x"]?.definition)
        #expect(definition.title == "X" && !definition.readOnly && definition.destructive)
        let schema = definition.inputSchema
        #expect(schema["additionalProperties"] == false && schema["required"] == ["a", "c"])
        #expect(schema["properties"]?["a"]?["enum"] == ["p", "q"])
        #expect(schema["properties"]?["a"]?["description"] == "which")
        #expect(schema["properties"]?["b"]?["type"] == "integer" && schema["properties"]?["b"]?["default"] == 5)
    }
}
