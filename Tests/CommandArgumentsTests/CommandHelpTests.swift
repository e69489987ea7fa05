import CommandArguments
import TestSupport
import Testing

@Suite("Help and completions of the command line")
struct CommandHelpTests {
    @Test(
        "help is there at each level, also behind a mistake, but not behind a command that is passed through",
        arguments: [
            ([], "USAGE: tool [--socket <socket>] [--json] <subcommand>"), (["help"], "USAGE: tool ["),
            (["--help"], "USAGE: tool ["), (["-h"], "USAGE: tool ["), (["--json"], "USAGE: tool ["),
            (["help", "frob"], "USAGE: tool ["), (["--frob", "list", "--help"], "USAGE: tool ["),
            (["log"], "USAGE: tool log <subcommand>"), (["list", "--help", "give"], "USAGE: tool list <subcommand>"),
            (["help", "list", "give"], "USAGE: tool list give [--socket <socket>] [--json] --role <role> <id>"),
            (["list", "give", "--frob", "-h"], "USAGE: tool list give ["),
            (["list", "give", "--role", "--help"], "USAGE: tool list give ["),
            (["explain", "-h"], "USAGE: tool explain [--socket <socket>] [--json] [<command> ...]"),
        ])
    func levels(_ arguments: [String], _ usage: String) throws {
        #expect(try CommandReadingTests.said(arguments)?.contains(usage) == true)
        #expect(try CommandReadingTests.said(["explain", "ls", "--help"]) == nil)
        for mistaken in [["explain", "--frob", "ls", "--help"], ["--frob", "explain", "ls", "--help"]] {
            #expect(throws: UsageError.self) { try CommandReadingTests.said(mistaken) }
        }
    }

    @Test(
        "the version is said at each level",
        arguments: [["--version"], ["list", "--version"], ["log", "tail", "--version"]])
    func version(_ arguments: [String]) throws { #expect(try CommandReadingTests.said(arguments) == "1.2.3") }

    @Test("help has two columns, and lines of less than eighty characters")
    func layout() throws {
        let long = Command(
            "tool", String(repeating: "word ", count: 30),
            options: [
                .value("--operation", String(repeating: "help ", count: 20)),
                .value("--operations", presence: .defaulting(to: "7"), "Many."),
            ], operands: [Operand("id", "Its id.")], action: ())
        guard case .say(let text) = try long.read(["-h"], version: "") else {
            Issue.record("No help.")
            return
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count < 80 })
        #expect(text.contains("\n  --operation <operation> help help"))
        #expect(text.contains("\n  --operations <operations>\n                          Many. (default: 7)\n"))
        #expect(text.contains("ARGUMENTS:\n  <id>                    Its id.\n\nOPTIONS:\n"))
        #expect(
            text.hasSuffix(
                "\n  --version               Show the version.\n  -h, --help              Show help information."))
    }

    @Test(
        "bash completes commands, options and values",
        arguments: [
            ("tool ''", ["call", "explain", "list", "log", "--socket", "--json", "--version", "--help"]),
            ("tool --json l", ["list", "log"]), ("tool list g", ["give"]), ("tool list give --r", ["--role"]),
            ("tool list give --role ''", ["one", "two"]), ("tool log tail -l 5 --f", ["--follow"]),
            ("tool --socket /etc/hostn", ["/etc/hostname"]), ("tool log tail -l ''", []),
        ])
    func bash(_ line: String, _ proposals: [String]) async throws {
        let script = try #require(try CommandReadingTests.said(["--generate-completion-script", "bash"]))
        let asked = """
            set -u; \(script)
            COMP_WORDS=(\(line)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tool; printf '%s\\n' "${COMPREPLY[@]}"
            """
        let (status, output, error) = try await Program.run("/bin/bash", ["-c", asked])
        #expect(status == 0 && error.isEmpty, "\(error)")
        #expect(output.split(separator: "\n").map(String.init) == proposals)
    }

    @Test("zsh and fish are told the same; a quote in a text ends no string")
    func otherShells() throws {
        let zsh = try #require(try CommandReadingTests.said(["--generate-completion-script=zsh"]))
        #expect(zsh.hasPrefix("#compdef tool\n") && zsh.contains("('tool log')\n    subcommands=('tail:The last.')"))
        #expect(zsh.hasSuffix("(( $#subcommands )) || _files"), "files are no commands")
        #expect(zsh.contains("'call:Call the user'\\''s one.'") && zsh.contains("compadd -- one two"))
        let fish = try #require(try CommandReadingTests.said(["--generate-completion-script", "fish"]))
        #expect(fish.contains("complete -c tool -n 'test (__tool_place) = \"tool log\"' -f -a tail -d 'The last.'"))
        #expect(fish.contains("-f -a call -d 'Call the user\\'s one.'"))
        let error = #expect(throws: UsageError.self) {
            try CommandReadingTests.said(["--generate-completion-script", "tcsh"])
        }
        #expect(error?.message == "There are no completions for \"tcsh\"; there are bash, fish, zsh.")
    }
}
