import ExecutorAPI

/// A rule's command, argument by argument.
struct CommandPattern: Sendable, Hashable {
    enum Element: Sendable, Hashable {
        case literal(String)
        /// A prefix as written, then exactly one text of a kind.
        case kind(ArgumentKind, prefix: String)

        var isUnit: Bool { if case .kind(.unit, _) = self { true } else { false } }

        /// A word that is no option: `status`, `compose`, `logs`.
        var isVerb: Bool { if case .literal(let text) = self { !text.hasPrefix("-") } else { false } }

        var text: String {
            switch self {
            case .literal(let text): text
            case .kind(let kind, let prefix): "\(prefix){\(kind.rawValue)}"
            }
        }
    }

    /// A pattern that cannot be used: what is wrong, and what would be right.
    struct Fault: Error, Sendable {
        var problem: String
        var remedy: String
    }

    let program: String
    let elements: [Element]

    /// A command that was read elsewhere.
    init(program: String, elements: [Element]) { (self.program, self.elements) = (program, elements) }

    init(_ text: String) throws(Fault) {
        let words = text.split(separator: " ").map(String.init)
        guard let program = words.first else {
            throw Fault(problem: "the command is empty", remedy: "write a program and its arguments")
        }
        guard text.utf8.count <= CommandLine.maximumBytes, words.count <= CommandLine.maximumArguments,
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw Fault(problem: "the command is too long or not printable ASCII", remedy: "write a plain command")
        }
        guard !program.contains(where: { "*{}".contains($0) }) else {
            throw Fault(problem: "the program is a pattern", remedy: "name one program")
        }
        self.program = program
        var elements: [Element] = []
        for (index, word) in words.dropFirst().enumerated() {
            elements.append(try Self.element(word, program: program, before: Array(words[1...].prefix(index))))
        }
        self.elements = elements
    }

    private static func element(_ word: String, program: String, before: [String]) throws(Fault) -> Element {
        if word.hasSuffix("*") {
            let prefix = String(word.dropLast())
            try checkPrefix(prefix, word)
            let name = program.split(separator: "/").last.map(String.init) ?? program
            guard let grammar = ProgramTable.grammars[name], let kind = grammar.star(before) else {
                throw Fault(
                    problem:
                        "it is not known what * stands for after \"\(([program] + before).joined(separator: " "))\"",
                    remedy: "write its kind in place of the *: \(kinds)")
            }
            if kind == .path, !prefix.isEmpty { try checkDirectory(prefix) }
            return .kind(kind, prefix: prefix)
        }
        guard let open = word.firstIndex(of: "{") else {
            try checkPrefix(word, word)
            return .literal(word)
        }
        let prefix = String(word[..<open])
        try checkPrefix(prefix, word)
        guard word.hasSuffix("}"),
            let kind = ArgumentKind(rawValue: String(word[word.index(after: open)...].dropLast()))
        else { throw Fault(problem: "\"\(word)\" has an unknown kind", remedy: "the kinds are \(kinds)") }
        if kind == .path, !prefix.isEmpty { try checkDirectory(prefix) }
        return .kind(kind, prefix: prefix)
    }

    private static var kinds: String { ArgumentKind.allCases.map { "{\($0.rawValue)}" }.joined(separator: " ") }

    private static func checkPrefix(_ prefix: String, _ word: String) throws(Fault) {
        let isPlain = prefix.utf8.allSatisfy { !ASCII.metacharacters.contains($0) && !"'\"\\".utf8.contains($0) }
        guard isPlain else {
            throw Fault(
                problem: "\"\(word)\" has a character that no request may have, or a * that does not end the word",
                remedy: "write plain words; one * or {kind} may end a word")
        }
    }

    static func checkDirectory(_ prefix: String) throws(Fault) {
        guard prefix.hasPrefix("/"), prefix.hasSuffix("/"), prefix.utf8.count > 1,
            !prefix.dropLast().split(separator: "/", omittingEmptySubsequences: false).dropFirst()
                .contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
        else {
            throw Fault(problem: "\"\(prefix)\" is no directory a path can lie beneath", remedy: "write it as /a/b/*")
        }
    }
}
