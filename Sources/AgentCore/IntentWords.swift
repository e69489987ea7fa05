/// The words of a message, in order, each with the clause it stands in.
struct IntentWords: Sendable {
    struct Word: Sendable, Hashable {
        /// In lower case, without punctuation around it.
        var text: String
        /// As it was written: the names of units and containers keep their case.
        var original: String
        var clause: Int
    }

    let words: [Word]

    init(_ text: String) {
        var (words, clause, current) = ([Word](), 0, "")
        func end() {
            let bare = current.trimmingPunctuation
            if !bare.isEmpty { words.append(Word(text: bare.lowercased(), original: bare, clause: clause)) }
            current = ""
        }
        for character in text {
            switch character {
            case "’": current.append("'")
            case _ where character.isWhitespace || IntentLexicon.separators.contains(character):
                // A point ends a clause only after a word: `nginx.service`, `10.0.0.1`.
                let endsSentence = current.hasSuffix(".") || current.hasSuffix("…")
                end()
                if endsSentence || character.isNewline || IntentLexicon.clauseEnds.contains(character) { clause += 1 }
            default: current.append(character)
            }
        }
        end()
        self.words = words
    }

    func contains(_ set: Set<String>) -> Bool { words.contains { set.contains($0.text) } }

    /// Where a word begins with one of the stems.
    func containsStem(_ stems: [String]) -> Bool { words.contains { $0.text.hasAnyPrefix(stems) } }

    /// Whether "not" stands before the word, perhaps with helpers between: «не надо», "no need to", "do not".
    func isNegated(_ index: Int) -> Bool {
        var place = index - 1
        while place >= 0, words[place].clause == words[index].clause {
            if IntentLexicon.negations.contains(words[place].text) { return true }
            guard IntentLexicon.helpers.contains(words[place].text) else { return false }
            place -= 1
        }
        return false
    }

    /// Whether its clause forbids what the verb says: a "not" a few words before it that belongs to nothing else
    /// («не отвечает перезапусти»), or «не надо» after it.
    func isForbidden(_ index: Int) -> Bool {
        let clause = words[index].clause
        let before = words.indices.filter { $0 < index && words[$0].clause == clause }.suffix(Self.reach)
        let after = words.indices.filter { $0 > index && words[$0].clause == clause }
        return before.contains {
            IntentLexicon.negations.contains(words[$0].text)
                && !words[$0 + 1].text.hasAnyPrefix(IntentLexicon.abilities + IntentLexicon.problems)
        } || after.contains { words[$0].text == "нельзя" }
            || zip(after, after.dropFirst()).contains {
                words[$0].text == "не" && IntentLexicon.needs.contains(words[$1].text)
            }
    }

    /// Words before a verb that a "not" may stand away from it.
    private static let reach = 5

    /// Whether the clause asks about something before this word: «почему перезапустился», "how do I restart".
    func isAsked(_ index: Int) -> Bool {
        words[..<index].contains { $0.clause == words[index].clause && IntentLexicon.questions.contains($0.text) }
    }

    /// What can be the name of a service or a container: after the word in its clause, before it, anywhere.
    func name(near index: Int? = nil) -> String? {
        guard let index else { return names(in: words.indices).first }
        let clause = words[index].clause
        let here = words.indices.filter { words[$0].clause == clause }
        return
            (names(in: here.filter { $0 > index }) + names(in: here.filter { $0 < index }) + names(in: words.indices))
            .first
    }

    private func names(in indices: some Sequence<Int>) -> [String] {
        indices.compactMap { IntentLexicon.name(words[$0].original) }
    }

    /// The names that stand in a row with the first: «nginx и redis», "nginx, redis".
    var namesInRow: [String] {
        guard var index = words.firstIndex(where: { IntentLexicon.name($0.original) != nil }) else { return [] }
        var row: [String] = []
        while index < words.count, let name = IntentLexicon.name(words[index].original) {
            row.append(name)
            index += 1
            if index < words.count, IntentLexicon.conjunctions.contains(words[index].text) {
                index += 1
            } else if index < words.count, words[index].clause == words[index - 1].clause {
                break
            }
        }
        return row
    }

    /// The number of a port: after the word «порт», or before it («80 порт»); or after who listens: «кто слушает 443».
    var port: Int? {
        named(IntentLexicon.port, before: 1) ?? named(IntentLexicon.listening, before: 0)
    }

    private func named(_ signs: Set<String>, before: Int) -> Int? {
        guard let index = words.firstIndex(where: { signs.contains($0.text) }) else { return nil }
        let after = words[index...].dropFirst().prefix(3)
        return (after + words[..<index].suffix(before)).compactMap { Self.portNumber($0.text) }.first
    }

    /// `80`, `:80`, `80/tcp`, `80-й`
    private static func portNumber(_ word: String) -> Int? {
        let digits = word.drop { $0 == ":" }.prefix { $0.isASCII && $0.isNumber }
        let rest = word.drop { $0 == ":" }.dropFirst(digits.count)
        guard rest.isEmpty || rest.first == "/" || rest.first == "-", let port = Int(digits) else { return nil }
        return (1...65535).contains(port) ? port : nil
    }
}

extension String {
    func hasAnyPrefix(_ stems: [String]) -> Bool { stems.contains { hasPrefix($0) } }

    fileprivate var trimmingPunctuation: String {
        let marks: Set<Character> = [".", "…", "'", "-", "–", "—", "*", "_", ":"]
        let tail = reversed().drop { marks.contains($0) }
        // A leading hyphen stays: what begins with one is an option, and never a name.
        return String(tail.reversed().drop { $0 == "'" || $0 == "*" || $0 == "–" || $0 == "—" || $0 == "…" })
    }
}
