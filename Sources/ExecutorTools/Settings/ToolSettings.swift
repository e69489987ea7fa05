package import ExecutorAPI
package import ExecutorPolicy

/// What `tools.json` says; where it is silent, or not there, the defaults are these.
package struct ToolSettings: Sendable {
    /// What may be set for one tool.
    package struct ToolEntry: Sendable, Hashable {
        package var isEnabled = true
        /// How long a call may take, where its argument does not say.
        package var timeout: Duration?
        /// Asked for beside what the allowlist asks for; of the two the stricter.
        package var approval: ApprovalLevel?

        package init() {}
    }

    package struct Logs: Sendable, Hashable {
        /// Lines where a call does not say how many.
        package var defaultLines = 50
        package var maximumLines = 1000

        package init() {}
    }

    package var tools: [String: ToolEntry] = [:]
    package var logs = Logs()
    package var health = HealthSettings()
    /// Services that systemd does not keep, by name.
    package var services: [String: ServiceDefinition] = [:]
    /// Tools of the administrator's own, those of the packs among them.
    package private(set) var ownTools: [OwnToolDefinition] = []

    package init() {}

    package func entry(_ name: ToolName) -> ToolEntry { entry(of: name.rawValue) }
    package func entry(of name: String) -> ToolEntry { tools[name] ?? ToolEntry() }

    static func builtIn(_ name: String) -> ToolName? { ToolName(rawValue: name) }

    /// Takes up tools of the administrator's own.
    ///
    /// - Throws: ``ToolSettingsError`` where two have one name, or there are too many.
    mutating func add(_ more: [OwnToolDefinition], from object: SettingsObject) throws(ToolSettingsError) {
        for tool in more {
            guard !ownTools.contains(where: { $0.name == tool.name }) else {
                throw object.error("another file has a tool of this name", "Give each its own name.", at: tool.name)
            }
            ownTools.append(tool)
        }
        guard ownTools.count <= OwnCommand.maximum else {
            throw object.error("there are more than \(OwnCommand.maximum) tools", "Remove some.")
        }
    }
    package func isEnabled(_ name: ToolName) -> Bool { entry(name).isEnabled }
}

/// What `system_health` looks at, and what it finds worth a word.
package struct HealthSettings: Sendable, Hashable {
    package var thresholds = HealthThresholds()
    /// Files of certificates; `*` stands for one whole name.
    package var certificates: [String] = []

    package init() {}
}

/// From where on a figure of ``SystemHealth`` is worth a word.
package struct HealthThresholds: Sendable, Hashable {
    /// Two steps of one figure: at or past `warn` it is a warning, at or past `critical` critical.
    package struct Steps: Sendable, Hashable {
        package var warn: Double
        package var critical: Double

        package init(warn: Double, critical: Double) { (self.warn, self.critical) = (warn, critical) }
    }

    /// Used space of a file system, in percent.
    package var disk = Steps(warn: 80, critical: 95)
    package var inodes = Steps(warn: 80, critical: 95)
    /// Available memory, in percent: here less is worse.
    package var memoryAvailable = Steps(warn: 10, critical: 4)
    package var swap = Steps(warn: 60, critical: 90)
    /// The load average of five minutes, for each core.
    package var loadPerCore = Steps(warn: 1.5, critical: 4)
    /// Time in which something waited (PSI `some`, over ten seconds), in percent.
    package var pressure = Steps(warn: 25, critical: 60)
    /// Open files of the machine and of a process, tracked connections and ports, in percent of what there may be.
    package var openFiles = Steps(warn: 70, critical: 90)
    package var zombies = Steps(warn: 5, critical: 100)
    /// Processes that wait for a device without being interruptible.
    package var blocked = Steps(warn: 5, critical: 30)
    /// Days a certificate is still good: here less is worse.
    package var certificate = Steps(warn: 21, critical: 7)
    /// Automatic restarts of a unit that is young again.
    package var restarts = Steps(warn: 3, critical: 10)
    /// Of the hottest sensor, in degrees Celsius.
    package var temperature = Steps(warn: 85, critical: 95)

    package init() {}
}

/// Why `tools.json` is not accepted.
package struct ToolSettingsError: Error, Sendable, Hashable {
    package var file: String
    /// Where in the file, such as `tools.run_command.timeout`; empty for the whole.
    package var entry: String
    package var problem: String
    package var remedy: String

    package init(file: String, entry: String, problem: String, remedy: String) {
        (self.file, self.entry, self.problem, self.remedy) = (file, entry, problem, remedy)
    }

    package var message: String { "\(file)\(entry.isEmpty ? "" : ", \(entry)"): \(problem). \(remedy)" }
}
