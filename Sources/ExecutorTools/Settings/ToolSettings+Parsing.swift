import ExecutorAPI
package import ExecutorPolicy
import StrictJSON

extension ToolSettings {
    /// A file of tools beside `tools.json`, with nothing but `own_tools` in it.
    package struct Pack: Sendable {
        package var bytes: [UInt8]
        package var name: String

        package init(bytes: [UInt8], name: String) { (self.bytes, self.name) = (bytes, name) }
    }

    /// Reads `tools.json`; the first entry it does not understand refuses the file.
    ///
    /// - Parameters:
    ///   - bytes: `nil` where there is no such file.
    ///   - name: The file as an error shall call it.
    ///   - packs: The files beside it, whose tools are the administrator's own too.
    ///   - policy: Where programs are pinned, and what paths may be read.
    package init(
        parsing bytes: [UInt8]?, name: String, packs: [Pack] = [], policy: PolicySettings = PolicySettings()
    ) throws(ToolSettingsError) {
        self.init()
        for pack in packs {
            let root = try Self.root(pack.bytes, pack.name)
            try root.allowOnly(["own_tools"])
            try readOwnTools(root, policy)
        }
        let root = try Self.root(bytes ?? Array("{}".utf8), name)
        try root.allowOnly(["certificates", "health", "logs", "own_tools", "services", "tools"])
        try readOwnTools(root, policy)
        if let object = try root.object("services") { services = try ServiceDefinition.all(object) }
        if let object = try root.object("tools") { try readTools(object) }
        if let object = try root.object("logs") { try readLogs(object) }
        if let object = try root.object("health") { try readHealth(object) }
        try readCertificates(root)
    }

    private static func root(_ bytes: [UInt8], _ name: String) throws(ToolSettingsError) -> SettingsObject {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw ToolSettingsError(
                file: name, entry: "", problem: "it is \(error)", remedy: "Mend the JSON at that place.")
        }
        return try SettingsObject(json, file: name, entry: "")
    }

    private mutating func readOwnTools(_ root: SettingsObject, _ policy: PolicySettings) throws(ToolSettingsError) {
        guard let object = try root.object("own_tools") else { return }
        try add(OwnToolDefinition.all(object, settings: policy), from: object)
    }

    private mutating func readTools(_ object: SettingsObject) throws(ToolSettingsError) {
        let names = ToolName.allCases.map(\.rawValue) + ownTools.map(\.name)
        try object.allowOnly(names)
        for name in names {
            guard let tool = try object.object(name) else { continue }
            let runsCommands = ![ToolName.checkPort, .systemHealth].contains(ToolName(rawValue: name))
            try tool.allowOnly(runsCommands ? ["approval", "enabled", "timeout"] : ["enabled"])
            var entry = ToolEntry()
            entry.isEnabled = try tool.bool("enabled") ?? true
            entry.timeout = try tool.duration("timeout", in: .seconds(1)...maximumTimeout)
            entry.approval = try tool.choice("approval").flatMap { ApprovalLevel(rawValue: $0) }
            tools[name] = entry
        }
    }

    private mutating func readLogs(_ object: SettingsObject) throws(ToolSettingsError) {
        try object.allowOnly(["default_lines", "maximum_lines"])
        logs.maximumLines = try object.integer("maximum_lines", in: 1...10_000) ?? logs.maximumLines
        logs.defaultLines =
            try object.integer("default_lines", in: 1...logs.maximumLines)
            ?? min(logs.defaultLines, logs.maximumLines)
    }

    private mutating func readHealth(_ object: SettingsObject) throws(ToolSettingsError) {
        try object.allowOnly(Self.thresholds.map(\.name))
        for threshold in Self.thresholds {
            guard let steps = try object.object(threshold.name) else { continue }
            try steps.allowOnly(["critical", "warn"])
            let current = health.thresholds[keyPath: threshold.path]
            let warn = try steps.number("warn", in: threshold.range) ?? current.warn
            let critical = try steps.number("critical", in: threshold.range) ?? current.critical
            guard threshold.worse == .more ? warn <= critical : warn >= critical else {
                throw steps.error(
                    "'warn' is \(warn) and 'critical' is \(critical)",
                    "Let 'warn' be reached before 'critical'.")
            }
            health.thresholds[keyPath: threshold.path] = HealthThresholds.Steps(warn: warn, critical: critical)
        }
    }

    private mutating func readCertificates(_ root: SettingsObject) throws(ToolSettingsError) {
        health.certificates = try root.strings("certificates") ?? []
        guard health.certificates.count <= CertificateFile.maximum else {
            throw root.error("there are more than \(CertificateFile.maximum)", "Remove some.", at: "certificates")
        }
        for path in health.certificates {
            let names = path.split(separator: "/")
            guard path.hasPrefix("/"), !names.contains(".."), names.allSatisfy({ $0 == "*" || !$0.contains("*") })
            else {
                throw root.error(
                    "\"\(PrintableText.line(path, limit: 64))\" is no absolute path",
                    "Write a path such as /etc/letsencrypt/live/*/fullchain.pem; a * is one whole name.",
                    at: "certificates")
            }
        }
    }

    private var maximumTimeout: Duration { .seconds(300) }

    private enum Worse { case more, less }

    private static var thresholds:
        [(
            name: String, path: WritableKeyPath<HealthThresholds, HealthThresholds.Steps>, range: ClosedRange<Double>,
            worse: Worse
        )]
    {
        [
            ("blocked_processes", \.blocked, 1...1_000_000, .more),
            ("certificate_days", \.certificate, 0...3650, .less),
            ("disk_percent", \.disk, 0...100, .more),
            ("inodes_percent", \.inodes, 0...100, .more),
            ("load_per_core", \.loadPerCore, 0...10_000, .more),
            ("memory_available_percent", \.memoryAvailable, 0...100, .less),
            ("open_files_percent", \.openFiles, 0...100, .more),
            ("pressure_percent", \.pressure, 0...100, .more),
            ("restarts", \.restarts, 1...1_000_000, .more),
            ("swap_percent", \.swap, 0...100, .more),
            ("temperature_celsius", \.temperature, 0...200, .more),
            ("zombies", \.zombies, 1...1_000_000, .more),
        ]
    }
}
