/// The corresponding manual is bash(1), "Programmable Completion".
enum BashCompletions {
    static func script(_ program: String, _ places: [CompletionPlace]) -> String {
        let function = "_" + program.replacing(character: "-", with: "_")
        return """
            # bash completion of \(program)
            \(function)() {
                local current=${COMP_WORDS[COMP_CWORD]} place=\(program) choices= index
                for ((index = 1; index < COMP_CWORD; index++)); do
                    case "$place ${COMP_WORDS[index]}" in
                    \(places.steps(separator: " | "))) place+=" ${COMP_WORDS[index]}" ;;
                    esac
                done
                COMPREPLY=()
                case "$place ${COMP_WORDS[COMP_CWORD - 1]}" in
            \(places.flatMap(values).joined(separator: "\n"))
                esac
                case $place in
            \(places.map(choices).joined(separator: "\n"))
                esac
                mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
            }
            complete -o default -F \(function) \(program)
            """
    }

    private static func values(_ place: CompletionPlace) -> [String] {
        place.values().map { names, proposed in
            let pattern = names.map { "'\(place.path) \($0)'" }.joined(separator: " | ")
            return "    \(pattern)) \(action(proposed))return ;;"
        }
    }

    private static func action(_ proposed: CommandOption.Completion) -> String {
        let arguments =
            switch proposed {
            case .nothing: ""
            case .files: "-f"
            case .directories: "-d"
            case .words(let words): "-W '\(words.joined(separator: " "))'"
            }
        return arguments.isEmpty ? "" : "mapfile -t COMPREPLY < <(compgen \(arguments) -- \"$current\"); "
    }

    private static func choices(_ place: CompletionPlace) -> String {
        let words = place.subcommands.map(\.name) + place.options.map(\.name)
        return "    '\(place.path)') choices='\(words.joined(separator: " "))' ;;"
    }
}

/// The corresponding manual is zshcompsys(1).
enum ZshCompletions {
    static func script(_ program: String, _ places: [CompletionPlace]) -> String {
        """
        #compdef \(program)
        local place=\(program) word
        local -a subcommands options
        for word in ${words[2,CURRENT-1]}; do
            case "$place $word" in
            (\(places.steps(separator: "|"))) place+=" $word" ;;
            esac
        done
        case "$place ${words[CURRENT-1]}" in
        \(places.flatMap(values).joined(separator: "\n"))
        esac
        case $place in
        \(places.map(choices).joined(separator: "\n"))
        esac
        (( $#subcommands )) && _describe -t commands command subcommands
        _describe -o -t options option options
        (( $#subcommands )) || _files
        """
    }

    private static func values(_ place: CompletionPlace) -> [String] {
        place.values().map { names, proposed in
            let pattern = names.map { "'\(place.path) \($0)'" }.joined(separator: "|")
            return "(\(pattern)) \(action(proposed)); return ;;"
        }
    }

    private static func action(_ proposed: CommandOption.Completion) -> String {
        switch proposed {
        case .nothing: "_message value"
        case .files: "_files"
        case .directories: "_files -/"
        case .words(let words): "compadd -- \(words.joined(separator: " "))"
        }
    }

    private static func choices(_ place: CompletionPlace) -> String {
        let subcommands = place.subcommands.map { quoted("\($0.name):\($0.summary)") }
        let options = place.options.map { quoted("\($0.name):\($0.help)") }
        return """
            ('\(place.path)')
                subcommands=(\(subcommands.joined(separator: " ")))
                options=(\(options.joined(separator: " "))) ;;
            """
    }

    private static func quoted(_ text: String) -> String { "'\(text.replacing(character: "'", with: "'\\''"))'" }
}

/// The corresponding manual is complete(1) of fish.
enum FishCompletions {
    static func script(_ program: String, _ places: [CompletionPlace]) -> String {
        let function = "__" + program.replacing(character: "-", with: "_") + "_place"
        let lines = places.flatMap { place in
            let start = "complete -c \(program) -n 'test (\(function)) = \"\(place.path)\"'"
            return place.subcommands.map { "\(start) -f -a \($0.name) -d \(quoted($0.summary))" }
                + place.options.map { "\(start) \(option($0)) -d \(quoted($0.help))" }
        }
        return """
            function \(function)
                set -l place \(program)
                for word in (commandline -opc)[2..-1]
                    switch "$place $word"
                        case \(places.steps(separator: " "))
                            set place "$place $word"
                    end
                end
                echo $place
            end
            \(lines.joined(separator: "\n"))
            """
    }

    private static func option(_ option: CommandOption) -> String {
        let letter = option.letter.map { "-s \($0) " } ?? ""
        return letter + "-l \(option.name.dropFirst(2))" + value(option)
    }

    private static func value(_ option: CommandOption) -> String {
        guard case .value(let proposed, _) = option.kind else { return "" }
        return switch proposed {
        case .nothing: " -x"
        case .files: " -r -F"
        case .directories: " -x -a '(__fish_complete_directories)'"
        case .words(let words): " -x -a '\(words.joined(separator: " "))'"
        }
    }

    private static func quoted(_ text: String) -> String { "'\(text.replacing(character: "'", with: "\\'"))'" }
}

extension String {
    /// The one of the module `_StringProcessing` would bring that into the program: almost a megabyte.
    fileprivate func replacing(character replaced: Character, with text: String) -> String {
        reduce(into: "") { $0 += $1 == replaced ? text : String($1) }
    }
}
