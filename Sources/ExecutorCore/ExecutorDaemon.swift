import CLinux
import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import Glibc
import StrictJSON
import Synchronization
import Systemd
import Wire

/// The executor as a process: signals, sockets, the service manager.
///
/// Construct it first thing in the process: it blocks the signals it waits for, and threads started
/// earlier would take them.
package final class ExecutorDaemon: Sendable {
    /// How long calls in flight may go on after SIGTERM, and then how long their ending may take.
    private static let stopPatience = Duration.seconds(10)
    /// How often the audit log is looked after when nothing happens: what is unsigned for an hour is signed then.
    private static let upkeepInterval = Duration.seconds(60)
    private static let heaps: Int32 = 1
    private static let signals = [SIGHUP, SIGINT, SIGTERM]

    private let directories: Directories
    private let executor: Executor
    private let server: RPCServer
    private let notifier = Notifier()

    /// - Throws: ``ExecutorError`` when the audit log or a directory cannot be used.
    package init(_ directories: Directories) throws(ExecutorError) {
        self.directories = directories
        Self.blockSignals()
        // Each call has a thread, and by default each thread one of many heaps that never shrink: under floods the
        // daemon grew by half, and with one heap it does not (SoakTests). Few threads allocate at once here.
        _ = clinux_limit_heaps(Self.heaps)
        executor = try Executor(directories)
        server = RPCServer(endpoints: try Self.endpoints(directories), handler: executor)
        executor.reportLoad { [server] in server.load }
    }

    /// Serves until SIGTERM or SIGINT; returns when every call has ended and the stop is recorded.
    ///
    /// - Throws: ``ExecutorError`` when a socket cannot be made.
    package func run() throws(ExecutorError) {
        do throws(SocketError) {
            try server.start()
        } catch {
            throw ExecutorError(.socket, error.message)
        }
        executor.recordLife(
            .start, detail: ["version": .string(programVersion), "pid": JSONValue(Int(getpid()))])
        if let fault = executor.ruleFault {
            Log.error("The rules were refused, so everything is denied", ["REASON": fault])
            notifier.status("Rules refused, everything is denied: \(fault)")
        } else {
            sayReady()
        }
        waitForStop()
        notifier.stopping()
        Log.info("Stopping: calls in flight may end", [:])
        server.stop(patience: Self.stopPatience)
        executor.stopChildren()
        executor.recordLife(.stop, detail: [:])
        do throws(AuditError) {
            try executor.audit.close()
        } catch {
            Log.error("The end of the audit log could not be signed", ["REASON": error.message])
        }
    }

    private func sayReady() {
        notifier.ready(status: "Serving \(directories.agentSocket)")
        Log.info("Serving", ["SOCKET": directories.agentSocket, "OPERATOR_SOCKET": directories.operatorSocket])
    }

    /// Waits for signals on this thread, and feeds the watchdog between them.
    private func waitForStop() {
        var set = Self.signalSet()
        var wasReady = executor.ruleFault == nil
        var signal: Int32 = 0
        while signal != SIGTERM, signal != SIGINT {
            let watchdog = notifier.watchdogInterval.map { $0 / 2 }
            var pause = Self.timespec(min(watchdog ?? Self.upkeepInterval, Self.upkeepInterval))
            signal = sigtimedwait(&set, nil, &pause)
            switch signal {
            case SIGHUP: reload(wasReady: &wasReady)
            case -1 where errno == EAGAIN:
                // Each of these takes a lock that calls take: a daemon that hangs in one feeds no watchdog.
                _ = (server.load, executor.ruleFault, executor.audit.head)
                maintainAudit()
                clinux_give_back_memory()
                notifier.watchdog()
            default: break
            }
        }
    }

    private func maintainAudit() {
        do throws(AuditError) {
            try executor.audit.maintain()
        } catch {
            Log.error("The audit log cannot be written", ["REASON": error.message])
        }
    }

    private func reload(wasReady: inout Bool) {
        notifier.reloading()
        do throws(ExecutorError) {
            try executor.reload()
            Log.info("Rules read again", [:])
        } catch {
            Log.error("The rules were refused; the last good ones stay in force", ["REASON": error.message])
        }
        wasReady = wasReady || executor.ruleFault == nil
        if wasReady { sayReady() }
    }
}

// What surrounds the service: sockets and who may open them, signals.
extension ExecutorDaemon {
    /// `executor.sock` for the agent's group, `operator.sock` for the operators'; without root or without the
    /// groups, for this user alone.
    private static func endpoints(_ directories: Directories) throws(ExecutorError) -> [RPCServer.Endpoint] {
        try Directories.make(directories.runtime)
        // Without sockets of the manager's, or with something else, the daemon makes its own.
        let activated = try? ActivatedSockets()
        return [
            endpoint(directories.agentSocket, .agent, group: "devops-agent", activated),
            endpoint(directories.operatorSocket, .operator, group: "devops-operators", activated),
        ]
    }

    /// A socket unit's `FileDescriptorName=` is the role.
    private static func endpoint(
        _ path: String, _ role: Role, group name: String, _ activated: ActivatedSockets?
    ) -> RPCServer.Endpoint {
        let inherited = activated?.unixListener(named: role.rawValue)
        let group = geteuid() == 0 ? getgrnam(name)?.pointee.gr_gid : nil
        return RPCServer.Endpoint(
            path: path, label: role.rawValue, mode: group == nil ? 0o600 : 0o660, group: group, inherited: inherited)
    }

    private static func signalSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        return set
    }

    private static func blockSignals() {
        var set = signalSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A peer that closed its socket is an error of send(2), not an end of the daemon.
        signal(SIGPIPE, SIG_IGN)
    }

    private static func timespec(_ duration: Duration) -> Glibc.timespec {
        let parts = duration.components
        return Glibc.timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    }
}
