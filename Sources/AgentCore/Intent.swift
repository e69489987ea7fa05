/// What a person wants, as far as rules can tell, in Russian or English.
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
    case stop(String)

    init(_ text: String) {
        let lower = text.lowercased()
        if let command = Self.command(text.trimmed) {
            self = .run(command)
            return
        }
        let name = Self.name(in: lower)
        func has(_ words: String...) -> Bool { words.contains { lower.contains($0) } }
        let isContainer = has("контейнер", "container", "docker", "докер")
        if has("порт", "port "), let port = Self.number(in: lower) {
            self = .port(port)
        } else if has("перезапус", "рестарт", "restart"), let name {
            self = isContainer ? .restartContainer(name) : .restart(name)
        } else if has("лог", "журнал", "log"), let name {
            self = isContainer ? .containerLogs(name) : .logs(name)
        } else if has("контейнер", "container", "docker ps", "докер") {
            self = .containers
        } else if has("останови", "stop "), let name {
            self = .stop(name)
        } else if has("запусти", "подними", "start "), let name {
            self = .start(name)
        } else if has(
            "не отвеча", "упал", "лежит", "не работа", "недоступ", "почини", "сломал", "не запуска", " down",
            "not respond", "not work", "n't work", "crash", " dead", "fix ", "broken", "unreachable", "fail"), let name
        {
            self = .diagnose(name)
        } else if has("диск", "мест", "disk", "space") {
            self = .disk
        } else if has("статус", "состояни", "работает", "status", "state", "running"), let name {
            self = .status(name)
        } else if has(
            "здоров", "состояни", "нагруз", "памят", "статус", "сервер", "систем", "health", "load", "memory",
            "uptime", "status", "server", "system")
        {
            self = .health
        } else {
            self = .help
        }
    }

    private static func command(_ text: String) -> String? {
        for verb in [
            "выполни команду ", "запусти команду ", "выполни ", "run the command ", "run command ", "run ", "execute ",
        ]
        where text.lowercased().hasPrefix(verb) {
            let quotes: Set<Character> = ["`", "«", "»"]
            return String(text.dropFirst(verb.count)).filter { !quotes.contains($0) }.trimmed
        }
        return nil
    }

    private static func number(in text: String) -> Int? {
        text.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }.first { (1...65535).contains($0) }
    }

    /// The first word that can be the name of a service or a container.
    private static func name(in text: String) -> String? {
        let words = text.split { $0.isWhitespace || "?!,;:«»\"'`()".contains($0) }
        for word in words {
            let word = String(word).droppingTrailingDots
            if let known = russianNames.first(where: { word.hasPrefix($0.key) }) { return known.value }
            guard word.count > 1, word.contains(where: { $0.isASCII && $0.isLetter }), !commonWords.contains(word),
                word.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "@._-:".contains($0)) })
            else { continue }
            return word.hasSuffix(".service") ? String(word.dropLast(8)) : word
        }
        return nil
    }

    private static let russianNames = [
        "нгинкс": "nginx", "энджин": "nginx", "апач": "apache2", "постгрес": "postgresql", "редис": "redis",
        "мускул": "mysql",
    ]

    private static let commonWords: Set<String> = [
        "the", "is", "are", "was", "of", "for", "on", "in", "at", "to", "and", "an", "my", "me", "it", "its", "not",
        "what", "which", "who", "how", "why", "does", "do", "did", "doesn't", "isn't", "has", "have", "can", "could",
        "please", "show", "see", "get", "give", "tell", "check", "look", "read", "print", "last", "lines", "log",
        "logs",
        "status", "state", "health", "service", "services", "container", "containers", "docker", "ps", "restart",
        "start", "stop", "run", "running", "down", "dead", "up", "fix", "broken", "crashed", "crash", "crashes",
        "failed", "failing", "fails", "responding", "respond", "working", "work", "works", "unreachable", "again",
        "there", "disk", "space", "free", "much", "left", "server", "system", "port", "load", "memory", "uptime",
        "with", "wrong", "keeps", "keep", "list", "all", "now", "you", "help", "hello", "hi", "from",
    ]
}

extension String {
    fileprivate var droppingTrailingDots: String {
        var text = self
        while text.hasSuffix(".") || text.hasSuffix("…") { text.removeLast() }
        return text
    }
}
