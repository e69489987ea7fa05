/// The executor's sentences that people meet most, in Russian. It speaks English alone; a sentence that is not here is
/// shown as it is.
enum RussianSentences {
    /// English and Russian; `*` stands for what differs, in the same order in both.
    static let table: [(english: String, russian: String)] = [
        // Refusals of the policy.
        (
            "The command has the pattern *, which is always blocked.",
            "В команде есть шаблон *, который заблокирован всегда."
        ),
        (
            "No spelling of it is accepted; say what you want to reach, and look for another way.",
            "Никакая запись этой команды. Напишите, чего хотите добиться, и найдём другой способ."
        ),
        ("No rule allows the program \"*\".", "Программу «*» не разрешает ни одно правило."),
        ("The programs with rules are: *, and * more.", "Программы, для которых есть правила: *, и ещё *."),
        ("The programs with rules are: *.", "Программы, для которых есть правила: *."),
        ("No rule allows \"*\".", "«*» не разрешает ни одно правило."),
        ("With * these are allowed: * · and * more.", "С * разрешено: * · и ещё *."),
        ("With * these are allowed: *.", "С * разрешено: *."),
        ("* is protected: nothing here may change it.", "* защищён: менять его отсюда нельзя."),
        (
            "Its state and logs can be read; an administrator can change it on the server.",
            "Смотреть его состояние и логи. Изменить его может администратор на сервере."
        ),
        (
            "\"*\" names what may hold secrets, which no rule reads.",
            "«*» может хранить секреты, такое не читает ни одно правило."
        ),
        (
            "Read another file; an administrator can read this one on the server.",
            "Прочитать другой файл. Этот может прочитать администратор на сервере."
        ),
        ("The rules were refused, so everything is: *", "Файл правил не принят, поэтому запрещено всё: *"),
        (
            "An administrator mends the file and reloads the executor.",
            "Администратор исправляет файл: systemctl reload devops-executor."
        ),
        ("\"*\" needs the yes of a person.", "«*» требует согласия человека."),
        ("\"*\" needs the yes of an operator.", "«*» требует согласия оператора."),
        ("\"*\" needs a one-time code.", "«*» требует одноразового кода."),
        (
            "An operator runs: executorctl approvals approve *; then call again.",
            "Оператор выполняет: executorctl approvals approve *; затем повторите."
        ),
        // Refusals of the grammar and the arguments.
        ("The command is empty.", "Команда пуста."),
        ("Send one command, such as: *", "Напишите одну команду, например: *"),
        ("The command has * bytes.", "В команде байт: *."),
        ("The command has * arguments.", "В команде слов: *."),
        ("A command has at most *.", "Самое большее: *."),
        (
            "The command has \"*\" where a shell would act on it.",
            "В команде есть «*», на который подействовала бы оболочка."
        ),
        (
            "It is not accepted outside quotes: no shell runs here; send one plain command, or quote the character.",
            "Оболочки здесь нет: одна простая команда, или этот знак в кавычках."
        ),
        (
            "It is not accepted within double quotes; use single quotes to mean the character itself.",
            "Одинарные кавычки, если нужен сам этот знак."
        ),
        ("A quote is not closed.", "Кавычка не закрыта."),
        ("Close it with the same character.", "Закрыть её тем же знаком."),
        ("The command has *.", "В команде есть *."),
        (
            "A command is one line of printable ASCII characters.",
            "Одна строка из печатных знаков ASCII (латиница, цифры, знаки)."
        ),
        ("The argument '*' is missing.", "Нет параметра «*»."),
        // Services and logs.
        (
            "systemd is not the service manager here (it is not process 1), so no unit can be asked about.",
            "systemd здесь не управляет сервисами (он не процесс 1), поэтому о юнитах спросить некого."
        ),
        (
            "systemd is not the service manager here (it is not process 1), and services.* of tools.json says nothing "
                + "of *: nothing was changed.",
            "systemd здесь не управляет сервисами (он не процесс 1), а services.* в tools.json нет (сервис *): ничего "
                + "не изменено."
        ),
        (
            "Known from this: a process of that name runs: pid * and * more.",
            "Судя по тому, что процесс с таким именем работает: pid * и ещё *."
        ),
        (
            "Known from this: a process of that name runs: pid *.",
            "Судя по тому, что процесс с таким именем работает: pid *."
        ),
        (
            "Known from this: no process is called *; it may run under another name.",
            "Процесса с именем * нет; возможно, имя другое."
        ),
        ("Listens on: *", "Слушает: *"),
        ("Last errors in its log:", "Последние ошибки в логе:"),
        ("There is no unit '*'.", "Юнита «*» нет."),
        ("There is no unit '*'. Names like it: *.", "Юнита «*» нет. Похожие имена: *."),
        ("The log of * (*) has no line that fits.", "В логе * (*) подходящих строк нет."),
        ("The log of * (*) has no line.", "В логе * (*) пока ничего нет."),
        ("The log * (*) has no line that fits.", "В логе * (*) подходящих строк нет."),
        ("The log * (*) has no line.", "В логе * (*) пока ничего нет."),
        (
            "There is no journal here: systemd is not the service manager. Try source 'file' with *.",
            "Журнала здесь нет: systemd не управляет сервисами. Можно читать файл: *."
        ),
        ("(there are older lines)", "(есть и более старые строки)"),
        // Containers.
        (
            "The Docker daemon is not running: nothing answers at *.",
            "Демон Docker не запущен: по адресу * никто не отвечает."
        ),
        ("The container '*' has printed nothing.", "Контейнер «*» ничего не вывел."),
        ("There are no containers.", "Контейнеров нет."),
    ]

    /// - Returns: `nil` for a sentence that is not in the ``table``.
    static func translate(_ sentence: String) -> String? {
        for (english, russian) in table {
            guard let found = captures(of: english, in: sentence) else { continue }
            return fill(russian, found)
        }
        return nil
    }

    /// A tool's whole answer: its one sentence, or lines that are quoted as they are and a remark in brackets.
    static func answer(_ text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let last = lines.last, lines.count == 1 || last.hasPrefix("(") else { return text }
        lines[lines.count - 1] = translate(last) ?? last
        return lines.joined(separator: "\n")
    }

    /// What stands where the template has `*`; `nil` where the text does not fit it.
    private static func captures(of template: String, in text: String) -> [Substring]? {
        let pieces = template.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = pieces.first, let last = pieces.last, text.hasPrefix(first) else { return nil }
        guard pieces.count > 1 else { return text == template ? [] : nil }
        guard text.hasSuffix(last), text.utf8.count >= first.utf8.count + last.utf8.count else { return nil }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        var found: [Substring] = []
        for piece in pieces.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: piece) else { return nil }
            found.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return found + [rest]
    }

    private static func fill(_ template: String, _ values: [Substring]) -> String {
        let pieces = template.split(separator: "*", omittingEmptySubsequences: false)
        return zip(pieces, values + [""]).map { $0 + $1 }.joined()
    }
}
