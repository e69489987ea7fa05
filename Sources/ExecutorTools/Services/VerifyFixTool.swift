package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON
import ExecutorRunner
import Systemd
import Wire

/// `verify_fix`: whether a repair held.
package struct VerifyFixTool: Tool {
    private static let url = Argument<String?>.optionalText(
        "test_url", "An http or https address that must answer, such as http://localhost:80/.", maximumBytes: 2048)
    private static let table = ArgumentTable(ServiceName.argument, url)

    private let machine: Machine

    package init(machine: Machine) { self.machine = machine }

    package let definition = ToolDefinition(
        name: ToolName.verifyFix.rawValue, title: "Verify a repair",
        description: """
            Checks that a service is really up after a change: active and stable for three seconds, its \
            ports taking connections, its log without the failure that was there before, and, where test_url is given, \
            that the address answers, with a certificate that holds. Always call it after a \
            change, with the address users take where there is one. Answers a line for each check, ✅ or ❌, and \
            `verified`: only true is a success.
            """,
        inputSchema: Self.table.schema, readOnly: true, idempotent: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        do throws(Refusal) {
            let reader = try ArgumentReader(arguments, table: Self.table)
            let text = try reader.read(ServiceName.argument)
            let url = try reader.read(Self.url)
            let service = try ServiceName(text)
            let judged = JudgedTogether(
                [policy.judge(.unitStatus(text))] + (url.map { [policy.judge(.probe(url: $0))] } ?? []), policy: policy)
            return .judged(
                judged.verdict, command: "verify_fix \(text)\(url.map { " \($0)" } ?? "")",
                approval: machine.settings.entry(.verifyFix).approval
            ) { grant in
                ReadyCall(rule: grant.rule, command: grant.command, effect: .read) { context in
                    Verification(machine: machine, service: service, policy: policy, context: context)
                        .report(url.flatMap { url in judged.grants.last.map { (url, $0) } })
                }
            }
        } catch {
            return .refused(error, command: ToolName.verifyFix.rawValue)
        }
    }
}

/// One verification under way.
private struct Verification {
    let machine: Machine
    let service: ServiceName
    let policy: Policy
    let context: ToolContext

    func report(_ probe: (url: String, grant: Grant)?) -> ToolReport {
        let watch = ServiceWatch(machine: machine, service: service, policy: policy)
        do throws(SystemdError) {
            let first = try watch.snapshot(context)
            if let unit = first.unit, !unit.exists { return ToolReport(machine.unknownUnit(service)) }
            // On its way up, it has as long as a restart would give it.
            let settled =
                first.activity == .changing
                ? try watch.wait(atMost: UnitChange.settle, context) { $0.activity != .changing } : first
            let (last, problem) =
                settled.activity == .active
                ? try watch.hold(UnitChange.hold, from: settled, context) : (settled, nil)
            machine.waitForJournal()
            var checks = [state(last, problem)]
            if last.activity == .active { checks += ports(last) + [failure(last), errors(last)].compactMap { $0 } }
            let moment = ClockText.now
            let (answer, run) = probe.map { self.probe($0.grant, $0.url) } ?? (nil, nil)
            var findings = isUp(checks) ? [] : last.unit.map { diagnosis.findings(of: $0) } ?? []
            if let answer, let url = probe?.url {
                checks += [check(answer, url), certificate(answer)].compactMap { $0 }
                findings += causes(of: answer, url, last, since: moment)
            }
            return ToolReport(result(checks, findings, last, answer), run: run)
        } catch {
            return ToolReport(
                .failure(
                    "systemd could not be asked: \(error.message)",
                    metadata: ["service": .string(service.short), "verified": false, "service_active": .null]))
        }
    }

    private func result(
        _ checks: [VerifiedCheck], _ findings: [UnitFinding], _ snapshot: ServiceSnapshot, _ answer: ProbeAnswer?
    ) -> ToolResult {
        let failed = checks.filter { $0.outcome == .failed }
        var metadata = snapshot.metadata
        metadata["verified"] = JSONValue(failed.isEmpty)
        metadata["http_status"] = answer?.status.map { JSONValue($0) } ?? .null
        if let answer { metadata["http_seconds"] = answer.seconds.map { JSONValue($0) } ?? .null }
        if let days = answer?.certificateDays { metadata["certificate_days"] = JSONValue(days) }
        metadata["checks"] = .array(checks.map(\.json))
        if !findings.isEmpty { metadata["findings"] = .array(findings.map(\.json)) }
        let output = (checks.map(\.line) + findings.map(\.line)).joined(separator: "\n")
        if failed.isEmpty { return .success(output, metadata: metadata) }
        let reasons = failed.map(\.text).joined(separator: "; ")
        return .failure(
            "Not verified: \(reasons)\(reasons.hasSuffix(".") ? "" : ".")", output: output, metadata: metadata)
    }

    /// Why an address does not answer as it should: the server's own error says more than its number.
    private func causes(
        of answer: ProbeAnswer, _ url: String, _ snapshot: ServiceSnapshot, since moment: UInt64
    ) -> [UnitFinding] {
        let known = [answer.finding(url)].compactMap { $0 }
        guard (answer.status ?? 0) >= 400 else { return known }
        machine.waitForJournal()
        let errors = ServerErrors(
            machine: machine, service: service, unit: snapshot.unit, policy: policy, context: context)
        return errors.findings(since: moment) + known
    }

    private func isUp(_ checks: [VerifiedCheck]) -> Bool { checks.first?.outcome == .passed }

    private var diagnosis: UnitDiagnosis { UnitDiagnosis(machine: machine, policy: policy) }

    private func state(_ snapshot: ServiceSnapshot, _ problem: String?) -> VerifiedCheck {
        let words = "\(snapshot.name): \(snapshot.words)"
        if let problem { return VerifiedCheck("service", .failed, "\(words), \(problem)") }
        switch snapshot.activity {
        case .active:
            return VerifiedCheck("service", .passed, "\(words), stable for \(UnitChange.hold)")
        case .unknown:
            return VerifiedCheck("service", .failed, "\(words): \(snapshot.source ?? "")")
        default:
            let why = snapshot.unit.flatMap { ExitMeaning.result(of: $0) } ?? snapshot.source
            return VerifiedCheck("service", .failed, words + (why.map { ", \($0)" } ?? ""))
        }
    }

    /// Each port it listens on takes a connection.
    private func ports(_ snapshot: ServiceSnapshot) -> [VerifiedCheck] {
        let listeners = ServicePorts(machine: machine).listeners(of: snapshot)
        guard !listeners.isEmpty else { return [VerifiedCheck("port", .note, "listens on no TCP port")] }
        let ports = Set(listeners.map(\.port)).sorted().prefix(Self.probedPorts)
        return ports.map { port in
            let addresses = listeners.filter { $0.port == port }.map(\.address.reachable)
            let answers = addresses.map { PortProbe.connect(to: $0, port: port) }
            if answers.contains(where: \.isOpen) {
                return VerifiedCheck("port", .passed, "listens on port \(port), which takes connections")
            }
            return VerifiedCheck("port", .failed, "port \(port) \(answers[0].text)")
        }
    }

    /// Of a service with more ports, so many are connected to.
    private static let probedPorts = 16

    private func failure(_ snapshot: ServiceSnapshot) -> VerifiedCheck? {
        snapshot.unit.flatMap { FailureBefore(machine: machine, unit: $0).check }
    }

    /// New errors of this start are worth a line; whether it works, the other checks say.
    private func errors(_ snapshot: ServiceSnapshot) -> VerifiedCheck? {
        guard let invocation = snapshot.unit?.invocation, machine.hasJournal else { return nil }
        let log = ServiceLog(machine: machine, service: service, policy: policy)
        let errors = log.errors(context, invocation: invocation, limit: 3)
        guard !errors.isEmpty else {
            return VerifiedCheck("log", .passed, "no errors in its log since it was started")
        }
        return VerifiedCheck("log", .note, "its log since it was started: \(errors.joined(separator: " | "))")
    }

    private func probe(_ grant: Grant, _ url: String) -> (ProbeAnswer, RunResult?) {
        let (first, run) = ask(grant)
        let chain = RedirectChain { url in
            guard case .allowed(let grant) = policy.judge(.probe(url: url)), grant.effect == .read else { return nil }
            return ask(grant).answer
        }
        return (chain.judge(first, from: url), run)
    }

    private func ask(_ grant: Grant) -> (answer: ProbeAnswer, RunResult?) {
        do throws(RunnerError) {
            let run = try machine.runner.run(
                grant, timeout: machine.settings.entry(.verifyFix).timeout, cancellation: context.cancellation,
                onOutput: nil)
            return (ProbeAnswer(run), run)
        } catch {
            return (ProbeAnswer(error), nil)
        }
    }

    private func check(_ answer: ProbeAnswer, _ url: String) -> VerifiedCheck {
        VerifiedCheck(
            "http", answer.isGood ? .passed : .failed,
            "\(PrintableText.line(url)) → \(answer.words)")
    }

    private func certificate(_ answer: ProbeAnswer) -> VerifiedCheck? {
        guard let days = answer.certificateDays else { return nil }
        if days < 0 { return VerifiedCheck("certificate", .failed, "its certificate has expired") }
        let isShort = days < Self.certificateDays
        return VerifiedCheck(
            "certificate", isShort ? .note : .passed,
            "its certificate holds \(days) days more\(isShort ? ": renew it soon" : "")")
    }

    /// A certificate that ends sooner is worth a line.
    private static let certificateDays = 14
}
