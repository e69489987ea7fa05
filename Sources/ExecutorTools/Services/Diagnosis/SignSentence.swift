import ExecutorPolicy
import Systemd

/// What a line of a unit's log says of the cause, in a sentence, with what the machine shows of it now.
struct SignSentence: Sendable {
    let machine: Machine
    let policy: Policy
    /// `nil` where systemd does not keep it.
    let unit: UnitState?

    func text(_ sign: LogSign) -> String {
        let path = sign.path.map { ": \($0)" } ?? ""
        switch sign.code {
        case .portTaken: return portTaken(sign)
        case .permissionDenied: return permissionDenied(sign)
        case .diskFull: return FullDisk(proc: machine.processes.root).text(sign.path)
        case .readOnlyFileSystem: return "A file system is read-only\(path)."
        case .missingFile: return "A file is missing\(path)."
        case .missingLibrary:
            return "A shared library that its program needs is missing\(sign.subject.map { ": \($0)" } ?? "")."
        case .nameNotResolved: return "A host's name cannot be resolved (DNS)\(sign.subject.map { ": \($0)" } ?? "")."
        case .connectionRefused: return refused(sign)
        case .tooManyFiles:
            let limit = unit?.count("LimitNOFILESoft").map { " (LimitNOFILE=\($0))" } ?? ""
            return "It has as many files open as it may\(limit)."
        case .processLimit:
            let limit = unit?.count("TasksMax").map { " (TasksMax=\($0))" } ?? ""
            return "It could not make another process or thread\(limit)."
        case .outOfMemory: return "It got no more memory."
        case .ioError: return "A disk or file system does not work (input/output error)\(path)."
        case .loginRefused: return "What it connects to refuses its user or password."
        case .certificateExpired: return "A certificate has expired\(path)."
        case .certificateInvalid: return "A certificate is not accepted\(path)."
        default: return "Its configuration is not accepted\(path)."
        }
    }

    private func permissionDenied(_ sign: LogSign) -> String {
        let user = unit?.text("User") ?? "root"
        // Ports below 1024 are root's: ip(7), net.ipv4.ip_unprivileged_port_start.
        if sign.path == nil, let port = sign.port, port < 1024, user != "root" {
            return "Permission denied: port \(port), as \(user); a port below 1024 needs root or CAP_NET_BIND_SERVICE."
        }
        return "Permission denied\(sign.path.map { ": \($0)\(mode($0))" } ?? ""), as \(user)."
    }

    /// Only of a file that a rule could read: the words of a log are not to tell what else there is.
    private func mode(_ path: String) -> String { policy.couldRead(path) ? FileMode.text(of: path) : "" }

    /// `Port 80 is taken by apache2 (pid 12), unit apache2.service.`
    private func portTaken(_ sign: LogSign) -> String {
        guard let port = sign.port else { return "A port it wants is taken." }
        let holders = holders(of: port)
        guard let holder = holders.first(where: { $0.unit != unit?.id && $0.pid != nil }) ?? holders.first else {
            return "Port \(port) was taken; nobody listens on it now."
        }
        return "Port \(port) is taken by \(holder.text)."
    }

    private func refused(_ sign: LogSign) -> String {
        guard let port = sign.port, sign.isLocal else { return "What it connects to refuses the connection." }
        let holder = holders(of: port).first
        let now = holder.map { "\($0.text) listens there now" } ?? "nobody listens there"
        return "What it connects to refuses the connection: port \(port) of this machine; \(now)."
    }

    private func holders(of port: UInt16) -> [PortHolder] {
        PortReport.read(port, processes: machine.processes, ports: machine.ports).listeners.map(\.holder)
    }
}
