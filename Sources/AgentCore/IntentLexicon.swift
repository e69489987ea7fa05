/// The words by which the built-in brain tells what a person wants. Whole words where another word begins alike
/// («порт» and «портал», "log" and "login"), stems where none does.
enum IntentLexicon {
    static let separators: Set<Character> = ["?", "!", ",", ";", "«", "»", "\"", "`", "(", ")", "“", "”"]
    static let clauseEnds: Set<Character> = ["?", "!", ",", ";"]

    static let negations: Set<String> = [
        "не", "нельзя", "никогда", "без", "ни", "not", "don't", "dont", "doesn't", "doesnt", "didn't", "isn't",
        "aren't",
        "won't", "can't", "cannot", "couldn't", "never", "no", "without", "shouldn't", "mustn't", "wasn't", "stops",
    ]
    /// May stand between "not" and what is not.
    static let helpers: Set<String> = [
        "надо", "нужно", "стоит", "следует", "хочу", "может", "могу", "можно", "смей", "вздумай", "пожалуйста", "need",
        "to", "you", "please", "want", "be", "ever", "dare", "should", "must", "able", "even", "его", "её", "их", "it",
    ]
    static let conjunctions: Set<String> = ["и", "или", "and", "or", "&", "+"]
    static let needs: Set<String> = ["надо", "нужно", "стоит", "следует"]
    static let questions: Set<String> = [
        "почему", "зачем", "отчего", "как", "когда", "кто", "why", "how", "when", "who", "what", "did", "does",
    ]

    // MARK: Changes: whole imperatives and infinitives, so that «перезапустился» is none.

    static let restart: Set<String> = [
        "перезапусти", "перезапустите", "перезапустить", "перезапускай", "перезапускать", "рестарт", "рестартни",
        "рестартуй", "рестартани", "рестартануть", "перезагрузи", "перезагрузите", "перезагрузить", "перезагружай",
        "перезапуск", "перезапуска", "restart", "reboot", "bounce",
    ]
    static let stop: Set<String> = [
        "останови", "остановите", "остановить", "останавливай", "останавливать", "выключи", "выключите", "выключить",
        "выключай", "погаси", "стопни", "заглуши", "stop", "shutdown",
    ]
    static let start: Set<String> = [
        "запусти", "запустите", "запустить", "запускай", "запускать", "подними", "поднимите", "поднять", "включи",
        "включите", "включить", "включай", "стартани", "start",
    ]
    static let mend: Set<String> = [
        "почини", "почините", "починить", "чини", "чинить", "исправь", "исправьте", "исправить", "fix", "repair",
        "mend",
    ]

    /// Work that is done by hand: whole words, and English ones only where a wish begins.
    static let beyond: Set<String> = [
        "обнови", "обновите", "обновить", "обновляй", "установи", "установите", "установить", "поставь", "поставьте",
        "поставить", "удали", "удалите", "удалить", "сотри", "сотрите", "стереть", "очисти", "очистите", "очистить",
        "почисти", "почистите", "почистить", "освободи", "освободить", "добавь", "добавьте", "добавить", "создай",
        "создайте", "создать", "смени", "смените", "сменить", "поменяй", "поменять", "измени", "изменить", "открой",
        "откройте", "закрой", "закройте", "закрыть", "заблокируй", "разблокируй", "бэкап", "бекап", "откати",
        "откатить", "отмени", "отменить", "скачай", "настрой", "настроить",
    ]
    static let beyondFirst: Set<String> = [
        "update", "upgrade", "install", "uninstall", "delete", "remove", "clean", "free", "add", "create", "change",
        "open",
        "close", "block", "unblock", "backup", "back", "undo", "rollback", "download", "configure", "deploy",
    ]
    static let politeness: Set<String> = ["please", "can", "could", "you", "just", "now", "i", "want", "need", "to"]
    /// What no name stands for: the machine itself, and everything at once.
    static let machine: Set<String> = [
        "сервер", "серверы", "машину", "машина", "систему", "компьютер", "хост", "все", "всё", "server", "servers",
        "machine", "system", "computer", "host", "everything", "all",
    ]

    // MARK: What is wrong

    static let problems = [
        "упал", "упавш", "падает", "падают", "лежит", "лежат", "сломал", "сломан", "завис", "висит", "висят",
        "недоступ",
        "умер", "глючит", "тормозит", "крашит", "вылетает", "остановилс", "остановилас", "остановлен", "перезапускаетс",
        "перезапустилс", "отвалил", "crash", "broke", "unreachabl", "fail", "hang", "hung", "stopped", "restarts",
        "unavailabl", "dies",
    ]
    static let problemWords: Set<String> = ["down", "dead", "died", "restarting", "stuck", "500", "502", "503", "504"]
    /// What a service that is well does: with "not" before it, something is wrong.
    static let abilities = [
        "отвеча", "отзыва", "работа", "запускаетс", "запускаютс", "запустилс", "запустилас", "стартует", "поднимаетс",
        "поднялс", "открыва", "открыть", "доступ", "грузит", "respond", "answer", "work", "load", "open", "reach",
        "runn",
        "availabl", "alive", "up",
    ]
    /// After "does not" it is a complaint, after "do not" a prohibition.
    static let englishAbilities: Set<String> = ["start", "run", "restart"]
    static let complaints: Set<String> = ["doesn't", "doesnt", "won't", "can't", "cannot", "couldn't", "didn't"]

    // MARK: What is asked about

    static let logs: Set<String> = ["лог", "лога", "логу", "логи", "логов", "логам", "логах", "логе", "log", "logs"]
    static let errors = ["ошибк", "ошибо", "error"]
    static let journal = ["журнал", "journal"]
    static let port: Set<String> = [
        "порт", "порта", "порту", "портом", "порте", "порты", "портов", "портах", "port", "ports",
    ]
    static let container = ["контейнер", "container"]
    static let docker: Set<String> = ["docker", "докер", "докера", "докере", "докером", "докеру"]
    static let disk: Set<String> = [
        "диск", "диска", "диске", "диску", "диски", "дисков", "дисках", "место", "места", "месте", "disk", "disks",
        "space",
    ]
    static let status = [
        "статус", "состояни", "работает", "работают", "запущен", "запустилс", "жив", "status", "state", "running",
        "alive", "проверь",
    ]
    static let statusWords: Set<String> = ["check", "up"]
    static let health = [
        "здоров", "нагруз", "памят", "сервер", "систем", "процессор", "health", "memory", "server", "system",
        "машин", "сертификат", "certificate", "процесс",
    ]
    static let healthWords: Set<String> = [
        "load", "cpu", "ram", "swap", "своп", "ядер", "inode", "inodes", "processes", "дела", "status", "статус",
        "состояние",
    ]
    static let uptime: Set<String> = ["uptime", "аптайм", "аптайма"]
    static let thanks: Set<String> = ["спасибо", "благодарю", "thanks", "thank", "thx"]

    /// Programs whose names are no words of a sentence: a line that begins with one is a command.
    static let programs: Set<String> = [
        "curl", "df", "dig", "du", "journalctl", "ls", "mkfs", "netstat", "nslookup", "ping", "ps", "rm", "ss",
        "systemctl",
    ]

    /// What takes connections: with a number it asks about a port.
    static let listening: Set<String> = [
        "слушает", "слушают", "занимает", "занимают", "занял", "listens", "listening", "holds", "uses",
    ]

    // MARK: Names

    /// The name a word is, if it can be one: it begins with a letter or a digit and has none but those of unit names.
    static func name(_ word: String) -> String? {
        let lower = word.lowercased()
        if let known = russianNames.first(where: { lower.hasPrefix($0.key) }) { return known.value }
        guard (2...maximumName).contains(word.utf8.count), !common.contains(lower),
            let first = word.first, first.isASCII, first.isLetter || first.isNumber,
            word.contains(where: { $0.isASCII && $0.isLetter }),
            word.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "@._-:".contains($0)) })
        else { return nil }
        let name = lower.hasSuffix(".service") ? String(word.dropLast(8)) : word
        // `Nginx` at the beginning of a sentence is nginx; `NetworkManager` is itself.
        return name.dropFirst().contains(where: \.isUppercase) && name.contains(where: \.isLowercase)
            ? name : name.lowercased()
    }

    private static let maximumName = 128

    private static let russianNames = [
        "нгинкс": "nginx", "энджин": "nginx", "апач": "apache2", "постгрес": "postgresql", "редис": "redis",
        "мускул": "mysql",
    ]

    private static let common: Set<String> = Set(
        """
        the is are was were be been of for on in at to and or an my me it its not no what which who how why when where \
        does do did don't doesn't didn't isn't won't can't cannot couldn't has have had can could would should will \
        please show see get give tell check look read print last lines line log logs status state health service \
        services container containers docker ps restart restarts restarting restarted reboot start starts starting \
        started stop stops stopping stopped run runs running down dead died up fix repair mend broken broke crashed \
        crash crashes failed failing fails fail responding respond responds answer answers answering working work works \
        unreachable unavailable again there disk disks space free much left server system port ports load memory uptime \
        cpu ram with without wrong keeps keep list all now you your we our us they them help hello hi from into this \
        that then than any some time about after before still never always need want dare just only also bounce \
        shutdown hangs hung stuck dies open reach alive available using uses holds hold listening listens tcp udp http \
        https ok yes error errors average swap inode inodes undo thanks thank thx processes certificate \
        certificates ssl everything update updates upgrade install delete remove add create change clean old long \
        website site page database user users password backup happened night today yesterday machine host computer
        """.split(separator: " ").map(String.init))
}
