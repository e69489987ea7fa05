import AgentCore
import Monitoring
import StrictJSON

// What is said without anybody asking.
extension Words {
    func line(of change: AlertBook.Change) -> String {
        switch change {
        case .appeared(let alert): "\(alert.grade.mark) \(alert.text)"
        case .worsened(let alert): "\(alert.grade.mark) \(pick("Стало хуже: ", "Worse: "))\(alert.text)"
        case .flapping(let alert):
            "\(alert.grade.mark) \(pick("То появляется, то проходит: ", "It comes and goes: "))\(alert.text). "
                + pick("Больше об этом не пишу, пока не устоится.", "I say no more of it until it rests.")
        case .over(let alert, let lasted):
            "✅ \(pick("Прошло: ", "Over: "))\(alert.text) (\(pick("длилось ", "it lasted "))\(duration(lasted)))"
        }
    }

    /// - Parameter milliseconds: Below a minute it is one.
    private func duration(_ milliseconds: Int64) -> String { length(.milliseconds(max(60_000, milliseconds))) }

    /// `12 с`, `5 мин`, `3 ч 20 мин`, `4 д`
    func length(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let minutes = seconds / 60
        guard minutes > 0 else { return pick("\(seconds) с", "\(seconds) s") }
        guard minutes >= 60 else { return pick("\(minutes) мин", "\(minutes) min") }
        let (hours, rest) = (minutes / 60, minutes % 60)
        return hours >= 48
            ? pick("\(hours / 24) д", "\(hours / 24) d") : pick("\(hours) ч \(rest) мин", "\(hours) h \(rest) min")
    }

    func more(_ count: Int) -> String { pick("… и ещё \(count)", "… and \(count) more") }
    var investigate: String { pick("Разобраться", "Look into it") }
    var quietForAnHour: String { pick("Тише на час", "Quiet for an hour") }
    var beingLookedInto: String { pick("🔧 Разбираюсь", "🔧 I am looking into it") }
    var alreadyTaken: String {
        pick("Этим уже занимаются, или сообщение слишком старое.", "Somebody is on it, or the message is too old.")
    }
    func quietUntil(_ time: String) -> String {
        pick("🔕 До \(time) пишу только о критическом", "🔕 Until \(time) I write of what is critical alone")
    }

    // MARK: What is wrong

    func executorIsAway(_ reason: String) -> String {
        let said = reason.isEmpty ? "" : " (\(reason))"
        return pick(
            "исполнитель devops-executor недоступен: проверить сервер нечем\(said)",
            "the executor (devops-executor) is out of reach: nothing can be checked\(said)")
    }
    func noAnswer(_ seconds: Int64) -> String {
        pick("нет ответа \(seconds) с", "no answer within \(seconds) s")
    }
    func policyIsRefused(_ fault: String) -> String {
        pick("правила исполнителя не приняты, запрещено всё: \(fault)", "the executor's rules are refused: \(fault)")
    }
    /// Why an executor that answers runs nothing: each with the check it is of.
    func faults(ofExecutor status: JSONValue) -> [(check: String, text: String)] {
        [
            status["policy"]?["fault"]?.stringValue.map { ("policy", policyIsRefused($0)) },
            status["audit"]?["available"]?.boolValue == false ? ("audit", auditIsUnavailable) : nil,
        ].compactMap { $0 }
    }
    var auditIsUnavailable: String {
        pick(
            "журнал аудита не записывается, поэтому команды не выполняются",
            "the audit log cannot be written, so no command runs")
    }
    func healthCannotBeHad(_ reason: String) -> String {
        pick("состояние системы не узнать: \(reason)", "the state of the system cannot be had: \(reason)")
    }
    func unitFailed(_ unit: String) -> String { pick("\(unit): завершился с ошибкой", "\(unit): failed") }
    func serviceCannotBeChecked(_ name: String, _ reason: String) -> String {
        pick("\(name): состояние не узнать: \(reason)", "\(name): its state cannot be had: \(reason)")
    }
    func serviceIsNotThere(_ name: String) -> String {
        pick("\(name): такого юнита нет (CHECK_SERVICES)", "\(name): there is no such unit (CHECK_SERVICES)")
    }

    // MARK: What the agent is asked

    func askAboutService(_ name: String) -> String {
        pick(
            "\(name) не работает: найди причину, исправь и проверь.",
            "\(name) is down: find the cause, mend it, verify.")
    }
    var askAboutDisks: String {
        pick("Заканчивается место на диске: найди, что его занимает.", "The disk space runs out: find what takes it.")
    }
    var askAboutSystem: String {
        pick("Проверь состояние системы и найди, что не так.", "Check the health of the system and find what is wrong.")
    }

    // MARK: The daily report

    var reportTitle: String { pick("📋 Отчёт за сутки", "📋 Report of the day") }
    var noIncidentsToday: String { pick("Инцидентов за сутки не было.", "There were no incidents in the last day.") }
    func incidentsToday(_ count: Int, successful: Int) -> String {
        pick(
            "Инцидентов за сутки: \(count), успешных: \(successful)",
            "Incidents of the day: \(count), successful: \(successful)")
    }
    func auditHead(_ number: Int, _ head: String) -> String {
        pick("Журнал аудита: запись \(number), голова", "Audit log: record \(number), head")
            + " \(head)\n\(pick("Проверить", "Verify")): executorctl audit verify --head \(head)"
    }
    var auditHeadUnknown: String { pick("Журнал аудита: голова неизвестна", "Audit log: the head is unknown") }
}
