package import ExecutorRunner
package import Systemd

/// The machine the tools look at and change: its interfaces, in one place.
package final class Machine: Sendable {
    package let runner: Runner
    package let settings: ToolSettings
    let processes: ProcessTable
    let ports: PortTable
    /// Where the journal's files are; `nil` for the machine's own.
    let journalDirectory: String?
    private let journalSync: JournalSync
    private let bus: SystemBus?

    /// - Parameters:
    ///   - journalDirectory: Journal files to read instead of the machine's.
    ///   - journalSocket: Where journald answers.
    ///   - busAddress: Where systemd answers, when it is not this machine's own.
    package init(
        runner: Runner, settings: ToolSettings, journalDirectory: String? = nil,
        journalSocket: String = JournalSync.machineSocket, procRoot: String = "/proc",
        busAddress: String? = nil
    ) {
        (self.runner, self.settings, self.journalDirectory) = (runner, settings, journalDirectory)
        journalSync = JournalSync(path: journalSocket)
        (processes, ports) = (ProcessTable(root: procRoot), PortTable(root: procRoot))
        bus = busAddress != nil || SystemBus.isBooted ? SystemBus(address: busAddress) : nil
    }

    /// Whether systemd is the service manager here.
    package var bootedWithSystemd: Bool { bus != nil }

    /// systemd, where it is the service manager.
    package func systemBus() -> SystemBus? { bus }

    /// Whether there is a journal to read.
    var hasJournal: Bool { bootedWithSystemd || journalDirectory != nil }

    /// Waits until the journal has all that was logged so far: systemd knows of a failure before journald has its words.
    func waitForJournal() { if hasJournal { journalSync.wait(atMost: Self.journalPatience) } }

    private static let journalPatience = Duration.seconds(1)

    /// Who keeps a service: the administrator's own definition comes before systemd.
    func keeper(of service: ServiceName) -> ServiceKeeper {
        if let definition = settings.services[service.short] ?? settings.services[service.unit] {
            return .defined(definition)
        }
        return bus.map { .systemd($0) } ?? .nobody
    }
}

/// Who starts a service, and knows whether it runs.
enum ServiceKeeper: Sendable {
    case systemd(SystemBus)
    /// Command lines and a pid file of `tools.json`.
    case defined(ServiceDefinition)
    /// Neither: only its processes can be seen.
    case nobody
}
