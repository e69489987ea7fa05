import ExecutorAPI
import StrictJSON

/// Reads one entry of the allowlist.
struct RuleReader {
    let category: String
    let settings: PolicySettings

    private static let members: Set<String> = [
        "approval", "command", "cwd", "effect", "id", "justification", "limits", "match", "not_match", "one_of",
        "options", "run_as", "sandbox", "timeout", "units",
    ]

    typealias Fault = CommandPattern.Fault

    func read(_ entry: JSONValue) throws(Fault) -> Rule {
        switch entry {
        case .string(let command): return try rule(command, [:])
        case .object(let members):
            if let unknown = members.keys.sorted().first(where: { !Self.members.contains($0) }) {
                throw Fault(
                    problem: "there is no member \"\(unknown)\"",
                    remedy: "the members are \(Self.members.sorted().joined(separator: ", "))")
            }
            guard let command = members["command"]?.stringValue else {
                throw Fault(
                    problem: "the entry has no \"command\"", remedy: "write \"command\": \"systemctl status {unit}\"")
            }
            return try rule(command, members)
        default: throw Fault(problem: "the entry is no string and no object", remedy: "write \"uptime\"")
        }
    }

    private func rule(_ command: String, _ members: [String: JSONValue]) throws(Fault) -> Rule {
        let pattern = try CommandPattern(command)
        let name = pattern.program.split(separator: "/").last.map(String.init) ?? pattern.program
        let grammar = ProgramTable.grammars[name]
        let options = try options(members, pattern.program)
        let effect = try choice(members, "effect", [Effect.read, .change])
        guard let effect = effect ?? grammar.map({ Self.effect(pattern, options, $0) }) else {
            throw Fault(
                problem: "it is not known whether \"\(name)\" changes anything",
                remedy: "write \"effect\": \"read\" or \"change\"")
        }
        let rule = Rule(
            id: RuleID(try text(members, "id") ?? "\(category)/\(command)"), pattern: pattern, options: options,
            takesLeadingOptions: grammar?.takesLeadingOptions ?? false,
            text: ([command] + options.map { "[\($0.text)]" }).joined(separator: " "),
            executable: try executable(pattern.program, grammar), effect: effect,
            approval: try choice(members, "approval", [ApprovalLevel.user, .operator, .totp]),
            justification: try text(members, "justification"), units: try strings(members, "units"),
            runAs: try account(members) ?? grammar?.runAs ?? .probe,
            timeout: try timeout(members), limits: try limits(members),
            sandbox: try sandbox(members, grammar?.sandbox ?? Sandbox()), workingDirectory: try directory(members),
            delivery: grammar?.delivery ?? .standardInput, safety: grammar?.safety ?? [])
        guard rule.units.isEmpty || (pattern.elements + options.flatMap(\.spellings).joined()).contains(where: \.isUnit)
        else {
            throw Fault(problem: "\"units\" is given, but the command has no {unit}", remedy: "write {unit} in it")
        }
        if let bad = rule.units.first(where: { !Self.isUnitPattern($0) }) {
            throw Fault(
                problem: "\"units\" has \"\(bad)\", which is no unit",
                remedy: "write the whole name, such as \"nginx.service\" or \"php*-fpm.service\"")
        }
        try tryExamples(rule, members)
        return rule
    }

    /// With each option and without any: a spelling that changes something makes the rule one that changes.
    private static func effect(
        _ pattern: CommandPattern, _ options: [RuleOption], _ grammar: ProgramGrammar
    ) -> Effect {
        let plain = pattern.elements.map(\.text)
        let forms =
            [plain]
            + options.flatMap(\.spellings).flatMap { option in
                [option.map(\.text) + plain, plain + option.map(\.text)]
            }
        return forms.contains { grammar.effect($0) == .change } ? .change : .read
    }

    /// `one_of`: at least one of these. `options`: any of these.
    private func options(_ members: [String: JSONValue], _ program: String) throws(Fault) -> [RuleOption] {
        var options: [RuleOption] = []
        for (name, isOneOf) in [("one_of", true), ("options", false)] {
            for text in try strings(members, name) {
                options.append(try RuleOption(text, program: program, isOneOf: isOneOf))
            }
        }
        guard options.count <= RuleOption.maximum else {
            throw Fault(problem: "there are more than \(RuleOption.maximum) options", remedy: "write two rules")
        }
        return options
    }

    /// With its suffix: a rule for `nginx` that is never matched would be a trap.
    private static func isUnitPattern(_ text: String) -> Bool {
        let example = String(
            decoding: text.utf8.map { $0 == UInt8(ascii: "*") ? UInt8(ascii: "x") : $0 }, as: UTF8.self)
        return UnitName(example)?.text == example
    }

    private func executable(
        _ program: String, _ grammar: ProgramGrammar?, locate: (String) -> String? = { _ in nil }
    ) throws(Fault) -> String {
        if let pinned = settings.programs[program] { return pinned }
        if program.hasPrefix("/") { return program }
        guard let path = grammar?.path ?? locate(program) else {
            throw Fault(
                problem: "the path of \"\(program)\" is not known",
                remedy:
                    "write it in full, or pin it in executor.json: \"programs\": {\"\(program)\": \"/usr/bin/\(program)\"}"
            )
        }
        return path
    }

    /// The rule of a command that is no line of the allowlist.
    ///
    /// - Parameter locate: The path of a program that nothing else knows.
    func ownRule(
        _ id: RuleID, _ pattern: CommandPattern, _ members: [String: JSONValue], text: String,
        locate: (String) -> String?
    ) throws(Fault) -> Rule {
        let name = pattern.program.split(separator: "/").last.map(String.init) ?? pattern.program
        let grammar = ProgramTable.grammars[name]
        guard let effect = try choice(members, "effect", [Effect.read, .change]) else {
            throw Fault(
                problem: "it does not say whether it changes anything",
                remedy: "write \"effect\": \"read\" or \"change\"")
        }
        return Rule(
            id: id, pattern: pattern, options: [], takesLeadingOptions: false, text: text,
            executable: try executable(pattern.program, grammar, locate: locate), effect: effect,
            approval: try choice(members, "approval", [ApprovalLevel.user, .operator, .totp]),
            justification: try self.text(members, "justification"), units: [],
            runAs: try account(members) ?? grammar?.runAs ?? .probe, timeout: try timeout(members),
            limits: try limits(members), sandbox: try sandbox(members, grammar?.sandbox ?? Sandbox()),
            workingDirectory: try directory(members), delivery: grammar?.delivery ?? .workingDirectory,
            safety: grammar?.safety ?? [], environment: try environment(members))
    }

    private func tryExamples(_ rule: Rule, _ members: [String: JSONValue]) throws(Fault) {
        let alone = Policy(digest: "", settings: settings, rules: [rule])
        func isDenied(_ line: String) -> Bool { if case .denied = alone.judge(line: line) { true } else { false } }
        for line in try strings(members, "match") where isDenied(line) {
            throw Fault(problem: "its example \"\(line)\" does not match", remedy: "mend the command or the example")
        }
        for line in try strings(members, "not_match") where !isDenied(line) {
            throw Fault(problem: "it matches \"\(line)\", which it says it does not", remedy: "narrow the command")
        }
    }
}

// One member each.
//
// Rules of the allowlist and commands of tools.json are read by the same.
extension RuleReader {
    func text(_ members: [String: JSONValue], _ name: String) throws(Fault) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.stringValue, !text.isEmpty, text.utf8.count <= 512 else {
            throw Fault(problem: "\"\(name)\" is no text", remedy: "write 1 to 512 bytes between quotes")
        }
        return text
    }

    func strings(_ members: [String: JSONValue], _ name: String) throws(Fault) -> [String] {
        guard let value = members[name] else { return [] }
        let texts = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard let array = value.arrayValue, texts.count == array.count else {
            throw Fault(problem: "\"\(name)\" is no list of strings", remedy: "write [\"…\"]")
        }
        return texts
    }

    func choice<Value: RawRepresentable<String>>(
        _ members: [String: JSONValue], _ name: String, _ values: [Value]
    ) throws(Fault) -> Value? {
        guard let member = members[name] else { return nil }
        guard let text = member.stringValue, let value = values.first(where: { $0.rawValue == text }) else {
            throw Fault(
                problem: "\"\(name)\" is none of its values",
                remedy: "write \(values.map { "\"\($0.rawValue)\"" }.joined(separator: " or "))")
        }
        return value
    }

    /// `"60s"`, `"5m"`, `"1h"`; at most an hour.
    func timeout(_ members: [String: JSONValue]) throws(Fault) -> Duration {
        guard let value = members["timeout"] else { return Rule.standardTimeout }
        let fault = Fault(problem: "\"timeout\" is no time from 1s to 1h", remedy: "write \"60s\" or \"5m\"")
        guard let text = value.stringValue, let unit = text.last, let number = Int(text.dropLast()),
            let scale = ["s": 1, "m": 60, "h": 3600][String(unit)], number > 0, number <= 3600 / scale
        else { throw fault }
        return .seconds(number * scale)
    }

    func limits(_ members: [String: JSONValue]) throws(Fault) -> ResourceLimits {
        var limits = ResourceLimits()
        guard let value = members["limits"] else { return limits }
        let names = "memory_mb, processes, output_kb, open_files"
        guard let table = value.objectValue else {
            throw Fault(problem: "\"limits\" is no object", remedy: "its members are \(names)")
        }
        for (name, value) in table {
            guard let number = value.intValue, (1...1 << 20).contains(number) else {
                throw Fault(problem: "\"limits\": \"\(name)\" is no number from 1 to 1048576", remedy: "write a number")
            }
            switch name {
            case "memory_mb": limits.memoryBytes = number << 20
            case "processes": limits.processes = number
            case "output_kb": limits.outputBytes = min(number, 16 << 10) << 10
            case "open_files": limits.openFiles = number
            default: throw Fault(problem: "there is no limit \"\(name)\"", remedy: "the limits are \(names)")
            }
        }
        return limits
    }

    func sandbox(_ members: [String: JSONValue], _ standard: Sandbox) throws(Fault) -> Sandbox {
        guard let value = members["sandbox"] else { return standard }
        var sandbox = standard
        for (name, value) in value.objectValue ?? ["": .null] {
            guard let flag = value.boolValue, ["no_second_exec", "read_only"].contains(name) else {
                throw Fault(
                    problem: "\"sandbox\" has something else than its two flags",
                    remedy: "write {\"read_only\": true, \"no_second_exec\": true}")
            }
            if name == "read_only" { sandbox.readOnlyFileSystem = flag } else { sandbox.noSecondExec = flag }
        }
        return sandbox
    }

    func account(_ members: [String: JSONValue]) throws(Fault) -> RunAs? {
        guard let name = try text(members, "run_as") else { return nil }
        let isName =
            name.utf8.count <= 32 && !name.hasPrefix("-")
            && name.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "_-.".utf8.contains($0) }
        guard isName else {
            throw Fault(problem: "\"run_as\" is no user name", remedy: "write \"root\" or \"devops-probe\"")
        }
        return name == "devops-probe" ? .probe : .user(name)
    }

    func directory(_ members: [String: JSONValue]) throws(Fault) -> String? {
        guard let path = try text(members, "cwd") else { return nil }
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw Fault(problem: "\"cwd\" is no absolute directory", remedy: "write such as \"/srv/web\"")
        }
        return path
    }

    /// Names and values of the administrator's, beside what every child has.
    func environment(_ members: [String: JSONValue]) throws(Fault) -> [String: String] {
        guard let value = members["environment"] else { return [:] }
        guard let table = value.objectValue, table.count <= 32 else {
            throw Fault(
                problem: "\"environment\" is no object of at most 32 names",
                remedy: #"write {"KUBECONFIG": "/etc/devops-executor/credentials/kubeconfig"}"#)
        }
        var environment: [String: String] = [:]
        for (name, value) in table.sorted(by: { $0.key < $1.key }) {
            let isName = name.utf8.allSatisfy { ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
            guard isName, (1...64).contains(name.utf8.count), !Self.isReserved(name) else {
                throw Fault(
                    problem: "\"environment\" may not have \"\(name.prefix(64))\"",
                    remedy: "write letters, digits and _; not what names programs or libraries to load")
            }
            guard let text = value.stringValue, text.utf8.count <= 1024,
                text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else {
                throw Fault(
                    problem: "\"environment\": \"\(name)\" is no text",
                    remedy: "write at most 1024 printable ASCII characters")
            }
            environment[name] = text
        }
        return environment
    }

    /// Names that decide what program or library runs, or by which a call's children are known.
    private static func isReserved(_ name: String) -> Bool {
        [
            "BASH_ENV", "BASHOPTS", "ENV", "GCONV_PATH", "GLIBC_TUNABLES", "IFS", "JAVA_TOOL_OPTIONS", "LESSCLOSE",
            "LESSOPEN", "NODE_OPTIONS", "OPENSSL_CONF", "PATH", "PROMPT_COMMAND", "PS4", "SHELLOPTS",
        ].contains(name)
            || ["DEVOPS_", "LD_", "PERL", "PYTHON", "RUBY", "SYSTEMD_"].contains(where: name.hasPrefix)
    }
}
