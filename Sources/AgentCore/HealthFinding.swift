package import StrictJSON

/// One thing that `system_health` found, as the chat says it and as an alert knows it again.
package struct HealthFinding: Sendable, Hashable {
    package enum Grade: String, Sendable, Hashable, Comparable, CaseIterable {
        case warning = "warn"
        case critical

        package static func < (left: Grade, right: Grade) -> Bool { left == .warning && right == .critical }
        package var mark: String { self == .critical ? "❌" : "⚠️" }
    }

    package var grade: Grade
    /// The same for the same thing whatever its figures, such as `disk /`.
    package var key: String
    /// Of a thing that can happen again while it lasts (processes killed for lack of memory): how often so far, else 0.
    package var count: Int
    /// The executor's own sentence, in English.
    package var text: String
    private var russian: String?

    /// All findings of an answer, the worst first, as the executor orders them.
    package static func all(in metadata: [String: JSONValue]) -> [HealthFinding] {
        (metadata["findings"]?.arrayValue ?? []).compactMap { HealthFinding(json: $0) }
    }

    /// - Parameter json: `{grade, text}`; `nil` where it is no finding, or one that says that all is well.
    package init?(json: JSONValue) {
        guard let text = json["text"]?.stringValue, let grade = json["grade"]?.stringValue.flatMap(Grade.init) else {
            return nil
        }
        (self.text, self.grade) = (text, grade)
        if let (phrase, parts) = HealthPhrase.find(text) {
            key = phrase.key(parts)
            count = phrase.counts ? Int(parts.first ?? "") ?? 0 : 0
            russian = phrase.russian(parts)
        } else {
            (key, count, russian) = (Self.withoutFigures(text), 0, nil)
        }
    }

    package func sentence(_ language: Language) -> String { language == .russian ? russian ?? text : text }

    /// Of a sentence that is not known: its words without figures and without the threshold, which may be either's.
    private static func withoutFigures(_ text: String) -> String {
        let end = HealthPhrase.range(of: " (threshold", in: text[...])?.lowerBound ?? text.endIndex
        return text[..<end].split(separator: " ").filter { word in
            !word.contains(where: \.isNumber) && !["B", "KiB", "MiB", "GiB", "TiB"].contains(word)
        }.joined(separator: " ")
    }
}

/// The form of one of the executor's sentences, with its parts in `{}`.
struct HealthPhrase: Sendable {
    let english: String
    /// `{0}` is the first part.
    let russian: String
    let key: String
    var counts = false

    static func find(_ text: String) -> (HealthPhrase, [String])? {
        for phrase in all {
            if let parts = match(phrase.english, text) { return (phrase, parts) }
        }
        return nil
    }

    func russian(_ parts: [String]) -> String { Self.fill(russian, parts) }
    func key(_ parts: [String]) -> String { Self.fill(key, parts) }

    private static func fill(_ template: String, _ parts: [String]) -> String {
        var (filled, rest) = ("", template[...])
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let number = Int(rest[rest.index(after: open)..<close]) ?? 0
            filled += rest[..<open] + (number < parts.count ? parts[number] : "")
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }

    /// What stands at each `{}`, each as short as can be; `nil` where the text has another form.
    private static func match(_ template: String, _ text: String) -> [String]? {
        let literals = template.split(separator: "{}", omittingEmptySubsequences: false)
        guard let first = literals.first, text.hasPrefix(first) else { return nil }
        var (parts, rest) = ([String](), text.dropFirst(first.count))
        for (index, literal) in literals.dropFirst().enumerated() {
            let isLast = index == literals.count - 2
            if isLast, literal.isEmpty { return parts + [String(rest)] }
            guard let range = range(of: literal, in: rest), !isLast || range.upperBound == rest.endIndex else {
                return nil
            }
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return rest.isEmpty ? parts : nil
    }

    static func range(of words: Substring, in text: Substring) -> Range<Substring.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(words) { return start..<text.index(start, offsetBy: words.count) }
            start = text.index(after: start)
        }
        return nil
    }
}

extension HealthPhrase {
    static func phrase(_ english: String, _ russian: String, key: String, counts: Bool = false) -> HealthPhrase {
        HealthPhrase(english: english, russian: russian, key: key, counts: counts)
    }

    /// A longer form goes before one that it begins with.
    static let all: [HealthPhrase] = [
        phrase(
            "disk {} is {}% full, {} free (threshold {})", "диск {0} заполнен на {1}%, свободно {2} (порог {3})",
            key: "disk {0}"),
        phrase(
            "disk {} has used {}% of its inodes: new files will fail although there is space (threshold {})",
            "на диске {0} занято {1}% inode: новые файлы не создать, хотя место есть (порог {2})", key: "inodes {0}"),
        phrase(
            "disk {} was made read-only by the kernel, as after a disk error",
            "диск {0} переведён ядром в режим «только чтение», как после ошибки диска", key: "read-only {0}"),
        phrase("disk {} is mounted read-only", "диск {0} смонтирован только для чтения", key: "read-only {0}"),
        phrase(
            "only {} of the memory is available (threshold {})", "доступно лишь {0} памяти (порог {1})", key: "memory"),
        phrase("swap is {} used (threshold {})", "подкачка занята на {0} (порог {1})", key: "swap"),
        phrase(
            "{} process was killed for lack of memory (OOM) since the boot",
            "с загрузки ядро завершило процессов из-за нехватки памяти (OOM): {0}", key: "oom", counts: true),
        phrase(
            "{} processes were killed for lack of memory (OOM) since the boot",
            "с загрузки ядро завершило процессов из-за нехватки памяти (OOM): {0}", key: "oom", counts: true),
        phrase(
            "load {} over five minutes on {} cores (threshold {} a core)",
            "нагрузка {0} за пять минут, ядер: {1} (порог {2} на ядро)", key: "load"),
        phrase(
            "tasks waited for the processor in {} of the last ten seconds (threshold {})",
            "задачи ждали процессор {0} времени за последние десять секунд (порог {1})", key: "pressure cpu"),
        phrase(
            "tasks waited for memory in {} of the last ten seconds (threshold {})",
            "задачи ждали память {0} времени за последние десять секунд (порог {1})", key: "pressure memory"),
        phrase(
            "tasks waited for disks in {} of the last ten seconds (threshold {})",
            "задачи ждали диски {0} времени за последние десять секунд (порог {1})", key: "pressure io"),
        phrase(
            "{} zombie processes, whose parents do not collect them: {} (threshold {})",
            "процессов-зомби: {0}, их не забирают родители: {1} (порог {2})", key: "zombies"),
        phrase(
            "{} processes blocked in the kernel (state D), as when a disk does not answer: {} (threshold {})",
            "процессов, заблокированных в ядре (состояние D), как когда не отвечает диск: {0}: {1} (порог {2})",
            key: "blocked"),
        phrase(
            "{} open files, {} of the most there may be (threshold {})",
            "открытых файлов: {0}, это {1} предела (порог {2})", key: "open files"),
        phrase(
            "{} tracked connections, {} of the most there may be (threshold {})",
            "отслеживаемых соединений: {0}, это {1} предела (порог {2})", key: "connections"),
        phrase(
            "the clock is not synchronised with a time server", "часы не синхронизированы с сервером времени",
            key: "clock"),
        phrase(
            "the machine is to be rebooted for updates that are installed",
            "нужна перезагрузка: установлены обновления", key: "reboot"),
        phrase("{} failed unit: {}", "юниты с ошибкой ({0}): {1}", key: "failed units"),
        phrase("{} failed units: {}", "юниты с ошибкой ({0}): {1}", key: "failed units"),
    ]
}
