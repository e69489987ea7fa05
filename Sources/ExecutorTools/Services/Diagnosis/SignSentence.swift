import ExecutorPolicy
import Systemd
import Wire

/// What a line of a unit's log says of the cause, in a sentence, with what the machine shows of it now.
struct SignSentence: Sendable {
    let machine: Machine
    let policy: Policy
    /// `nil` where systemd does not keep it.
    let unit: UnitState?

    func text(_ sign: LogSign) -> String {
        switch sign.code {
        case .portTaken: return portTaken(sign)
        case .permissionDenied: return permissionDenied(sign)
        case .readOnlyFileSystem: return readOnly(sign)
        case .diskFull: return FullDisk(proc: machine.processes.root).text(sign.path)
        case .connectionRefused: return refused(sign)
        case .tooManyFiles:
            let limit = unit?.count("LimitNOFILESoft").map { " (LimitNOFILE=\($0))" } ?? ""
            return "It has as many files open as it may\(limit)."
        case .processLimit:
            let limits = ["TasksMax", "LimitNPROC"].compactMap { name in unit?.count(name).map { "\(name)=\($0)" } }
            let limit = limits.isEmpty ? "" : " (\(limits.joined(separator: ", ")))"
            return "It could not make another process or thread\(limit)."
        default: return sign.sentence
        }
    }

    private func permissionDenied(_ sign: LogSign) -> String {
        let user = unit?.text("User") ?? "root"
        // Ports below 1024 are root's: ip(7), net.ipv4.ip_unprivileged_port_start.
        if sign.path == nil, let port = sign.port, port < 1024, user != "root" {
            return "Permission denied: port \(port), as \(user); a port below 1024 needs root or CAP_NET_BIND_SERVICE."
        }
        let why = user == "root" ? "; root is refused by the unit's own sandbox, AppArmor or SELinux" : ""
        return "Permission denied\(sign.path.map { ": \($0)\(mode($0))" } ?? ""), as \(user)\(why)."
    }

    /// Where the disk itself can be written, it is the unit that says otherwise.
    private func readOnly(_ sign: LogSign) -> String {
        let kinds = ["yes", "full", "strict"]
        guard let path = sign.path, let kind = unit?.text("ProtectSystem"), kinds.contains(kind),
            FullDisk(proc: machine.processes.root).mount(of: path)?.isFileSystemReadOnly != true
        else { return sign.sentence }
        return
            "It may not write \(path): its unit makes that read-only for it (ProtectSystem=\(kind)); ReadWritePaths= or "
            + "StateDirectory= opens a directory."
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
        return "Port \(port) is taken by \(holder.text)\(holder.forwardsTo == nil ? "" : publisher(of: port))."
    }

    /// Which container docker's proxy has it for.
    private func publisher(of port: UInt16) -> String {
        let docker = DockerCommand(runner: machine.runner, policy: policy)
        let container = PublishedPorts(docker: docker, cancellation: Cancellation()).container(publishing: port)
        return container.map { ", for the container \($0.name)" } ?? ""
    }

    private func refused(_ sign: LogSign) -> String {
        guard let port = sign.port, sign.isLocal else { return sign.sentence }
        let holder = holders(of: port).first
        let now = holder.map { "\($0.text) listens there now" } ?? "nobody listens there"
        return "What it connects to refuses the connection: port \(port) of this machine; \(now)."
    }

    private func holders(of port: UInt16) -> [PortHolder] {
        PortReport.read(port, processes: machine.processes, ports: machine.ports).listeners.map(\.holder)
    }
}
