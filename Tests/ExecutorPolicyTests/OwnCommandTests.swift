import ExecutorAPI
import ExecutorPolicy
import StrictJSON
import Testing

@Suite("Commands of the administrator's own tools")
struct OwnCommandTests {
    private let settings = PolicySettings()

    private func command(_ members: String, name: String = "tool") throws -> OwnCommand {
        let json = try JSONValue(parsing: Array(members.utf8))
        return try OwnCommand(
            name: name, members: json.objectValue ?? [:], settings: settings, file: "tools.json",
            locate: { "/usr/bin/\($0)" })
    }

    private func policy(_ commands: OwnCommand...) throws -> Policy {
        try Policy(
            allowlist: Array(#"{"test": ["uptime"]}"#.utf8), allowlistName: "allowlist.json", settings: settings,
            ownCommands: commands, digest: "test")
    }

    private static let pods = #"""
        {"command": ["kubectl", "get", "{resource}", ["{name}"], "--namespace={namespace}", ["-l", "app={app}"]],
         "arguments": {"resource": {"kind": "word", "enum": ["pods", "nodes"]}, "name": {"kind": "word"},
                       "namespace": {"kind": "word", "default": "default"}, "app": {"kind": "word"}},
         "effect": "read", "environment": {"KUBECONFIG": "/etc/kubeconfig"}}
        """#

    @Test(
        "what would widen more than one typed argument does not load, and the message says what would be right",
        arguments: [
            (#"{"effect": "read"}"#, "command", "write ["),
            (#"{"command": 7, "effect": "read"}"#, "command", "write ["),
            (#"{"command": ["kubectl", 7], "effect": "read"}"#, "no text", "write ["),
            (#"{"command": ["kubectl", ["get"]], "effect": "read"}"#, "never left out", "among the others"),
            (#"{"command": ["kubectl", "get"]}"#, "changes anything", "\"effect\""),
            (#"{"command": "kubectl get {x}", "effect": "read"}"#, "{x}", "\"x\": {"),
            (
                #"{"command": "kubectl get", "arguments": {"x": {"kind": "word"}}, "effect": "read"}"#,
                "not in the command", "{x}"
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "regex"}}, "effect": "read"}"#, "kind",
                "the kinds are"
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "word", "enum": ["-A"]}}, "effect": "read"}"#,
                "own value", "letters"
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "word", "default": "a b"}}, "effect": "read"}"#,
                "own value", "letters"
            ),
            (
                #"{"command": ["kubectl", "{x}y"], "arguments": {"x": {"kind": "word"}}, "effect": "read"}"#,
                "does not end the word", "end the word"
            ),
            (
                #"{"command": ["psql", "-c", "select '{x}'"], "arguments": {"x": {"kind": "word"}}, "effect": "read"}"#,
                "does not end the word", "end the word"
            ),
            (
                #"{"command": ["psql", "-c", "select {x}"], "arguments": {"x": {"kind": "word"}}, "effect": "read"}"#,
                "follows quotes", "a word of its own"
            ),
            (#"{"command": ["sh", "-c", "uptime"], "effect": "read"}"#, "\"sh\" runs", "script"),
            (#"{"command": ["/bin/bash", "x"], "effect": "read"}"#, "\"bash\" runs", "script"),
            (#"{"command": ["/usr/bin/python3.12", "x"], "effect": "read"}"#, "\"python3.12\" runs", "script"),
            (#"{"command": ["sed", "-n", "{x}"], "effect": "read"}"#, "\"sed\" runs", "script"),
            (#"{"command": ["strace", "{x}"], "effect": "read"}"#, "\"strace\" runs", "script"),
            (#"{"command": "sudo reboot", "effect": "change"}"#, "\"sudo\" runs", "script"),
            (#"{"command": "./x", "effect": "read"}"#, "no program", "absolute path"),
            (#"{"command": "x", "effect": "read", "environment": {"LD_PRELOAD": "/x"}}"#, "LD_PRELOAD", "libraries"),
            (#"{"command": "x", "effect": "read", "environment": {"GCONV_PATH": "/x"}}"#, "GCONV_PATH", "libraries"),
            (
                #"{"command": "x", "effect": "read", "environment": {"NODE_OPTIONS": "-r x"}}"#, "NODE_OPTIONS",
                "libraries"
            ),
            (#"{"command": "x", "effect": "read", "environment": {"RUBYOPT": "-r/x"}}"#, "RUBYOPT", "libraries"),
            (#"{"command": "x", "effect": "read", "environment": {"A": "x\ny"}}"#, "\"A\"", "printable"),
            (#"{"command": "x", "effect": "read", "environment": ["A"]}"#, "\"environment\"", "KUBECONFIG"),
            (#"{"command": [["x"]], "effect": "read"}"#, "names no program", "write ["),
            (#"{"command": [], "effect": "read"}"#, "names no program", "write ["),
            (#"{"command": ["kubectl", ["get", 7]], "effect": "read"}"#, "something else than words", "write ["),
            (#"{"command": ["kubectl", "a\nb"], "effect": "read"}"#, "printable ASCII", "2048"),
            (
                #"{"command": ["kubectl", "\#(String(repeating: "a", count: 2049))"], "effect": "read"}"#, "too long",
                "2048"
            ),
            (
                #"{"command": ["kubectl"\#(String(repeating: #", "a""#, count: 64))], "effect": "read"}"#,
                "more than 64", "script"
            ),
            (
                #"{"command": ["kubectl", "{a}{b}"], "arguments": {"b": {"kind": "word"}}, "effect": "read"}"#,
                "two arguments", "a word of its own"
            ),
            (#"{"command": "kubectl", "arguments": ["x"], "effect": "read"}"#, "\"arguments\"", "\"pod\""),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": "word"}, "effect": "read"}"#, "something else",
                "\"kind\""
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "word", "min": 1}}, "effect": "read"}"#,
                "something else", "\"kind\""
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "word", "enum": []}}, "effect": "read"}"#,
                "no list of values", "write ["
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "word", "enum": [true]}}, "effect": "read"}"#,
                "no list of values", "write ["
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "word", "default": []}}, "effect": "read"}"#,
                "\"default\"", "a value"
            ),
            (
                #"{"command": "kubectl {x}", "arguments": {"x": {"kind": "word", "description": ""}}, "effect": "read"}"#,
                "\"description\"", "512"
            ),
            (#"{"command": "x", "effect": "read", "timeout": "2h"}"#, "timeout", "60s"),
            (#"{"command": "x", "effect": "read", "approval": "me"}"#, "approval", "operator"),
            (#"{"command": "x", "effect": "read", "requires": "x {y}"}"#, "requires", "fixed words"),
            (#"{"command": "x", "effect": "read", "requires": ["sh", "-c", "true"]}"#, "\"sh\" runs", "script"),
        ])
    func faultIsRefused(_ members: String, _ problem: String, _ remedy: String) throws {
        let error = #expect(throws: PolicyError.self) { try command(members) }
        #expect(error?.entry == "own_tools.tool")
        #expect(error?.problem.contains(problem) == true, "\(error?.message ?? "")")
        #expect(error?.remedy.contains(remedy) == true, "\(error?.message ?? "")")
    }

    @Test(
        "what is not of an argument's kind is refused, whatever it tries",
        arguments: [
            "--all-namespaces", "-A", "a b", "a;id", "$(id)", "`id`", "a|sh", "a\nb", "a\0b", "../x", "/etc/shadow",
            "", "a=b", "'x'", "ｐods", "a\u{202E}b", "{name}", "*", String(repeating: "a", count: 200),
        ])
    func hostileValue(_ value: String) throws {
        let policy = try policy(command(Self.pods))
        for name in ["name", "namespace", "app", "resource"] {
            var values = ["resource": "pods"]
            values[name] = value
            let refusal = policy.judge(tool: "tool", values).refusal
            #expect(refusal?.code == .invalidArguments, "\(name)")
            #expect(refusal?.message.contains("'\(name)'") == true)
        }
    }

    @Test("words that can be left out are, and the rest is exactly the template")
    func groups() throws {
        let policy = try policy(command(Self.pods))
        let short = policy.judge(tool: "tool", ["resource": "pods"]).grant
        #expect(short?.command == "kubectl get pods --namespace=default")
        let long = policy.judge(
            tool: "tool", ["resource": "nodes", "name": "a.b", "namespace": "x", "app": "web"]
        ).grant
        #expect(long?.command == "kubectl get nodes a.b --namespace=x -l app=web")
        #expect(long?.rule == RuleID("tool/tool"))
        let named = try command(Self.pods).arguments.map { "\($0.name): \($0.kindName)" }
        #expect(named == ["app: word", "name: word", "namespace: word", "resource: word"])
        #expect(long?.environment == ["KUBECONFIG": "/etc/kubeconfig"])
        #expect(long?.effect == .read && long?.executable == "/usr/bin/kubectl")
    }

    @Test("a required argument that is left out is named")
    func missing() throws {
        let refusal = try policy(command(Self.pods)).judge(tool: "tool", [:]).refusal
        #expect(refusal?.message == "The argument 'resource' is missing.")
    }

    @Test("no command line reaches the command of a tool")
    func linesDoNotReachIt() throws {
        let refusal = try policy(command(Self.pods)).judge(line: "kubectl get pods --namespace=default").refusal
        #expect(refusal?.code == .notAllowed)
    }

    @Test("a protected unit is refused to a tool whatever its file says")
    func protectedUnit() throws {
        let restart = #"""
            {"command": "systemctl restart {unit}", "arguments": {"unit": {"kind": "unit"}}, "effect": "read"}
            """#
        let policy = try policy(command(restart))
        #expect(policy.judge(tool: "tool", ["unit": "sshd"]).refusal?.code == .protected)
        #expect(policy.judge(tool: "tool", ["unit": "devops-executor"]).refusal?.code == .protected)
        #expect(policy.judge(tool: "tool", ["unit": "nginx"]).grant != nil)
    }

    @Test("a unit is protected also where it follows other words of its argument", arguments: ["u:", "--unit=", "ss"])
    func protectedBehindWords(_ prefix: String) throws {
        let template = #""command": "svc \#(prefix){unit}", "arguments": {"unit": {"kind": "unit"}}"#
        let policy = try policy(command(#"{\#(template), "effect": "change"}"#))
        #expect(policy.judge(tool: "tool", ["unit": prefix == "ss" ? "h" : "ssh"]).refusal?.code == .protected)
        #expect(policy.judge(tool: "tool", ["unit": "dbus"]).refusal?.code == .protected)
        #expect(policy.judge(tool: "tool", ["unit": "nginx"]).grant != nil)
    }

    @Test("a tool that the rules do not have is refused: they were read without its file")
    func unknownTool() throws {
        let policy = try policy(command(Self.pods))
        #expect(policy.judge(tool: "other", ["resource": "pods"]).refusal?.code == .notAllowed)
        #expect(policy.prerequisite(ofTool: "other") == nil)
    }

    @Test("an always-blocked pattern is refused to a tool")
    func blocked() throws {
        let members = #"{"command": ["mkfs.ext4", "/dev/sdb"], "effect": "change"}"#
        #expect(try policy(command(members)).judge(tool: "tool", [:]).refusal?.code == .blocked)
    }

    @Test("what may hold secrets is refused to a path of a tool")
    func secretPath() throws {
        let members = #"""
            {"command": ["wc", "-l", "/etc/{file}"], "arguments": {"file": {"kind": "path"}}, "effect": "read"}
            """#
        let policy = try policy(command(members))
        #expect(policy.judge(tool: "tool", ["file": "shadow"]).refusal?.code == .protected)
        #expect(policy.judge(tool: "tool", ["file": "../root/x"]).refusal != nil)
        #expect(policy.judge(tool: "tool", ["file": "hosts"]).grant?.command == "wc -l /etc/hosts")
    }

    @Test("a tool whose entry asks for a yes is a proposal, and takes no standing approval from an operator")
    func approval() throws {
        let members = #"{"command": "x-restart", "effect": "change", "approval": "user"}"#
        let policy = try policy(command(members))
        guard case .needsApproval(let proposal) = policy.judge(tool: "tool", [:]) else {
            Issue.record("no question was asked")
            return
        }
        #expect(proposal.level == .user && proposal.rule.text == "tool/tool")
        let refusal = #expect(throws: Refusal.self) { try policy.target("x", ofRule: "tool/tool") }
        #expect(refusal?.message.contains("standing") == true)
    }

    @Test("an empty policy grants no tool, and no prerequisite")
    func denyAll() {
        let policy = Policy.denyAll(because: "x")
        #expect(policy.judge(tool: "tool", [:]).refusal?.code == .policyInvalid)
        #expect(policy.prerequisite(ofTool: "tool") == nil)
    }

    @Test("a prerequisite is its fixed words, reads only and has a time")
    func prerequisite() throws {
        let members = #"{"command": "x", "effect": "change", "approval": "user", "requires": ["redis-cli", "ping"]}"#
        let grant = try policy(command(members)).prerequisite(ofTool: "tool")
        #expect(grant?.command == "redis-cli ping" && grant?.effect == .read && grant?.timeout == .seconds(5))
    }
}
