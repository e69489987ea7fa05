/// One command of a program, or the program itself: what it is called, what it takes, and what then happens.
///
/// `Action` is the program's own word for what happens. Reading, help and completions all follow from this description.
package struct Command<Action: Sendable>: Sendable {
    package enum Role: Sendable {
        case action(Action)
        /// Only its subcommands do something; without one, the default's action, else help.
        case group([Command], defaultName: String?)
    }

    package var name: String
    package var summary: String
    package var discussion: String
    /// Those of the program itself are every subcommand's too.
    package var options: [CommandOption]
    package var operands: [Operand]
    package var role: Role

    package init(
        _ name: String, _ summary: String, discussion: String = "", options: [CommandOption] = [],
        operands: [Operand] = [], action: Action
    ) {
        (self.name, self.summary, self.discussion) = (name, summary, discussion)
        (self.options, self.operands, role) = (options, operands, .action(action))
    }

    package init(
        _ name: String, _ summary: String, discussion: String = "", options: [CommandOption] = [],
        subcommands: [Command], defaultName: String? = nil
    ) {
        (self.name, self.summary, self.discussion) = (name, summary, discussion)
        (self.options, operands, role) = (options, [], .group(subcommands, defaultName: defaultName))
    }

    var subcommands: [Command] {
        guard case .group(let commands, _) = role else { return [] }
        return commands
    }

    var defaultSubcommand: Command? {
        guard case .group(let commands, let name?) = role else { return nil }
        return commands.first { $0.name == name }
    }

    /// After its first word nothing is read any more: the words are a command of another program.
    var passesThrough: Bool { operands.last?.count == .passedThrough }
}
