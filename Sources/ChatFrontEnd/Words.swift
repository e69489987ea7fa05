package import AgentCore
import ExecutorAPI

/// All the front ends say, in both languages.
package struct Words: Sendable {
    package let language: Language

    package init(_ language: Language) { self.language = language }

    func pick(_ russian: String, _ english: String) -> String { language == .russian ? russian : english }

    package var start: String {
        pick(
            "Здравствуйте! Я DevOps-агент этого сервера.\nНапишите, что случилось, например «nginx не отвечает»: "
                + "я найду причину, исправлю и проверю.\n\n\(help)",
            "Hello! I am the DevOps agent of this server.\nWrite what is wrong, such as \"nginx does not answer\": "
                + "I find the cause, mend it and verify.\n\n\(help)")
    }
    /// When the agent has been installed, or stands up again after an upgrade.
    package var greeting: String {
        pick("✅ Я на связи. Напишите, что случилось, или /help.", "✅ I am here. Write what is wrong, or /help.")
    }
    package var help: String {
        ([pick("Команды:", "Commands:")] + commands.map { "/\($0.name)\($0.argument) – \($0.description)" })
            .joined(separator: "\n")
    }
    /// The commands as the menu and the help show them.
    package var commands: [(name: String, argument: String, description: String)] {
        [
            ("start", "", pick("приветствие", "greeting")),
            ("help", "", pick("список команд", "the commands")),
            ("health", "", pick("состояние системы", "state of the system")),
            ("logs", pick(" <сервис>", " <service>"), pick("последние строки журнала", "last lines of a log")),
            ("status", "", pick("состояние агента", "state of the agent")),
            ("stop", "", pick("остановить то, что делается", "stop what is being done")),
            ("history", "", pick("последние инциденты", "last incidents")),
        ]
    }
    func unknownCommand(_ name: String) -> String {
        pick("Команды /\(name) нет.\n\n\(help)", "There is no command /\(name).\n\n\(help)")
    }
    var logsUsage: String {
        pick("Укажите сервис: /logs nginx", "Name the service: /logs nginx")
    }
    var badService: String {
        pick(
            "Имя сервиса – буквы, цифры и . _ @ : -, например /logs nginx",
            "A service's name is letters, digits and . _ @ : -, such as /logs nginx")
    }
    var tooMany: String {
        pick(
            "Слишком много сообщений подряд. Подождите минуту.",
            "Too many messages in a row: rate limit. Wait a minute.")
    }
    var busy: String {
        pick(
            "Я ещё занят предыдущими запросами. Повторите, когда отвечу на них.",
            "I am still busy with earlier requests. Ask again when they are answered.")
    }
    var stopping: String { pick("Останавливаю.", "Stopping.") }
    var stopped: String { pick("Остановлено, ничего не сделано.", "Stopped, nothing was done.") }
    var nothingToStop: String { pick("Сейчас ничего не выполняется.", "Nothing is being done now.") }
    /// Before a message that may have arrived already.
    var repeated: String { pick("↻ Возможно, повтор:", "↻ Possibly a repeat:") }
    func notTaken(_ reason: String) -> String {
        pick(
            "❌ Ответ есть, но Telegram его не принял: \(reason)",
            "❌ There is an answer, but it was not taken: \(reason)")
    }
    var editsNotRead: String {
        pick(
            "Исправленные сообщения я не перечитываю: напишите новым сообщением.",
            "I do not read edited messages again: write a new one.")
    }
    var onlyText: String { pick("Я понимаю только текст.", "I only understand text.") }
    func executorAway(_ reason: String) -> String {
        pick(
            "❌ Исполнитель недоступен: команды на сервере сейчас не выполнить. "
                + "Проверьте: systemctl status devops-executor\n(\(reason))",
            "❌ The executor is out of reach: nothing can be run on the server now. "
                + "Check: systemctl status devops-executor\n(\(reason))")
    }
    var memoryFailed: String {
        pick("❌ База данных агента недоступна.", "❌ The agent's database cannot be used.")
    }
    var noIncidents: String { pick("Инцидентов пока не было.", "There have been no incidents yet.") }
    var incidentsTitle: String { pick("Последние инциденты:", "Last incidents:") }
    func modelReplaced(by name: String) -> String {
        pick("Модель недоступна, отвечает \(name)", "The model is out of reach, \(name) answers")
    }
}

// MARK: Approvals

extension Words {
    /// The question whole: the command is never cut.
    func text(of question: ApprovalQuestion) -> String {
        let about = [question.command, question.rule] + [question.justification].compactMap { $0 }
        guard question.asksForCode else {
            let scope = question.minutes.map { [standing($0, question)] } ?? []
            return ([approvalNeeded] + about + scope).joined(separator: "\n")
        }
        let wrong = question.triesLeft.map { [wrongCode(left: $0)] } ?? []
        return (wrong + [codeNeeded] + about + [writeCode]).joined(separator: "\n")
    }
    private var approvalNeeded: String { pick("Нужно разрешение:", "This needs your approval:") }
    /// What the third button is for.
    private func standing(_ minutes: Int, _ question: ApprovalQuestion) -> String {
        pick(
            "«\(allow(for: minutes))» – это правило без вопросов, только для: \(question.target)",
            "\"\(allow(for: minutes))\" is this rule without a question, for this alone: \(question.target)")
    }
    func allow(for minutes: Int) -> String { pick("На \(minutes) минут", "For \(minutes) minutes") }
    func allowed(for minutes: Int) -> String {
        pick("✅ Разрешено на \(minutes) минут", "✅ Allowed for \(minutes) minutes")
    }
    private var codeNeeded: String { pick("Нужен одноразовый код для команды:", "This needs a one-time code:") }
    private var writeCode: String {
        pick("Напишите 6 цифр из приложения-аутентификатора.", "Write the 6 digits your authenticator shows.")
    }
    private func wrongCode(left: Int) -> String {
        pick(
            "❌ Код не подошёл или уже использован. Осталось попыток: \(left).",
            "❌ The code is wrong or was used. Tries left: \(left).")
    }
    var codeSent: String { pick("Код передан исполнителю на проверку", "The executor checks the code") }
    var noCodeAsked: String {
        pick(
            "Сейчас код ни для чего не нужен. Сообщения из одних шести цифр я не сохраняю и никому не передаю.",
            "No code is needed now. A message of six digits alone is neither kept nor passed on.")
    }
    var terminalCode: String { pick("Код (пусто – отказ): ", "Code (empty: no): ") }
    var allow: String { pick("Разрешить", "Allow") }
    var deny: String { pick("Отклонить", "Deny") }
    var allowed: String { pick("✅ Разрешено", "✅ Allowed") }
    var denied: String { pick("❌ Отклонено", "❌ Denied") }
    var expired: String { pick("❌ Время ответа истекло", "❌ Nobody answered in time") }
    var notYours: String { pick("Этот вопрос задан не вам.", "This question is not for you.") }
    var questionOver: String { pick("Этот вопрос уже закрыт.", "This question is closed.") }
    /// - Parameter minutes: What may be typed for a yes that holds so long.
    func terminalChoice(minutes: Int?) -> String {
        let more = minutes.map { "/\($0)" } ?? ""
        return pick("Разрешить? [д/Н\(more)] ", "Allow? [y/N\(more)] ")
    }
}
