import ExecutorAPI
import ExecutorPolicy
import ExecutorTools

/// The reader of `tools.json` and the packs: a wrong file is refused by name, and what loads takes no hostile value.
enum OwnToolFuzz {
    static var seeds: [[UInt8]] {
        let tools = #"""
            {"own_tools": {"x": {"description": "A tool of the fuzzer's own.", "output": "lines", "effect": "change",
            "command": ["kubectl", "get", "{a}", ["-n", "{b}"], "--tail={c}", "/var/log/{d}", "{e}"], "approval": "user",
            "arguments": {"a": {"kind": "word", "enum": ["p", "q"]}, "b": {"kind": "unit"}, "c": {"kind": "count",
            "default": 5}, "d": {"kind": "path"}, "e": {"kind": "url"}}, "requires": "true", "timeout": "5s",
            "environment": {"A": "b"}, "limits": {"memory_mb": 64}, "run_as": "nobody", "cwd": "/srv"}},
            "tools": {"x": {"enabled": true}}, "certificates": ["/etc/*/cert.pem"], "logs": {"maximum_lines": 100}}
            """#
        let packs = ["kubernetes", "postgres", "redis"].map { Seeds.file("config/packs/\($0).json") }
        return [Array(tools.utf8), Seeds.file("config/tools.json")] + packs
    }

    /// An option, several words, a shell's, a way out of a directory, a secret's file, a line break, nothing.
    private static let hostile = [
        "-x", "--output=/etc/x", "a b", "$(id)", "../../etc/shadow", "/etc/shadow", "x\ny", "",
    ]

    static func run(_ bytes: [UInt8]) {
        let settings: ToolSettings
        do throws(ToolSettingsError) {
            settings = try ToolSettings(parsing: bytes, name: "f")
        } catch {
            return require(error.file == "f" && !error.remedy.isEmpty, "a refusal without file or remedy")
        }
        let commands = settings.ownTools.map(\.command)
        let rules = Array(#"{"a": ["uptime"]}"#.utf8)
        guard
            let policy = try? Policy(
                allowlist: rules, allowlistName: "a", settings: PolicySettings(), ownCommands: commands, digest: "d")
        else { return require(false, "tools that load make the rules fail") }
        for command in commands { call(command, policy) }
    }

    private static func call(_ command: OwnCommand, _ policy: Policy) {
        require(command.executable.hasPrefix("/"), "a program without its path")
        for argument in command.arguments {
            for value in hostile {
                switch policy.judge(tool: command.name, [argument.name: value]) {
                case .denied: break
                case .allowed, .needsApproval: require(false, "\(argument.name) takes \(value.debugDescription)")
                }
            }
        }
    }
}
