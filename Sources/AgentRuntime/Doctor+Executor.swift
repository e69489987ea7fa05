import ExecutorAPI
import ExecutorClient
import Foundation
package import StrictJSON
import Wire

// What the other half says of itself.
extension Doctor {
    func executor(_ socket: String) async -> [DoctorFinding] {
        do {
            let client = try ExecutorClient(socket: socket, name: "devops-agent doctor")
            defer { client.close() }
            return Self.read(try await client.status())
        } catch let error as SocketError {
            return [
                DoctorFinding(
                    "executor", .bad, error.message,
                    remedy: "systemctl status devops-executor; the socket is for root and the group devops-agent.")
            ]
        } catch let error as RPCError {
            return [
                DoctorFinding(
                    "executor", .bad,
                    "The executor does not tell this agent, \(programVersion), how it is: \(error.message)",
                    remedy:
                        "Install one version of both, and: systemctl restart devops-executor devops-agent; "
                        + "devops-executor --version says that half's.")
            ]
        } catch {
            return [DoctorFinding("executor", .bad, "The executor does not say how it is: \(error)")]
        }
    }

    /// - Parameter status: The answer to `executor/status`.
    package static func read(_ status: JSONValue) -> [DoctorFinding] {
        [version(status), rules(status), sandbox(status), audit(status), journal(status), docker(status)]
    }

    private static func version(_ status: JSONValue) -> DoctorFinding {
        guard let version = status["version"]?.stringValue else { return silent("executor", "which version it is") }
        switch version.compare(programVersion, options: .numeric) {
        case .orderedSame:
            return DoctorFinding(
                "executor", .good, "Version \(version), as the agent; commands run as \(identity(status)).")
        case .orderedAscending:
            return DoctorFinding(
                "executor", .warning, "The executor is version \(version), older than the agent's \(programVersion).",
                remedy: "Install devops-agent \(programVersion), and: systemctl restart devops-executor")
        case .orderedDescending:
            return DoctorFinding(
                "executor", .warning, "The executor is version \(version), newer than the agent's \(programVersion).",
                remedy: "Install devops-agent \(version), and: systemctl restart devops-agent")
        }
    }

    /// An executor of another version may not say all this one does.
    private static func silent(_ check: String, _ what: String) -> DoctorFinding {
        DoctorFinding(check, .unknown, "The executor does not say \(what).")
    }

    private static func identity(_ status: JSONValue) -> String { status["identity"]?.stringValue ?? "somebody" }

    private static func rules(_ status: JSONValue) -> DoctorFinding {
        if let fault = status["policy"]?["fault"]?.stringValue {
            return DoctorFinding(
                "policy", .bad, fault,
                remedy: "Mend the file; then: systemctl kill -s HUP --kill-whom=main devops-executor")
        }
        guard let rules = status["policy"]?["rules"]?.intValue else {
            return silent("policy", "which rules are in force")
        }
        return DoctorFinding("policy", .good, "\(rules) rules are in force.")
    }

    private static func sandbox(_ status: JSONValue) -> DoctorFinding {
        let containment = status["containment"]
        guard let missing = containment?["missing"]?.arrayValue?.compactMap(\.stringValue) else {
            return silent("sandbox", "what confines a command")
        }
        if missing.isEmpty {
            return DoctorFinding("sandbox", .good, "The kernel has all that confines a command.")
        }
        let lacks = "The kernel, or what the executor may use of it, lacks \(missing.joined(separator: ", "))"
        if containment?["sandbox"] == "lenient" {
            return DoctorFinding("sandbox", .warning, "\(lacks): commands run without, as executor.json says.")
        }
        return DoctorFinding(
            "sandbox", .bad, "\(lacks): rules that ask for it are refused.",
            remedy:
                "Boot a kernel that has it, or write \"sandbox\": \"lenient\" in /etc/devops-executor/executor.json.")
    }

    private static func audit(_ status: JSONValue) -> DoctorFinding {
        guard let isAvailable = status["audit"]?["available"]?.boolValue else {
            return silent("audit log", "whether it can be written")
        }
        guard isAvailable else {
            return DoctorFinding(
                "audit log", .bad, "The audit log cannot be written, so no command runs.",
                remedy: "df -h /var/log; journalctl -u devops-executor says why.")
        }
        return DoctorFinding("audit log", .good, "Record \(status["audit"]?["seq"]?.intValue ?? 0) is the newest.")
    }

    private static func journal(_ status: JSONValue) -> DoctorFinding {
        switch status["journal"]?.boolValue {
        case true?: DoctorFinding("journal", .good, "The executor reads the journal.")
        case false?:
            DoctorFinding(
                "journal", .warning, "The executor finds no journal: logs come from /var/log alone.",
                remedy: "mkdir -p /var/log/journal; systemctl restart systemd-journald")
        case nil: silent("journal", "whether it reads the journal")
        }
    }

    private static func docker(_ status: JSONValue) -> DoctorFinding {
        guard let isThere = status["docker"]?.boolValue else { return silent("docker", "whether docker is there") }
        return DoctorFinding(
            "docker", .good, isThere ? "Docker's socket is there." : "There is no docker: its tools say so.")
    }

    /// The whole chain is for operators to look at.
    func auditChain() async -> DoctorFinding {
        let check = "audit chain"
        guard access(places.operatorSocket, R_OK | W_OK) == 0 else {
            return DoctorFinding(
                check, .unknown, "Only root and the group devops-operators may verify it.",
                remedy: "sudo devops-agent doctor")
        }
        do {
            let client = try ExecutorClient(socket: places.operatorSocket, name: "devops-agent doctor")
            defer { client.close() }
            let verdict = try await client.request(.auditVerify)
            let said = verdict["message"]?.stringValue ?? verdict.text
            guard verdict["intact"]?.boolValue == true else {
                return DoctorFinding(
                    check, .bad, said, remedy: "Keep /var/log/devops-executor as it is, and find out who changed it.")
            }
            return DoctorFinding(check, .good, said)
        } catch {
            return DoctorFinding(check, .unknown, "The chain could not be verified: \(error)")
        }
    }
}
