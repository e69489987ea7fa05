package import AgentCore

/// All the front ends say, in both languages.
package struct Words: Sendable {
    package let language: Language

    package init(_ language: Language) { self.language = language }

    private func pick(_ russian: String, _ english: String) -> String { language == .russian ? russian : english }

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
    var executorWorks: String { pick("✅ Исполнитель: на связи", "✅ Executor: connected") }
    func agentStatus(incidents: Int, successful: Int, sessions: Int, pending: Int) -> String {
        pick(
            "✅ Агент: работает\nИнцидентов: \(incidents), успешных: \(successful)\nСессий: \(sessions)\n"
                + "Ждут ответа: \(pending)",
            "✅ Agent: running\nIncidents: \(incidents), successful: \(successful)\nSessions: \(sessions)\n"
                + "Waiting for an answer: \(pending)")
    }
    func modelReplaced(by name: String) -> String {
        pick("Модель недоступна, отвечает \(name)", "The model is out of reach, \(name) answers")
    }
}

// MARK: Approvals

extension Words {
    func question(command: String, reason: String) -> String {
        pick("Нужно разрешение:\n\(command)\n\(reason)", "This needs your approval:\n\(command)\n\(reason)")
    }
    var allow: String { pick("Разрешить", "Allow") }
    var deny: String { pick("Отклонить", "Deny") }
    var allowed: String { pick("✅ Разрешено", "✅ Allowed") }
    var denied: String { pick("❌ Отклонено", "❌ Denied") }
    var expired: String { pick("❌ Время ответа истекло", "❌ Nobody answered in time") }
    var notYours: String { pick("Этот вопрос задан не вам.", "This question is not for you.") }
    var questionOver: String { pick("Этот вопрос уже закрыт.", "This question is closed.") }
    var terminalChoice: String { pick("Разрешить? [д/Н] ", "Allow? [y/N] ") }
}
