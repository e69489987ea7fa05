import AgentCore
import ExecutorAPI
import Monitoring
import StrictJSON

/// Asks the executor's reading tools how things are, and reads what is wrong out of their answers.
struct Inspector: Sendable {
    /// An executor that gives no answer for so long is away.
    static let patience = Duration.seconds(60)
    /// For whom the audit log says it was asked.
    private static let actor = Actor(sessionID: "scheduled-check")

    let executor: any ExecutorGateway
    let services: [String]
    let words: Words
    var patience = Inspector.patience

    func inspect() async -> CheckResult {
        var result = CheckResult()
        result.examined = [.executor]
        do {
            result.observations += executorFaults(try await ask { try await executor.status() })
            let health = try await ask { try await executor.health(actor: Self.actor) }
            add(health: health, to: &result)
            for service in services {
                let answer = try await ask { try await executor.check(service: service, actor: Self.actor) }
                result.examined.insert(.service(service))
                result.observations += serviceFaults(service, answer)
            }
        } catch {
            let reason = (error as? ToolboxError)?.message ?? words.noAnswer(Self.patience.components.seconds)
            // Away in the middle of a check is away: what was seen before that stands.
            result.observations.append(
                Observation(
                    scope: .executor, key: "executor", grade: .critical, text: words.executorIsAway(reason),
                    question: words.askAboutSystem))
        }
        return result
    }

    private func ask<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let patience = patience
        let answer = try await first({ Optional(try await body()) }) {
            try await Task.sleep(for: patience)
            return nil
        }
        guard case .some(.some(let value)) = answer else {
            throw ToolboxError(words.noAnswer(patience.components.seconds))
        }
        return value
    }

    // MARK: For the report

    /// `nil` where the executor is away.
    func health() async -> ToolResult? { try? await ask { try await executor.health(actor: Self.actor) } }
    func status() async -> JSONValue? { try? await ask { try await executor.status() } }

    /// A line for each service of the settings.
    func serviceLines() async -> [String] {
        var lines: [String] = []
        for service in services {
            guard let answer = try? await ask({ try await executor.check(service: service, actor: Self.actor) }) else {
                return lines
            }
            lines.append(ToolAnswers.serviceState(service, answer, words.language))
        }
        return lines
    }
}

// MARK: What is wrong

extension Inspector {
    private func executorFaults(_ status: JSONValue) -> [Observation] {
        words.faults(ofExecutor: status).map { fault in
            Observation(
                scope: .executor, key: fault.check, grade: .critical, text: fault.text, question: words.askAboutSystem)
        }
    }

    private func add(health result: ToolResult, to check: inout CheckResult) {
        check.examined.insert(.healthCheck)
        guard result.success else {
            check.observations.append(
                Observation(
                    scope: .healthCheck, key: "health check", grade: .warning,
                    text: words.healthCannotBeHad(result.refusal?.message ?? result.error ?? ""),
                    question: words.askAboutSystem))
            return
        }
        check.examined.insert(.health)
        let failed = result.metadata["failed_units"]?.arrayValue?.compactMap(\.stringValue)
        for finding in HealthFinding.all(in: result.metadata) where failed == nil || finding.code != "failed_units" {
            check.observations.append(
                Observation(
                    scope: .health, key: finding.key, grade: finding.grade, count: finding.count,
                    text: finding.sentence(words.language), question: question(about: finding)))
        }
        // Each unit is a thing of its own; a service of the settings is looked at by itself.
        for unit in failed ?? [] where !services.contains(Self.service(unit)) {
            check.observations.append(
                Observation(
                    scope: .health, key: "unit \(unit)", grade: .warning, text: words.unitFailed(unit),
                    question: words.askAboutService(Self.safeName(unit))))
        }
    }

    private func serviceFaults(_ name: String, _ result: ToolResult) -> [Observation] {
        let isActive = result.metadata["service_active"]?.boolValue
        guard isActive != true else { return [] }
        // Whatever is not known to run is worth a word; what is known not to, worth waking somebody.
        return [
            Observation(
                scope: .service(name), key: "service \(name)", grade: isActive == false ? .critical : .warning,
                text: text(of: name, result), question: words.askAboutService(name))
        ]
    }

    private func text(of name: String, _ result: ToolResult) -> String {
        if let refusal = result.refusal { return words.serviceCannotBeChecked(name, refusal.message) }
        guard let state = result.metadata["state"]?.stringValue else {
            return words.serviceCannotBeChecked(name, result.error ?? "")
        }
        if state == "not-found" { return words.serviceIsNotThere(name) }
        return "\(name): \(state)" + (result.metadata["sub_state"]?.stringValue.map { " (\($0))" } ?? "")
    }

    private func question(about finding: HealthFinding) -> String {
        ["disk_percent", "inodes_percent"].contains(finding.code) ? words.askAboutDisks : words.askAboutSystem
    }

    private static func service(_ unit: String) -> String {
        unit.hasSuffix(".service") ? String(unit.dropLast(8)) : unit
    }

    /// A unit's name may be escaped to say anything; into a question only its plain letters go.
    private static func safeName(_ unit: String) -> String {
        String(service(unit).filter { $0.isASCII && ($0.isLetter || $0.isNumber || "@._-:".contains($0)) }.prefix(64))
    }
}
