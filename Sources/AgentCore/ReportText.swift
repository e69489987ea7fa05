import ExecutorAPI
import StrictJSON

/// The words of a report that are the loop's own: what is known to be so, and why an incident ended.
enum ReportText {
    /// One thing that was changed, as the executor last saw it.
    struct State: Sendable {
        enum Outcome: Sendable, Hashable { case verified, failed, unverified, refused }

        var target: ChangeTarget
        var outcome: Outcome
        var call: ToolCall?
        var result: ToolResult?
        /// The change itself failed, though its target is well.
        var hasFailed = false

        var isVerified: Bool { outcome == .verified }
    }

    /// The model's text, with the status lines it left out; a success it claims against the executor is taken away.
    static func compose(
        _ text: String, states: [State], replacement: ModelError?, isBuiltIn: Bool, _ language: Language
    ) -> String {
        var body = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // After a refusal the target may be well all the same, so what is said of it stays.
        for state in states where !state.isVerified && state.outcome != .refused {
            body.removeAll { line in
                guard line.contains("✅"), !isAboutStopping(line) else { return false }
                // A success of nothing in particular is of this too.
                return line.mentions(state.target.name)
                    || isClaim(line) && !states.contains { $0.isVerified && line.mentions($0.target.name) }
            }
        }
        let known = body
        for state in states {
            let mark = state.isVerified ? "✅" : state.outcome == .failed ? "❌" : "⚠️"
            guard !known.contains(where: { $0.contains(mark) && $0.mentions(state.target.name) }) else { continue }
            body += lines(state, language)
        }
        for state in states where state.hasFailed { body.append(failedChange(state.target.name, language)) }
        let head = replacement.map { [replaced($0, language)] } ?? []
        return (head + [body.joined(separator: "\n").trimmed]).filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private static func isClaim(_ line: String) -> Bool { claims.contains { line.lowercased().contains($0) } }

    private static let claims = [
        "исправлен", "починен", "решен", "решён", "восстановлен", "устранен", "устранён", "готово", "сделан",
        "работает", "в норме", "fixed", "solved", "resolved", "repaired", "restored", "done", "works", "working",
        "running", "all good",
    ]

    private static func isAboutStopping(_ line: String) -> Bool {
        ["остановлен", "stopped"].contains { line.lowercased().contains($0) }
    }

    private static func failedChange(_ name: String, _ language: Language) -> String {
        language == .russian ? "⚠️ \(name): само действие не удалось" : "⚠️ \(name): the action itself failed"
    }

    private static func lines(_ state: State, _ language: Language) -> [String] {
        let name = state.target.name
        if state.outcome == .refused {
            return [
                language == .russian ? "⚠️ \(name): отказано, ничего не сделано" : "⚠️ \(name): refused, nothing was done"
            ]
        }
        guard let call = state.call, let result = state.result else {
            return [language == .russian ? "⚠️ \(name): не проверено" : "⚠️ \(name): not verified"]
        }
        switch state.target {
        case .service: return ToolPhrases.verification(call, result, language)
        case .stopped:
            guard state.isVerified else {
                return [
                    language == .russian
                        ? "❌ \(name): остановка не подтверждена" : "❌ \(name): not confirmed to be stopped"
                ]
            }
            return [language == .russian ? "✅ \(name): остановлен" : "✅ \(name): stopped"]
        case .container:
            let words = state.isVerified ? ("работает", "running") : ("не работает", "not running")
            return ["\(state.isVerified ? "✅" : "❌") \(name): \(language == .russian ? words.0 : words.1)"]
        case .unknown: return []
        }
    }

    static func replaced(_ error: ModelError, _ language: Language) -> String {
        let reason = reason(error.code, language)
        return language == .russian
            ? "⚠️ Отвечает встроенный режим: \(reason)." : "⚠️ This is the built-in mode answering: \(reason)."
    }

    /// Why a model gave no turn, and what would mend it; what the server said is in the journal.
    private static func reason(_ code: ModelError.Code, _ language: Language) -> String {
        let (russian, english) =
            switch code {
            case .unavailable:
                ("модель недоступна или перегружена", "the model is out of reach or overloaded")
            case .tooSlow: ("модель не ответила вовремя", "the model gave no answer in time")
            case .unauthorized:
                (
                    "ключ модели не принят, проверьте ANTHROPIC_API_KEY",
                    "the model's key is refused, check ANTHROPIC_API_KEY"
                )
            case .unknownModel(let name):
                (
                    "модели «\(name)» у этого ключа нет, проверьте MODEL",
                    "this key has no model \"\(name)\", check MODEL"
                )
            case .spent:
                (
                    "лимит учётной записи исчерпан, поднимите его на console.anthropic.com",
                    "the account's limit is spent, raise it at console.anthropic.com"
                )
            case .incidentSpent(let limit):
                ("на этот вопрос потрачено \(limit) токенов", "this question has used its \(limit) tokens")
            case .badRequest: ("модель не приняла запрос", "the model refused the request")
            }
        return language == .russian ? russian : english
    }
}

extension ReportText {
    /// - Parameter reason: One English sentence.
    static func executorAway(_ reason: String, _ language: Language) -> String {
        language == .russian
            ? "❌ Исполнитель (devops-executor) недоступен, поэтому ничего не проверено и не сделано дальше этого места. "
                + "Проверьте: systemctl status devops-executor. Я подключусь к нему сам, как только он появится.\n(\(reason))"
            : "❌ The executor (devops-executor) is out of reach, so nothing was checked or done beyond this point. "
                + "Look at: systemctl status devops-executor. I reconnect by myself as soon as it is there.\n(\(reason))"
    }

    static func cancelled(_ language: Language) -> String {
        language == .russian ? "Отменено." : "Cancelled."
    }

    static func timedOut(_ seconds: Int64, _ language: Language) -> String {
        language == .russian
            ? "⚠️ Время вышло: ответа не было \(seconds) с. Повторите запрос или сузьте его."
            : "⚠️ Out of time: there was no answer within \(seconds) s. Ask again, or for something narrower."
    }

    static func iterationsSpent(_ count: Int, _ language: Language) -> String {
        language == .russian
            ? "⚠️ Задача не закончена за \(count) шагов. Уточните запрос, и я продолжу."
            : "⚠️ The task was not done within \(count) steps. Narrow the request, and I go on."
    }

    static func spinning(_ language: Language) -> String {
        language == .russian
            ? "⚠️ Модель повторяет одни и те же действия, поэтому я остановился."
            : "⚠️ The model keeps repeating the same actions, so I stopped."
    }

    static func modelFailed(_ error: ModelError, _ language: Language) -> String {
        (language == .russian ? "❌ Ответа нет: " : "❌ There is no answer: ") + reason(error.code, language) + "."
    }

    static func declined(_ language: Language) -> String {
        language == .russian
            ? "❌ Модель отказалась выполнять этот запрос." : "❌ The model declined this request."
    }

    static func contextFull(_ language: Language) -> String {
        language == .russian
            ? "❌ Запрос не помещается в контекст модели. Сузьте его."
            : "❌ The request does not fit the model's context."
    }

    static func noWords(_ language: Language) -> String {
        language == .russian ? "⚠️ Модель закончила без ответа." : "⚠️ The model ended without an answer."
    }

    static func cutOff(_ text: String, _ language: Language) -> String {
        text + (language == .russian ? "\n(ответ обрезан: достигнут лимит токенов)" : "\n(cut off at the token limit)")
    }
}

extension String {
    func mentions(_ name: String) -> Bool { !name.isEmpty && lowercased().contains(name.lowercased()) }
}
