import ExecutorAPI
import ExecutorPolicy

/// The splitter and the shipped rules.
enum CommandFuzz {
    private static let policy = PolicyFuzz.shipped

    static func run(_ bytes: [UInt8]) {
        let line = String(decoding: bytes, as: UTF8.self)
        if let command = try? CommandLine(line) { splitsAgain(command.arguments) }
        guard case .allowed(let grant) = policy.judge(line: line) else { return }
        let words = grant.arguments.map(\.text)
        require((try? CommandLine(grant.command).arguments) == words, "what is shown is not what runs")
        isAsked(line, words)
    }

    /// Rendering and splitting are each other's inverse.
    private static func splitsAgain(_ words: [String]) {
        let rendered = CommandLine.render(words)
        guard rendered.utf8.count <= CommandLine.maximumBytes else { return }
        require((try? CommandLine(rendered).arguments) == words, "\(words) does not survive rendering")
    }

    /// What runs is what was asked for: its own words, and between the program and them the program's guards alone.
    private static func isAsked(_ line: String, _ words: [String]) {
        guard let asked = try? CommandLine(line).arguments else {
            fatalError("allowed, and no command: \(line.debugDescription)")
        }
        let own = words.suffix(asked.count - 1)
        require(words.first == asked.first, "another program runs")
        for (mine, theirs) in zip(own, asked.dropFirst()) where mine != theirs {
            // A path and an address may be written in a longer way; nothing else may change.
            require(theirs.contains("/"), "\(theirs) runs as \(mine)")
            require(mine.hasPrefix(theirs.hasPrefix("/") ? "/" : "http"), "\(theirs) runs as \(mine)")
        }
    }
}
