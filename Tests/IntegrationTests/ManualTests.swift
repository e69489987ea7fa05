import Foundation
import TestSupport
import Testing

/// The manual pages, the help, the completions and the readers of the settings say the same.
@Suite("Manual pages and completions", .serialized, .timeLimit(.minutes(2)))
struct ManualTests {
    static let programs = [("devops-agent", 8), ("devops-executor", 8), ("executorctl", 1)]

    @Test("each command's synopsis names the options of its help, and no other", arguments: programs)
    func synopses(_ program: String, _ section: Int) async throws {
        let page = try ManualPage("\(program).\(section)")
        let help = try await ProgramHelp.all(of: program)
        let common = try #require(help[[program]]).options
        #expect(Set(page.synopses.keys) == Set(help.filter { $0.value.subcommands.isEmpty }.keys).union([[program]]))
        for (path, options) in page.synopses {
            let known = try #require(help[path], "\(path): there is no such command")
            let own = path.count == 1 ? known.options : known.options.subtracting(common)
            #expect(options.subtracting(ProgramHelp.everywhere) == own, "\(path.joined(separator: " "))")
        }
    }

    @Test("each option is explained in the page, and none that is not there", arguments: programs)
    func options(_ program: String, _ section: Int) async throws {
        let page = try ManualPage("\(program).\(section)")
        let all = try await ProgramHelp.all(of: program).values.reduce(into: Set()) { $0.formUnion($1.options) }
        let explained = page.options(outside: "SYNOPSIS")
        #expect(explained.subtracting(ProgramHelp.everywhere) == all)
    }

    // MARK: Settings

    /// Files of rules with one member too many, and the section of devops-executor.json(5) that tells those there are.
    private static let unknown: [(section: String, file: String, text: String)] = [
        ("ALLOWLIST.JSON", "allowlist", #"{"a": [{"command": "uptime", "zzz": 1}]}"#),
        ("ALLOWLIST.JSON", "allowlist", #"{"a": [{"command": "uptime", "limits": {"zzz": 1}}]}"#),
        ("EXECUTOR.JSON", "executor", #"{"zzz": 1}"#),
        ("TOOLS.JSON", "tools", #"{"zzz": 1}"#),
        ("TOOLS.JSON", "tools", #"{"tools": {"run_command": {"zzz": 1}}}"#),
        ("TOOLS.JSON", "tools", #"{"logs": {"zzz": 1}}"#),
        ("TOOLS.JSON", "tools", #"{"health": {"zzz": 1}}"#),
        ("TOOLS.JSON", "tools", #"{"health": {"disk_percent": {"zzz": 1}}}"#),
        ("TOOLS.JSON", "tools", #"{"services": {"nginx": {"zzz": 1}}}"#),
        ("TOOLS.JSON", "tools", #"{"own_tools": {"x": {"zzz": 1}}}"#),
    ]

    @Test("devops-executor.json(5) has each member that a file of rules may have, and no other")
    func members() async throws {
        let page = try ManualPage("devops-executor.json.5")
        var known: [String: Set<String>] = [:]
        for (section, file, text) in Self.unknown {
            let names = try await Self.members(file, text)
            #expect(names.count > 1, "\(section): \(text)")
            for name in names where !page.bold(in: section).contains(name) {
                Issue.record("\(section) does not tell of \"\(name)\"")
            }
            known[section, default: []].formUnion(names)
        }
        for (section, names) in known {
            let more = page.tags(in: section).subtracting(names)
            #expect(more.subtracting(page.nestedTags) == [], "\(section) tells of members there are not")
        }
    }

    /// What the reader of the file says there is, when it meets a member there is not.
    private static func members(_ file: String, _ text: String) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            let files = ["allowlist": #"{"a": ["uptime"]}"#, "executor": "{}", "tools": "{}"].merging([file: text]) {
                $1
            }
            for (name, text) in files { try ExecutorFixture.write(text, to: "\(directory)/\(name).json") }
            let said = try await Program.run("devops-executor", ["check-config", "--config-dir", directory])
            #expect(said.status == 1 && said.error.contains("zzz"), "\(said.error)")
            let list = try #require(
                said.error.firstMatch(of: /the (members|settings|limits)( here)? are ([a-z_, ]+)/.ignoresCase()))
            return list.output.3.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test("devops-agent.env(5) and the settings' example have each setting that is read, and no other")
    func settings() throws {
        var read: Set<String> = []
        for file in ["AgentSettings", "AgentSettings+Checks"] {
            let text = try String(
                contentsOfFile: Repository.root + "/Sources/AgentRuntime/\(file).swift", encoding: .utf8)
            read.formUnion(text.matches(of: /"([A-Z]+(?:_[A-Z]+)*)"/).map { String($0.output.1) })
        }
        let page = try ManualPage("devops-agent.env.5")
        #expect(page.tags(in: "SETTINGS") == read)
        let example = try String(contentsOfFile: Repository.root + "/config/.env.example", encoding: .utf8)
        #expect(Set(example.matches(of: /(?m)^#?([A-Z_]+)=/).map { String($0.output.1) }) == read)
    }

    // MARK: Completions

    @Test("bash proposes each command and option there is", arguments: programs.map(\.0))
    func bash(_ program: String) async throws {
        let script = try await Program.run(program, ["--generate-completion-script", "bash"]).output
        for (path, help) in try await ProgramHelp.all(of: program) {
            let flags = try await Self.propose(script, path + ["--"])
            #expect(flags.subtracting(ProgramHelp.everywhere).isSuperset(of: help.options), "\(path): \(flags)")
            guard !help.subcommands.isEmpty else { continue }
            let words = try await Self.propose(script, path + [""])
            #expect(words.isSuperset(of: help.subcommands), "\(path): \(words)")
        }
    }

    /// As bash asks (bash(1), "Programmable Completion"), after TAB behind the words.
    private static func propose(_ script: String, _ words: [String]) async throws -> Set<String> {
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let asked = """
            \(script)
            COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
            COMP_TYPE=9 COMP_KEY=9 COMPREPLY=()
            function=$(complete -p \(words[0])); function=${function#*-F }
            ${function%% *} \(words[0]) "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let (_, output, error) = try await Program.run("/bin/bash", ["-c", asked])
        #expect(error.isEmpty, "\(error)")
        return Set(output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
    }

    @Test(
        "fish proposes each command there is",
        .enabled(if: access("/usr/bin/fish", X_OK) == 0, "needs fish"), arguments: programs.map(\.0))
    func fish(_ program: String) async throws {
        let script = try await Program.run(program, ["--generate-completion-script", "fish"]).output
        for (path, help) in try await ProgramHelp.all(of: program) where !help.subcommands.isEmpty {
            let line = path.joined(separator: " ") + " "
            let (_, output, error) = try await Program.run(
                "/usr/bin/fish", ["--no-config", "-c", "\(script)\ncomplete -C '\(line)'"])
            let words = Set(output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) })
            #expect(error.isEmpty && words.isSuperset(of: help.subcommands), "\(path): \(words) \(error)")
        }
    }
}

/// The files the tests read beside what is built.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}

/// What `--help` of one command says.
struct ProgramHelp {
    /// Options that every command has.
    static let everywhere: Set = ["--help", "--version"]

    var options: Set<String> = []
    var subcommands: [String] = []

    /// Of the program and of every command below it, by the words that lead to it.
    static func all(of program: String) async throws -> [[String]: ProgramHelp] {
        var found: [[String]: ProgramHelp] = [:]
        var waiting = [[program]]
        while let path = waiting.popLast() {
            let help = ProgramHelp(try await Program.run(program, path.dropFirst() + ["--help"]).output)
            found[path] = help
            waiting += help.subcommands.map { path + [$0] }
        }
        return found
    }

    private init(_ text: String) {
        var section = ""
        for line in text.split(separator: "\n") {
            if let title = line.wholeMatch(of: /([A-Z]+):.*/) { section = String(title.output.1) }
            guard let row = line.firstMatch(of: /^  (-[a-z], )?([a-z-]+)/) else { continue }
            if section == "OPTIONS", row.output.2.hasPrefix("--") { options.insert(String(row.output.2)) }
            if section == "SUBCOMMANDS" { subcommands.append(String(row.output.2)) }
        }
        options.subtract(Self.everywhere)
    }
}

/// A page of `docs/man`, read as far as the tests need it; the format is man(7).
struct ManualPage {
    /// Lines by the title of their `.SH`; `.SS` begins none.
    private var sections: [String: [String]] = [:]

    init(_ name: String) throws {
        let text = try String(contentsOfFile: Repository.root + "/docs/man/" + name, encoding: .utf8)
        var title = ""
        for line in text.replacing("\\-", with: "-").split(separator: "\n") {
            if line.hasPrefix(".SH ") { title = String(line.dropFirst(4)) }
            sections[title, default: []].append(String(line))
        }
    }

    /// The options of each command of the synopsis; a line that begins with blanks goes on with the one before.
    var synopses: [[String]: Set<String>] {
        var found: [[String]: Set<String>] = [:]
        var command: [String] = []
        for line in sections["SYNOPSIS"] ?? [] {
            if let begun = line.firstMatch(of: /^\\fB([a-z -]+?)\\fR/) {
                command = begun.output.1.split(separator: " ").map(String.init)
            } else if !line.hasPrefix(" ") {
                continue
            }
            found[command, default: []].formUnion(Self.options(line))
        }
        return found
    }

    func options(outside section: String) -> Set<String> {
        sections.filter { $0.key != section }.values.joined().reduce(into: []) { $0.formUnion(Self.options($1)) }
    }

    private static func options(_ line: String) -> Set<String> {
        Set(line.matches(of: /--[a-z]+(-[a-z]+)*/).map { String($0.output.0) })
    }

    /// All that stands in bold.
    func bold(in section: String) -> Set<String> { Self.bold(sections[section] ?? []) }

    private static func bold(_ lines: [String]) -> Set<String> {
        Set(lines.flatMap { $0.matches(of: /\\fB([A-Za-z_]+)\\fR/) }.map { String($0.output.1) })
    }

    /// What the paragraphs are about: in bold on the line behind each `.TP`.
    func tags(in section: String) -> Set<String> {
        let lines = sections[section] ?? []
        return Self.bold(zip(lines, lines.dropFirst()).filter { $0.0 == ".TP" }.map(\.1))
    }

    /// Members of members, which no reader names by themselves.
    let nestedTags: Set = ["kind", "enum", "default"]
}
