extension Command {
    /// Its own options, and those of the program.
    ///
    /// - Parameter path: The program first, this command last.
    func accepted(in path: [Command]) -> [CommandOption] {
        path.count == 1 ? options : (path.first?.options ?? []) + options
    }

    /// `executorctl audit tail [--socket <socket>] [--follow]`.
    func synopsis(in path: [Command]) -> String {
        var parts = path.map(\.name) + shown(in: path).map { $0.isRequired ? $0.form : "[\($0.form)]" }
        parts += operands.map(\.form)
        if !subcommands.isEmpty { parts.append("<subcommand>") }
        return parts.joined(separator: " ")
    }

    /// A group inside the program shows only what is its own.
    private func shown(in path: [Command]) -> [CommandOption] {
        subcommands.isEmpty ? accepted(in: path) : options
    }

    /// What `--help` prints.
    func help(in path: [Command]) -> String {
        var sections = [HelpLayout.wrapped("OVERVIEW: \(summary)")]
        if !discussion.isEmpty { sections.append(HelpLayout.wrapped(discussion)) }
        sections.append("USAGE: \(synopsis(in: path))")
        if !operands.isEmpty {
            sections.append(HelpLayout.table("ARGUMENTS", operands.map { ("<\($0.name)>", $0.help) }))
        }
        sections.append(HelpLayout.table("OPTIONS", (shown(in: path) + [.version, .help]).map(HelpLayout.row)))
        if !subcommands.isEmpty {
            let rows = subcommands.map {
                ($0.name == defaultSubcommand?.name ? "\($0.name) (default)" : $0.name, $0.summary)
            }
            sections.append(HelpLayout.table("SUBCOMMANDS", rows))
            let words = [path[0].name, "help"] + path.dropFirst().map(\.name) + ["<subcommand>"]
            sections.append("  See '\(words.joined(separator: " "))' for detailed help.")
        }
        return sections.joined(separator: "\n\n")
    }
}

/// Help in two columns; the texts stay below eighty characters a line.
private enum HelpLayout {
    private static let width = 80
    private static let labelWidth = 26

    static func row(_ option: CommandOption) -> (label: String, help: String) {
        let letter = option.letter.map { "-\($0), " } ?? ""
        let fallback = option.defaultValue.map { " (default: \($0))" } ?? ""
        return (letter + option.form, option.help + fallback)
    }

    static func table(_ title: String, _ rows: [(label: String, help: String)]) -> String {
        let lines = rows.map { row in
            let label = "  \(row.label)"
            let indent = String(repeating: " ", count: labelWidth)
            let text = wrapped(row.help, width: width - labelWidth).split(separator: "\n")
                .joined(separator: "\n" + indent)
            let fits = label.count < labelWidth
            return label + (fits ? String(indent.dropFirst(label.count)) : "\n" + indent) + text
        }
        return "\(title):\n" + lines.joined(separator: "\n")
    }

    /// Breaks lines between words; those there are stay.
    static func wrapped(_ text: String, width: Int = width) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var done: [String] = []
            var current = ""
            for word in line.split(separator: " ") {
                if !current.isEmpty, current.count + 1 + word.count >= width {
                    done.append(current)
                    current = ""
                }
                current += current.isEmpty ? String(word) : " \(word)"
            }
            return (done + [current]).joined(separator: "\n")
        }
        return lines.joined(separator: "\n")
    }
}
