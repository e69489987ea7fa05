/// The words of a text by which one incident is found from another: Russian and English, cut to stems.
///
/// A light stemmer, not a dictionary: the search is by prefix, so a stem that is a little too long
/// misses a form, and one that is a little too short finds a relative. Both are harmless here.
enum SearchWords {
    /// Words looked for at most; a longer question is a paste, and its beginning says what it is about.
    static let maximumCount = 24
    static let maximumLength = 32

    static func stems(of text: String) -> [String] {
        var stems: [String] = []
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            guard stems.count < maximumCount else { break }
            guard word.count >= 2, !stopWords.contains(String(word)) else { continue }
            let stem = stem(String(word.prefix(maximumLength)))
            if !stems.contains(stem) { stems.append(stem) }
        }
        return stems
    }

    /// The word without the longest ending it has, as long as four letters remain (three for a one-letter ending).
    static func stem(_ word: String) -> String {
        let length = word.count
        for ending in endings where length - ending.count >= (ending.count > 1 ? 4 : 3) && word.hasSuffix(ending) {
            return String(word.dropLast(ending.count))
        }
        return word
    }

    private static let endings = [
        "ировался", "ировать", "иваться", "ываться", "аются", "яются", "ается", "яется", "уется", "ились", "ались",
        "ениями", "ениях", "остями", "тельно", "ования", "ование", "ation", "ingly",
        "ится", "ться", "ился", "ался", "илась", "алась", "ения", "ение", "ению", "ости", "ость", "ыми", "ими",
        "ого", "его", "ому", "ему", "ают", "яют", "ает", "яет", "ует", "уют", "ить", "ать", "ять", "еть", "ила",
        "ила", "ило", "или", "ала", "ало", "али", "ами", "ями", "tion", "ing", "ies",
        "ой", "ей", "ый", "ий", "ая", "яя", "ое", "ее", "ые", "ие", "ым", "им", "ом", "ем", "ов", "ев", "ах", "ях",
        "ил", "ал", "ит", "ат", "ят", "ет", "ют", "ут", "ed", "es", "ly",
        "а", "я", "о", "е", "ы", "и", "у", "ю", "ь", "й", "s",
    ].sorted { $0.count > $1.count }

    private static let stopWords: Set<String> = [
        "не", "на", "по", "за", "от", "до", "из", "ко", "во", "со", "об", "но", "да", "же", "ли", "бы", "он", "она",
        "оно", "они", "мы", "вы", "ты", "мне", "меня", "мой", "это", "этот", "эта", "что", "как", "где", "кто", "чем",
        "или", "для", "при", "без", "уже", "еще", "ещё", "опять", "снова", "вновь", "так", "там", "тут", "был", "была",
        "было", "были", "есть", "какой", "какая", "какие", "пожалуйста", "почему",
        "the", "an", "is", "are", "was", "were", "be", "been", "it", "its", "of", "on", "in", "at", "to", "by", "for",
        "and", "or", "not", "no", "me", "my", "we", "you", "what", "why", "how", "who", "which", "this", "that",
        "again", "please", "does", "do", "did", "with", "from", "has", "have",
    ]
}
