/// What a person wants, as far as rules can tell, in Russian or English.
///
/// Told by words and their stems, never by parts of words, and carefully where something would be changed: a verb
/// that is negated or asked about changes nothing, and neither does a message with two different wishes.
enum Intent: Sendable, Hashable {
    case containers
    case containerLogs(String)
    case diagnose(String)
    case disk
    case health
    case help
    case logs(String)
    case port(Int)
    case restart(String)
    case restartContainer(String)
    case run(String)
    case start(String)
    case status(String)
    /// Of several, in the order they were named.
    case statuses([String])
    case stop(String)
    case thanks
    /// Work this brain does not do at all, such as updates.
    case unable

    init(_ text: String) {
        if let command = Self.command(text.trimmed) {
            self = .run(command)
            return
        }
        let message = IntentMessage(IntentWords(text))
        self = message.isBeyond ? .unable : message.change ?? message.question ?? .help
    }

    /// The same where nothing may be changed: a diagnosis mends.
    var changingNothing: Intent {
        switch self {
        case .diagnose(let name), .restart(let name), .start(let name), .stop(let name): .status(name)
        case .restartContainer: .containers
        case .run, .unable: .help
        default: self
        }
    }

    /// What is to be run: after a verb, or a line that only a shell would be told.
    private static func command(_ text: String) -> String? {
        let words = text.split(separator: " ")
        if words.count > 1, IntentLexicon.programs.contains(String(words[0])), text.allSatisfy(\.isASCII) {
            return text
        }
        for verb in [
            "выполни команду ", "запусти команду ", "выполни ", "run the command ", "run command ", "run ", "execute ",
        ]
        where text.lowercased().hasPrefix(verb) {
            let quotes: Set<Character> = ["`", "«", "»"]
            return String(text.dropFirst(verb.count)).filter { !quotes.contains($0) }.trimmed
        }
        return nil
    }
}

/// A message with what its verbs come to.
private struct IntentMessage {
    private enum Verb: Hashable { case restart, stop, start, mend }

    private let words: IntentWords
    /// Verbs that are meant, with the names next to them.
    private let wishes: [(verb: Verb, name: String?)]
    /// Where a change was forbidden: then nothing is changed, whatever else the message says.
    private let forbidden: Int?

    init(_ words: IntentWords) {
        self.words = words
        var wishes: [(Verb, String?)] = []
        var forbidden: Int?
        for (index, word) in words.words.enumerated() {
            guard let verb = Self.verb(word.text), !words.isAsked(index) else { continue }
            if !words.isForbidden(index) {
                wishes.append((verb, words.name(near: index)))
            } else if !Self.isComplaint(words, index) {
                forbidden = index
            }
        }
        (self.wishes, self.forbidden) = (wishes, forbidden)
    }

    private static func verb(_ word: String) -> Verb? {
        if IntentLexicon.restart.contains(word) { return .restart }
        if IntentLexicon.stop.contains(word) { return .stop }
        if IntentLexicon.start.contains(word) { return .start }
        return IntentLexicon.mend.contains(word) ? .mend : nil
    }

    /// "nginx does not start", against "do not start nginx".
    private static func isComplaint(_ words: IntentWords, _ index: Int) -> Bool {
        let before = words.words[..<index].suffix(2).map(\.text)
        return IntentLexicon.englishAbilities.contains(words.words[index].text)
            && (before.contains { IntentLexicon.complaints.contains($0) } || before == ["does", "not"])
    }

    private var isAboutContainers: Bool {
        words.containsStem(IntentLexicon.container) || (words.contains(IntentLexicon.docker) && words.name() != nil)
    }

    /// The name, or docker itself where nothing else is named.
    private var name: String? {
        words.name(near: forbidden) ?? (words.contains(IntentLexicon.docker) ? "docker" : nil)
    }

    private var isProblem: Bool {
        words.words.enumerated().contains { index, word in
            let isNegated = words.isNegated(index)
            if word.text.hasAnyPrefix(IntentLexicon.problems) || IntentLexicon.problemWords.contains(word.text) {
                return !isNegated
            }
            return isNegated && word.text.hasAnyPrefix(IntentLexicon.abilities) || Self.isComplaint(words, index)
        } || wishes.contains { $0.verb == .mend }
            || words.contains(["why", "почему"]) && words.contains(IntentLexicon.stop)
    }

    /// Whether work is wanted that has no intent here; its words would otherwise pass for names, or for questions.
    var isBeyond: Bool {
        let lead = words.words.prefix { IntentLexicon.politeness.contains($0.text) }.count
        let isEnglish = lead < words.words.count && IntentLexicon.beyondFirst.contains(words.words[lead].text)
        return isEnglish && forbidden == nil
            || words.words.indices.contains {
                IntentLexicon.beyond.contains(words.words[$0].text) && !words.isForbidden($0)
            } || isVagueChange && words.contains(IntentLexicon.machine)
    }

    /// A change that is wanted, and wanted without doubt.
    var change: Intent? {
        let verbs = Set(wishes.map(\.verb)).subtracting([.mend])
        guard forbidden == nil, !verbs.isEmpty, let name = wishes.first?.name ?? name else { return nil }
        let names = Set(wishes.compactMap(\.name))
        // Of two different wishes one alone would be half of what was asked.
        guard names.count <= 1 else { return .help }
        if verbs == [.stop, .start] { return .restart(name) }
        guard verbs.count == 1, let verb = verbs.first else { return .help }
        switch verb {
        case .restart: return isAboutContainers ? .restartContainer(name) : .restart(name)
        case .stop: return .stop(name)
        case .start: return .start(name)
        case .mend: return nil
        }
    }

    /// A change of what has no name here: the server itself, everything at once.
    private var isVagueChange: Bool { forbidden == nil && name == nil && wishes.contains { $0.verb != .mend } }

    /// What is only asked about; a diagnosis may mend, so it is none where a change was forbidden.
    var question: Intent? {
        if words.contains(IntentLexicon.logs) || words.containsStem(IntentLexicon.journal) {
            if let name { return isAboutContainers ? .containerLogs(name) : .logs(name) }
            if words.containsStem(IntentLexicon.errors) { return .run(Self.errorsOfTheJournal) }
        }
        if isProblem, forbidden == nil, let name, !words.containsStem(IntentLexicon.container) {
            return .diagnose(name)
        }
        if let port = words.port { return .port(port) }
        if words.containsStem(IntentLexicon.errors), forbidden == nil {
            return name.map { .logs($0) } ?? .run(Self.errorsOfTheJournal)
        }
        if words.contains(IntentLexicon.uptime) { return .run("uptime") }
        if words.containsStem(IntentLexicon.container) || words.words.map(\.text) == ["docker", "ps"] {
            return .containers
        }
        if words.contains(IntentLexicon.disk) { return .disk }
        if let name, forbidden != nil || isStatus {
            let names = words.namesInRow
            return names.count > 1 ? .statuses(names) : .status(name)
        }
        if isVagueChange { return nil }
        if words.containsStem(IntentLexicon.health) || words.contains(IntentLexicon.healthWords) { return .health }
        if isProblem, forbidden == nil { return .health }
        return words.contains(IntentLexicon.thanks) ? .thanks : nil
    }

    private static let errorsOfTheJournal = "journalctl -p err -n 20 --no-pager"

    private var isStatus: Bool {
        words.containsStem(IntentLexicon.status) || words.contains(IntentLexicon.statusWords)
            || words.containsStem(IntentLexicon.abilities + IntentLexicon.problems) || words.words.count == 1
            || isProblem
            || words.words.map(\.text).starts(with: ["что", "с"])
            || words.words.map(\.text).starts(with: ["как", "там"])
    }
}
