/// The shells for which there are completions.
enum CompletionShell: String, CaseIterable {
    case bash
    case fish
    case zsh
}

extension Command {
    /// A script that the shell loads; `self` is the program.
    func completions(for shell: CompletionShell) -> String {
        let places = places(in: [])
        switch shell {
        case .bash: return BashCompletions.script(name, places)
        case .fish: return FishCompletions.script(name, places)
        case .zsh: return ZshCompletions.script(name, places)
        }
    }

    /// This command and all below it, each with what can stand there.
    private func places(in above: [Command]) -> [CompletionPlace] {
        let path = above + [self]
        let implied = defaultSubcommand?.options ?? []
        let place = CompletionPlace(
            path: path.map(\.name).joined(separator: " "),
            subcommands: subcommands.map { ($0.name, $0.summary) },
            options: accepted(in: path) + implied + [.version, .help])
        return [place] + subcommands.flatMap { $0.places(in: path) }
    }
}

/// One place in a command line: the commands named so far, and what can follow them.
struct CompletionPlace {
    let path: String
    let subcommands: [(name: String, summary: String)]
    let options: [CommandOption]

    /// What a shell may propose for the value of the option, with its names; `nil` for a flag.
    func values() -> [(names: [String], proposed: CommandOption.Completion)] {
        options.compactMap { option in
            guard case .value(let proposed, _) = option.kind else { return nil }
            return ([option.name] + (option.letter.map { ["-\($0)"] } ?? []), proposed)
        }
    }
}

extension [CompletionPlace] {
    /// A shell's pattern of the steps from one command to the next: `'executorctl audit'|'executorctl call'`.
    func steps(separator: String) -> String {
        flatMap { place in place.subcommands.map { "'\(place.path) \($0.name)'" } }.joined(separator: separator)
    }
}
