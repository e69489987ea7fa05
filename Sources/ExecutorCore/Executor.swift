import ExecutorAPI
import ExecutorAudit
import ExecutorPolicy
import ExecutorRunner
import ExecutorTools
package import StrictJSON
import Synchronization
import Systemd
package import Wire

/// The privileged service: judges, records, runs, records, answers. Knows nothing of sockets or signals.
package final class Executor: Sendable {
    /// What is rebuilt when the administrator's files are read again.
    struct InForce: Sendable {
        var rules: RulesStore.Current
        var machine: Machine
        var catalog: ToolCatalog
    }

    let approvals = Approvals()
    let standing = StandingApprovals()
    let codes: CodeVerifier
    let audit: AuditLog
    let operations = Operations(memory: ExecutorLimits.operationMemory)
    let runner: Runner
    let started = ContinuousClock.now
    /// Calls of a past life that were begun and whose end nobody knows.
    let interrupted: Int
    let directories: Directories
    private let inForce: Mutex<InForce>
    private let rules: RulesStore
    private let load: Mutex<@Sendable () -> (connections: Int, calls: Int)> = Mutex { (0, 0) }

    /// Reads the rules, opens the audit log, takes up the last day's operations.
    ///
    /// - Throws: ``ExecutorError`` when the audit log cannot be opened. A bad rule file does not throw: such an
    ///   executor denies everything and says why.
    package init(_ directories: Directories) throws(ExecutorError) {
        self.directories = directories
        for path in [directories.logs, directories.state, directories.audit] { try Directories.make(path) }
        let rules = RulesStore(directories)
        self.rules = rules
        let current = rules.now
        do throws(AuditError) {
            audit = try AuditLog(
                directory: directories.audit, stateDirectory: directories.state,
                limits: AuditLimits(
                    fileBytes: current.settings.auditFileBytes, files: current.settings.auditRetentionFiles),
                mirror: AuditMirror.whereThereIsAJournal)
            try AuditLog.forEachRecentOperation(
                in: directories.audit, within: ExecutorLimits.operationMemory, operations.restore)
        } catch {
            throw ExecutorError(.audit, error.message)
        }
        codes = CodeVerifier(directory: directories.state)
        runner = Runner(
            configuration: Runner.Configuration(
                extraSecretNames: current.settings.secretPatterns,
                sandboxMode: current.settings.isSandboxLenient ? .lenient : .strict,
                controlGroups: ControlGroups.delegated()))
        interrupted = audit.interrupted.count
        inForce = Mutex(InForce(rules: current, runner))
        reportSandbox(current.policy)
    }

    /// Says at start and at each reload which rules this kernel cannot contain.
    private func reportSandbox(_ policy: Policy) {
        let asked = ["Landlock": policy.sandboxed.readOnly, "seccomp": policy.sandboxed.noSecondExec]
        for feature in runner.unavailableFeatures {
            guard let rules = asked[feature], !rules.isEmpty else { continue }
            let fields = ["MISSING": feature, "RULES": rules.map(\.text).joined(separator: ", ")]
            switch runner.configuration.sandboxMode {
            case .strict: Log.warning("Rules are refused: the kernel lacks what their sandbox asks for", fields)
            case .lenient: Log.warning("Rules run without their sandbox: the kernel lacks it", fields)
            }
        }
    }

    /// Rules and tools as they are now.
    var current: InForce { inForce.withLock { $0 } }

    /// Why the rule files on disk are not in force; `nil` where they are.
    package var ruleFault: String? { current.rules.fault }

    /// How busy the sockets are, for `executor/status`.
    package func reportLoad(by load: @escaping @Sendable () -> (connections: Int, calls: Int)) {
        self.load.withLock { $0 = load }
    }

    var socketLoad: (connections: Int, calls: Int) { load.withLock { $0 }() }

    /// Reads the rule files again; what is wrong with them stays out of force and is recorded.
    package func reload() throws(ExecutorError) {
        let fault: ExecutorError?
        do throws(ExecutorError) {
            try rules.reload()
            fault = nil
        } catch {
            fault = error
        }
        let now = rules.now
        inForce.withLock { inForce in
            if fault == nil { inForce = InForce(rules: now, runner) } else { inForce.rules = now }
        }
        reportSandbox(now.policy)
        approvals.forget(policyOtherThan: now.policy.digest)
        standing.forget(policyOtherThan: now.policy.digest)
        var event = AuditEvent(.reload)
        event.policy = now.policy.digest
        event.detail = fault.map { ["fault": .string($0.message)] } ?? [:]
        record(event)
        if let fault { throw fault }
    }

    /// Writes the record of a start or a stop.
    func recordLife(_ kind: AuditEvent.Kind, detail: [String: JSONValue]) {
        var event = AuditEvent(kind)
        event.policy = current.rules.policy.digest
        event.detail = detail
        record(event)
    }

    /// Ends every child; returns when they are gone.
    package func stopChildren() { runner.stopAll() }

    /// Appends what need not be on disk before something else happens; a log that cannot be written is said
    /// to the journal, and refuses the next call.
    func record(_ event: AuditEvent) {
        do throws(AuditError) {
            _ = try audit.append(event, durability: .buffered)
        } catch {
            Log.error("The audit log cannot be written", ["REASON": error.message])
        }
    }
}

extension Executor: RPCHandler {
    /// Checks in a fixed order, one early exit each: the revision, the verb, the role.
    package func answer(_ call: RPCCall) -> Result<JSONValue, RPCError> {
        do throws(RPCError) {
            try checkRevision(call)
            guard let method = ExecutorMethod(rawValue: call.method), let route = routes[method] else {
                throw .methodNotFound("This executor has no \"\(call.method.prefix(64))\"; see server/discover.")
            }
            let caller = Caller(call)
            guard route.roles.contains(caller.identity.role) else {
                throw .forbidden("\"\(call.method)\" is for the operator socket; yours is the agent's, or the reverse.")
            }
            return .success(Self.inRevision(of: call, try route.answer(self, call, caller)))
        } catch {
            return .failure(error)
        }
    }

    package func noticed(_ fault: String, session: RPCSession) {
        Log.notice("A message was refused", ["REASON": fault, "PEER_UID": String(session.peer.userID)])
    }

    package func ended(_ session: RPCSession) {
        approvals.forget(session: session.number)
        standing.forget(session: session.number)
    }

    /// A request that names no revision is taken as it is.
    private func checkRevision(_ call: RPCCall) throws(RPCError) {
        guard let version = call.params["_meta"]?[MCP.Meta.protocolVersion]?.stringValue else { return }
        guard MCP.supportedVersions.contains(version) else {
            throw .unsupportedRevision(requested: version)
        }
    }
}

extension Executor.InForce {
    fileprivate init(rules: RulesStore.Current, _ runner: Runner) {
        let machine = Machine(runner: runner, settings: rules.tools)
        self.init(rules: rules, machine: machine, catalog: ToolCatalog(machine: machine))
    }
}
