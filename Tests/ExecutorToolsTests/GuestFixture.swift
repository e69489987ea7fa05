import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Systemd
import Wire

/// Units of a test's own in a machine with a real systemd, whose bus `SYSTEMD_TEST_BUS` names.
///
/// Where the tests run among the machine's processes and in its network (`scripts/guest.sh join`), ports are seen too.
final class GuestFixture {
    static let busAddress = getenv("SYSTEMD_TEST_BUS").map { String(cString: $0) }
    /// The machine's root directory.
    static let root: String? = busAddress.flatMap { address in
        let (prefix, suffix) = ("unix:path=", "/run/dbus/system_bus_socket")
        guard address.hasPrefix(prefix), address.hasSuffix(suffix) else { return nil }
        return String(address.dropFirst(prefix.count).dropLast(suffix.count))
    }
    /// Whether this process is in the machine's network.
    static let isInside = root == "/proc/1/root"

    let run: RunCommandFixture
    let machine: Machine
    let root: String
    private var units: [String] = []
    private var files: [String] = []
    private static let suffix = String(getpid() % 100_000)

    /// - Parameter rules: More rules beside those of the services.
    init(rules: [String] = []) throws {
        let own = [
            #""systemctl status *", "systemctl restart *", "systemctl start *", "systemctl stop *", "curl -s *""#,
            #"{"command": "systemctl enable {unit}", "effect": "change", "run_as": "root"}"#,
        ]
        run = try RunCommandFixture(rules: "{\"system\": [\((own + rules).joined(separator: ", "))]}")
        root = Self.root ?? "/nonexistent"
        machine = Machine(
            runner: run.runner, settings: ToolSettings(), journalDirectory: "\(root)/var/log/journal",
            journalSocket: "\(root)\(JournalSync.machineSocket)",
            procRoot: "\(root)/proc", busAddress: Self.busAddress)
    }

    deinit {
        for unit in units { _ = change(.stop, unit) }
        for file in files { unlink(file) }
    }

    /// The name under which this run of the tests knows a unit: systemd remembers those of the last.
    static func name(_ stem: String, _ kind: String = "service") -> String { "\(stem)-\(suffix).\(kind)" }

    /// Writes a unit's file; systemd reads it when the unit is first asked for.
    ///
    /// - Returns: The unit's name.
    @discardableResult
    func unit(_ stem: String, kind: String = "service", _ text: String) throws -> String {
        let name = Self.name(stem, kind)
        try write("/run/systemd/system/\(name)", text + "\n")
        units.append(name)
        return name
    }

    /// A service of these lines.
    @discardableResult
    func service(_ stem: String, _ lines: String..., unit: String = "") throws -> String {
        try self.unit(stem, "[Unit]\n\(unit)\n[Service]\n\(lines.joined(separator: "\n"))")
    }

    func write(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
        let path = root + path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard descriptor >= 0 else { throw SetUpFailed(call: "open \(path)", code: errno) }
        defer { close(descriptor) }
        files.append(path)
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SetUpFailed(call: "write", code: errno)
        }
    }

    func mask(_ stem: String) throws -> String {
        let name = Self.name(stem)
        let path = "\(root)/run/systemd/system/\(name)"
        guard symlink("/dev/null", path) == 0 else { throw SetUpFailed(call: "symlink", code: errno) }
        files.append(path)
        return name
    }

    func change(_ verb: UnitVerb, _ unit: String) -> ToolResult {
        UnitChange(machine: machine).perform(
            verb: verb, unit: unit, policy: run.policy, context: ToolContext(cancellation: Cancellation())
        ).result
    }

    func check(_ unit: String) -> ToolResult {
        run.call(CheckServiceTool(machine: machine), ["service": .string(unit)])
    }

    /// Asks until the answer names the cause: one that goes up and down is not yet at its end when the change is.
    ///
    /// - Parameter words: And until it says these: journald may have a process's last words a moment after systemd's.
    func check(_ unit: String, until code: String, saying words: [String] = []) -> ToolResult {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let result = check(unit)
            let isTold = result.findings.contains(code) && words.allSatisfy { result.output.contains("\($0)") }
            if isTold || ContinuousClock.now > deadline { return result }
            usleep(20_000)
        }
    }
}

extension ToolResult {
    /// The names of the causes that were found.
    var findings: [String] {
        metadata["findings"]?.arrayValue?.compactMap { $0["code"]?.stringValue } ?? []
    }
}
