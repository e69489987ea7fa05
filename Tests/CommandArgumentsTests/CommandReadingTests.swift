import CommandArguments
import Testing

@Suite("The command line")
struct CommandReadingTests {
    static let socket = CommandOption.value("--socket", proposing: .files, "Where it is.")
    static let json = CommandOption.flag("--json", "As JSON.")
    static let lines = CommandOption.value("--lines", letter: "l", presence: .defaulting(to: "20"), "How many.")
    static let follow = CommandOption.flag("--follow", letter: "f", "Go on.")
    static let role = CommandOption.value("--role", presence: .required, proposing: .words(["one", "two"]), "Whose.")
    static let id = Operand("id", "Its id.")
    static let pairs = Operand("pairs", "key=value", count: .any)
    static let words = Operand("command", "The command's words.", count: .passedThrough)

    static let program = Command<String>(
        "tool", "Does the user's things.", discussion: "A longer word about it.", options: [socket, json],
        subcommands: [
            Command("call", "Call the user's one.", operands: [id, pairs], action: "call"),
            Command("explain", "Explain.", operands: [words], action: "explain"),
            Command(
                "list", "Lists.",
                subcommands: [
                    Command("all", "All of them.", action: "all"),
                    Command("give", "Give one.", options: [role], operands: [id], action: "give"),
                ], defaultName: "all"),
            Command(
                "log", "The log.",
                subcommands: [Command("tail", "The last.", options: [lines, follow], action: "tail")]),
        ])

    /// `nil` where nothing is to be done but to print.
    static func read(_ arguments: [String]) throws(UsageError) -> (action: String, given: GivenArguments)? {
        guard case .perform(let action, let given) = try program.read(arguments, version: "1.2.3") else { return nil }
        return (action, given)
    }

    static func said(_ arguments: [String]) throws -> String? {
        guard case .say(let text) = try program.read(arguments, version: "1.2.3") else { return nil }
        return text
    }

    @Test(
        "what it does not know is refused in one sentence that says what there is",
        arguments: [
            ([""], "There is no command \"\" here; there are call, explain, list, log."),
            (["frob"], "There is no command \"frob\" here; there are call, explain, list, log."),
            (["list", "frob"], "There is no command \"frob\" here; there are all, give."),
            (["log", "frob"], "There is no command \"frob\" here; there is tail."),
            (["list", "help"], "There is no command \"help\" here; there are all, give."),
            (["--", "--json"], "There is no command \"--json\" here; there are call, explain, list, log."),
            (["--frob"], "There is no option \"--frob\" here; there are --socket, --json, --version, --help."),
            (["--frob=1"], "There is no option \"--frob\" here; there are --socket, --json, --version, --help."),
            (["--soc", "/a"], "There is no option \"--soc\" here; there are --socket, --json, --version, --help."),
            (
                ["list", "--role", "one"],
                "There is no option \"--role\" here; there are --socket, --json, --version, --help."
            ),
            (
                ["explain", "-x", "ls"],
                "There is no option \"-x\" here; there are --socket, --json, --version, --help."
            ),
            (["--=x"], "There is no option \"--\" here; there are --socket, --json, --version, --help."),
            (["list", "all", "more"], "\"more\" is too much: this command takes no words."),
            (["list", "all", "--", "--json"], "\"--json\" is too much: this command takes no words."),
            (["list", "give", "--role=one", "a", "b"], "\"b\" is too much: this command takes <id>."),
        ])
    func unknown(_ arguments: [String], _ message: String) {
        let error = #expect(throws: UsageError.self) { try Self.read(arguments) }
        #expect(error?.message == message)
    }

    @Test(
        "an option with a value has one, once; a flag has none",
        arguments: [
            (["--socket"], "--socket needs a value, as in --socket <socket> or --socket=VALUE."),
            (["--socket="], "--socket needs a value, as in --socket <socket> or --socket=VALUE."),
            (["--socket=", "call"], "--socket needs a value, as in --socket <socket> or --socket=VALUE."),
            (["--socket", "", "call"], "--socket needs a value, as in --socket <socket> or --socket=VALUE."),
            (["--socket", "--json"], "--socket needs a value, as in --socket <socket> or --socket=VALUE."),
            (["log", "tail", "--lines", "-5"], "--lines needs a value, as in --lines <lines> or --lines=VALUE."),
            (["log", "tail", "-lf", "5"], "--lines needs a value, as in --lines <lines> or --lines=VALUE."),
            (["--socket", "/a", "--socket=/b"], "--socket is given twice; give it once."),
            (["log", "tail", "-l", "5", "--lines=6"], "--lines is given twice; give it once."),
            (["--json=yes"], "--json takes no value; give it alone."),
            (["log", "tail", "-f=1"], "--follow takes no value; give it alone."),
        ])
    func values(_ arguments: [String], _ message: String) {
        let error = #expect(throws: UsageError.self) { try Self.read(arguments) }
        #expect(error?.message == message)
    }

    @Test("what is missing or no number is named when it is asked for")
    func missing() throws {
        let (_, given) = try #require(try Self.read(["list", "give"]))
        #expect(throws: given.usageError("<id> is missing: Its id.")) { try given.required(Self.id) }
        #expect(throws: given.usageError("--role <role> is missing: Whose.")) { try given.required(Self.role) }
        for text in ["x", "5.5", "99999999999999999999"] {
            let (_, tail) = try #require(try Self.read(["log", "tail", "--lines", text]))
            #expect(throws: tail.usageError("--lines takes a whole number such as 20, not \"\(text)\".")) {
                try tail.integer(Self.lines)
            }
        }
    }

    @Test("an error says the program, the command's usage, and where its help is")
    func errorText() {
        let error = #expect(throws: UsageError.self) { try Self.read(["list", "give", "--frob"]) }
        #expect(
            error?.text == """
                tool: There is no option "--frob" here; there are --socket, --json, --role, --version, --help.
                Usage: tool list give [--socket <socket>] [--json] --role <role> <id>
                  See 'tool list give --help' for more information.
                """)
    }

    @Test(
        "the program's options stand at any level, the last level's holds",
        arguments: [
            ["--socket", "/a", "--json", "log", "tail"], ["log", "--socket=/a", "--json", "tail"],
            ["log", "tail", "--json", "--socket", "/a"], ["--socket=/b", "log", "tail", "--json", "--socket=/a"],
        ])
    func levels(_ arguments: [String]) throws {
        let (action, given) = try #require(try Self.read(arguments))
        #expect(action == "tail" && given.path == ["tool", "log", "tail"])
        #expect(given[Self.socket] == "/a" && given.has(Self.json) && !given.has(Self.follow))
        #expect(try given.integer(Self.lines) == 20)
    }

    @Test(
        "letters stand for options, alone and together, the last with its value",
        arguments: [["-f", "-l", "5"], ["-l=5", "-f"], ["-fl", "5"], ["--follow", "--lines=5", "-f"]])
    func letters(_ arguments: [String]) throws {
        let (_, given) = try #require(try Self.read(["log", "tail"] + arguments))
        #expect(try given.integer(Self.lines) == 5 && given.has(Self.follow))
    }

    @Test(
        "words go to their places; behind two dashes all are words",
        arguments: [
            (["t", "a=b", "--json", "c=d"], ["t"], ["a=b", "c=d"]), (["t", "--", "--x=y"], ["t"], ["--x=y"]),
            (["--", "-t", "--", "-"], ["-t"], ["--", "-"]), (["-"], ["-"], []), ([], [], []), (["help"], ["help"], []),
            (["call", "list"], ["call"], ["list"]),
        ])
    func operands(_ arguments: [String], _ id: [String], _ pairs: [String]) throws {
        let (action, given) = try #require(try Self.read(["call"] + arguments))
        #expect(action == "call" && given[Self.id] == id && given[Self.pairs] == pairs)
    }

    @Test(
        "behind the first word of a command to explain nothing is read",
        arguments: [
            (["ls", "--json", "-h", "--help"], ["ls", "--json", "-h", "--help"]),
            (["--json", "ls", "--", "-x"], ["ls", "--", "-x"]), (["--", "--help"], ["--help"]),
            (["--socket=/a", "--json", "log", "--socket", "/b"], ["log", "--socket", "/b"]), ([], []),
        ])
    func passedThrough(_ arguments: [String], _ words: [String]) throws {
        let (action, given) = try #require(try Self.read(["explain"] + arguments))
        #expect(action == "explain" && given[Self.words] == words)
    }

    @Test(
        "a group without a word does what its default does",
        arguments: [["list"], ["list", "--json"], ["list", "--"], ["--socket=/a", "list"], ["list", "all"]])
    func defaultSubcommand(_ arguments: [String]) throws {
        let (action, given) = try #require(try Self.read(arguments))
        #expect(action == "all" && given.path == ["tool", "list", "all"])
    }
}
