import AgentCore
import Monitoring
import Telegram

/// One message for all that changed in one check.
struct AlertPost: Sendable {
    /// Lines of one message; what is more is counted.
    static let maximumLines = 20
    /// UTF-16 units of one line, and of the whole: an edit that says who looks into it adds a line to a message.
    private static let maximumLine = 300
    static let maximumText = MessageText.maximumUnits - 256

    /// Nobody guesses it, and it fits a button.
    let id: String
    let text: String
    /// What the agent is asked when somebody presses «Разобраться».
    let question: String
    let buttons: [InlineButton]

    init(_ changes: [AlertBook.Change], _ words: Words) {
        id = String(UInt64.random(in: .min ... .max), radix: 36)
        text = Self.lines(changes, words).joined(separator: "\n")
        let open = changes.compactMap { change -> Alert? in
            switch change {
            case .appeared(let alert), .worsened(let alert), .flapping(let alert): alert
            case .over: nil
            }
        }
        question = Self.joined(open.map(\.question))
        buttons = open.isEmpty ? [] : Self.buttons(id, words)
    }

    /// As many as fit, and how many more there are.
    private static func lines(_ changes: [AlertBook.Change], _ words: Words) -> [String] {
        var (lines, room) = ([String](), maximumText - words.more(changes.count).utf16.count)
        for change in changes.prefix(maximumLines) {
            let line = MessageText.parts(of: words.line(of: change), limit: maximumLine).first ?? ""
            room -= line.utf16.count + 1
            guard room >= 0 else { break }
            lines.append(line)
        }
        return lines.count < changes.count ? lines + [words.more(changes.count - lines.count)] : lines
    }

    static func buttons(_ id: String, _ words: Words) -> [InlineButton] {
        [AlertButton.investigate.button(id, words), AlertButton.quiet.button(id, words)]
    }

    /// Each question once, the first few: a person who presses a button wants the worst looked into.
    private static func joined(_ questions: [String]) -> String {
        questions.reduce(into: [String]()) { if !$0.contains($1), $0.count < 3 { $0.append($1) } }
            .joined(separator: " ")
    }
}

/// What stands under an alert.
enum AlertButton: String {
    case investigate = "a"
    case quiet = "q"

    func button(_ id: String, _ words: Words) -> InlineButton {
        InlineButton(text: self == .investigate ? words.investigate : words.quietForAnHour, data: "\(rawValue):\(id)")
    }

    /// The button and the post a press is about; `nil` for another kind of button.
    static func read(_ data: String?) -> (button: AlertButton, id: String)? {
        let parts = (data ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let button = AlertButton(rawValue: parts[0]) else { return nil }
        return (button, parts[1])
    }
}
