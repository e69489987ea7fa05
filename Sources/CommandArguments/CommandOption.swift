/// A flag, `--name`, or an option with a value, `--name VALUE` or `--name=VALUE`.
package struct CommandOption: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case flag
        case value(Completion, presence: Presence)
    }

    package enum Presence: Sendable, Equatable {
        case optional
        case required
        case defaulting(to: String)
    }

    /// What a shell proposes for a value.
    package enum Completion: Sendable, Equatable {
        case nothing
        case files
        case directories
        case words([String])
    }

    /// With its two dashes.
    package let name: String
    /// Its one letter, without the dash.
    package let letter: Character?
    package let kind: Kind
    package let help: String

    package static func flag(_ name: String, letter: Character? = nil, _ help: String) -> Self {
        Self(name: name, letter: letter, kind: .flag, help: help)
    }

    package static func value(
        _ name: String, letter: Character? = nil, presence: Presence = .optional, proposing: Completion = .nothing,
        _ help: String
    ) -> Self {
        Self(name: name, letter: letter, kind: .value(proposing, presence: presence), help: help)
    }

    static let help = flag("--help", letter: "h", "Show help information.")
    static let version = flag("--version", "Show the version.")
    /// Not in the help: the package's script is who asks.
    static let completions = value("--generate-completion-script", "The completions for bash, fish or zsh.")

    var takesValue: Bool { kind != .flag }

    var isRequired: Bool {
        guard case .value(_, .required) = kind else { return false }
        return true
    }

    var defaultValue: String? {
        guard case .value(_, .defaulting(let value)) = kind else { return nil }
        return value
    }

    /// As help shows it: `--lines <lines>`.
    var form: String { takesValue ? "\(name) <\(name.dropFirst(2))>" : name }
}

/// What a command takes by its place.
package struct Operand: Sendable, Equatable {
    package enum Count: Sendable, Equatable {
        case one
        case any
        /// All words from the first on, whatever they begin with.
        case passedThrough
    }

    package let name: String
    package let help: String
    package let count: Count

    package init(_ name: String, _ help: String, count: Count = .one) {
        (self.name, self.help, self.count) = (name, help, count)
    }

    /// As help shows it: `<id>`, `[<arguments> ...]`.
    var form: String { count == .one ? "<\(name)>" : "[<\(name)> ...]" }
}
