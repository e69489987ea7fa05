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
            Says whether a service runs: its state, since when, main process, memory, restarts, why it ended, and the \
            last error lines of its log. Use it first when something does not answer, and name the service as systemd \
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
        do throws(SystemdError) {
            let snapshot = try watch.snapshot(context)
            if let unit = snapshot.unit, !unit.exists { return machine.unknownUnit(service) }
            return report(snapshot, watch.keeper, log, context)
        } catch {
            return .failure(
                "systemd could not be asked: \(error.message)", metadata: ["service": .string(service.short)])
        }
    }

    private func report(
        _ snapshot: ServiceSnapshot, _ keeper: ServiceKeeper, _ log: ServiceLog, _ context: ToolContext
    ) -> ToolResult {
        var lines = [snapshot.line]
        var metadata = snapshot.metadata
        if let unit = snapshot.unit {
            let report = UnitReport(unit: unit)
            lines += report.lines
            metadata.merge(report.metadata) { first, _ in first }
            lines += missing(unit)
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

    /// What it needs that is not up, where it is not up itself.
    private func missing(_ unit: UnitState) -> [String] {
        guard !unit.isActive, let bus = machine.systemBus() else { return [] }
        let needed = Set(unit.texts("Requires") + unit.texts("BindsTo") + unit.texts("Requisite"))
        return needed.sorted().prefix(Self.dependencies).compactMap { name in
            guard let other = try? bus.unit(name), !other.isActive, other.active != "activating" else { return nil }
            // A mount or a slice of an inactive unit is inactive with it; what failed or is not there is worth a line.
            guard other.active == "failed" || ["not-found", "masked", "bad-setting"].contains(other.load) else {
                return nil
            }
            return
                "Needs \(SafeText.line(name, limit: 200)), which is \(other.load == "loaded" ? other.active : other.load)"
        }
    }

    /// So many of the units it needs are looked at.
    private static let dependencies = 30
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
