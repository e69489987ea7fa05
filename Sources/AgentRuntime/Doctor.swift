import Foundation
package import StrictJSON

/// Looks at all the agent depends on, and says what is wrong and what to do about it.
///
/// It changes nothing: it may run beside the service, as root or as anybody; what the caller may not look at is unknown.
package struct Doctor: Sendable {
    /// Where the parts are; tests name others.
    package struct Places: Sendable {
        package var environmentFile = AgentFiles.environment
        package var credentials = AgentFiles.credentials
        package var state = AgentFiles.state
        package var operatorSocket = "/run/devops-executor/operator.sock"
        package init() {}
    }

    let places: Places
    let environment: [String: String]

    package init(places: Places = Places(), environment: [String: String]) {
        (self.places, self.environment) = (places, environment)
    }

    /// Every check, in the order in which one leads to the next.
    package func examine() async -> [DoctorFinding] {
        var findings = permissions() + [disk(), systemd()]
        do throws(SettingsError) {
            let settings = try AgentSettings(environment: environment, purpose: .service)
            findings.append(
                DoctorFinding(
                    "configuration", .good, "\(settings.allowedUserIDs.count) user(s), model \(settings.model)."))
            findings += await accounts(settings)
        } catch {
            findings += error.problems.map {
                DoctorFinding("configuration", .bad, $0, remedy: Self.editSettings(places))
            }
        }
        let socket = environment["EXECUTOR_SOCKET"].flatMap { $0.isEmpty ? nil : $0 } ?? AgentFiles.executorSocket
        return findings + (await executor(socket)) + [await auditChain()]
    }

    /// 0 where nothing is bad, else 1.
    package static func exitStatus(_ findings: [DoctorFinding]) -> Int32 {
        findings.contains { $0.state == .bad } ? 1 : 0
    }

    /// `{version, healthy, findings: [{check, state, detail, remedy}]}`
    package static func json(_ findings: [DoctorFinding]) -> JSONValue {
        [
            "version": .string(AgentCommand.version), "healthy": .bool(exitStatus(findings) == 0),
            "findings": .array(findings.map(\.json)),
        ]
    }

    private static func editSettings(_ places: Places) -> String {
        "Edit \(places.environmentFile), or write the secret to \(places.credentials)/NAME; then: systemctl restart devops-agent"
    }
}

/// Where an installed agent's files are; `systemd/` has the same.
package enum AgentFiles {
    package static let environment = "/etc/devops-agent/agent.env"
    package static let credentials = "/etc/devops-agent/credentials"
    package static let state = "/var/lib/devops-agent"
    package static let executorSocket = "/run/devops-executor/executor.sock"
}
