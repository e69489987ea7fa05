package import ExecutorAPI
package import ExecutorPolicy
package import StrictJSON
import Systemd

/// `check_service`: whether a service runs, and if not, why.
package struct CheckServiceTool: Tool {
    private static let table = ArgumentTable(ServiceName.argument)

    private let machine: Machine

    package init(machine: Machine) { self.machine = machine }

    package let definition = ToolDefinition(
        name: ToolName.checkService.rawValue, title: "State of a service",
        description: """
            Says whether a service runs: its state, since when, main process, memory, restarts, why it is not up \
            (each cause by name: port taken, start limit, crash loop, bad configuration …), and the last error lines of \
            its log. Use it first when something does not answer, and name the service as systemd \
            does (nginx, postgresql@15-main, apt-daily.timer). Where systemd is not the service manager, it says so and \
            tells what the service's pid file or processes show.
            """,
        inputSchema: Self.table.schema, readOnly: true, idempotent: true)

    package func prepare(_ arguments: [String: JSONValue], policy: Policy) -> Preparation {
        do throws(Refusal) {
            let text = try ArgumentReader(arguments, table: Self.table).read(ServiceName.argument)
            let service = try ServiceName(text)
            let settings = machine.settings.entry(.checkService)
            return .judged(
                policy.judge(.unitStatus(text)), command: "check_service \(text)", approval: settings.approval
            ) { grant in
                ReadyCall(rule: grant.rule, command: grant.command, effect: .read) { context in
                    ToolReport(check(service, policy, context))
                }
            }
        } catch {
            return .refused(error, command: ToolName.checkService.rawValue)
        }
    }

    /// The same for `systemctl status` where that has nobody to ask.
    package func check(_ service: String, policy: Policy, context: ToolContext) -> ToolResult {
        do throws(Refusal) {
            return check(try ServiceName(service), policy, context)
        } catch {
            return .refused(error)
        }
    }

    func check(_ service: ServiceName, _ policy: Policy, _ context: ToolContext) -> ToolResult {
        let watch = ServiceWatch(machine: machine, service: service, policy: policy)
        let log = ServiceLog(machine: machine, service: service, policy: policy)
        if service.isTemplate, case .systemd(let bus) = watch.keeper { return machine.template(service, bus) }
        do throws(SystemdError) {
            let snapshot = try watch.snapshot(context)
            if let unit = snapshot.unit, !unit.exists { return machine.unknownUnit(service) }
            return report(snapshot, watch.keeper, log, policy, context)
        } catch {
            return .failure(
                "systemd could not be asked: \(error.message)", metadata: ["service": .string(service.short)])
        }
    }

    private func report(
        _ snapshot: ServiceSnapshot, _ keeper: ServiceKeeper, _ log: ServiceLog, _ policy: Policy,
        _ context: ToolContext
    ) -> ToolResult {
        var lines = [snapshot.line]
        var metadata = snapshot.metadata
        if let unit = snapshot.unit {
            let findings = UnitDiagnosis(machine: machine, policy: policy).findings(of: unit)
            let report = UnitReport(unit: unit)
            lines += findings.map(\.line) + report.lines
            metadata.merge(report.metadata) { first, _ in first }
            metadata["findings"] = .array(findings.map(\.json))
        } else {
            lines += [machine.managerSentence(keeper), snapshot.source.map { "Known from this: \($0)." } ?? ""]
        }
        let ports = ServicePorts(machine: machine).listeners(of: snapshot)
        if let text = ServicePorts.text(ports) { lines.append("Listens on: \(text)") }
        metadata["ports"] = .array(Set(ports.map(\.port)).sorted().map { JSONValue(Int($0)) })
        let errors = log.errors(context)
        if !errors.isEmpty { lines += ["Last errors in its log:"] + errors.map { "  \($0)" } }
        metadata["errors"] = JSONValue(errors)
        return .success(lines.joined(separator: "\n"), metadata: metadata)
    }
}

extension Machine {
    /// One sentence about who keeps services here, where that is not systemd.
    func managerSentence(_ keeper: ServiceKeeper) -> String {
        switch keeper {
        case .systemd: "systemd keeps it."
        case .defined(let definition): "It is kept by the commands of services.\(definition.name) in tools.json."
        case .nobody: "systemd is not the service manager here (it is not process 1), so no unit can be asked about."
        }
    }

    /// A template is no unit: its instances are.
    func template(_ service: ServiceName, _ bus: SystemBus) -> ToolResult {
        let (prefix, suffix) = service.templateParts
        let instances = ((try? bus.units()) ?? []).filter {
            $0.name.hasPrefix(prefix) && $0.name.hasSuffix(suffix) && $0.load == "loaded"
        }
        let lines = instances.map { unit in
            SafeText.line("\(unit.name): \(unit.active) (\(unit.sub))", limit: 300)
        }
        let known = lines.isEmpty ? "None is loaded." : "Its instances:"
        return .failure(
            "\(service.unit) is a template; ask for an instance of it, such as \(prefix)NAME\(suffix).",
            output: ([known] + lines).joined(separator: "\n"),
            metadata: [
                "service": .string(service.short), "service_active": .null, "pid": .null,
                "instances": JSONValue(instances.map(\.name)),
            ])
    }

    /// There is no such unit: the nearest names.
    func unknownUnit(_ service: ServiceName) -> ToolResult {
        let names = (try? systemBus()?.unitNames()) ?? []
        let near = NearestNames.of(service.unit, among: names.union(settings.services.keys))
        let hint =
            near.isEmpty ? "" : " Names like it: \(near.map { SafeText.line($0, limit: 200) }.joined(separator: ", "))."
        return .failure(
            "There is no unit '\(service.unit)'.\(hint)",
            metadata: [
                "service": .string(service.short), "service_active": false, "state": "not-found", "sub_state": "dead",
                "pid": .null, "nearest": JSONValue(near),
            ])
    }
}
