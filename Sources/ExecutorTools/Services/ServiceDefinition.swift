import StrictJSON

/// A service that systemd does not keep, as the administrator describes it in `tools.json`.
///
/// Its command lines are judged by the allowlist like any other: being written here allows nothing.
package struct ServiceDefinition: Sendable, Hashable {
    /// The name it is asked for by.
    package let name: String
    package let start: String
    package let stop: String
    /// Exits with 0 where the service runs; asked where there is no pid file.
    package let status: String?
    /// The file the service writes its pid to.
    package let pidFile: String?
    /// What the process of that pid is called; a pid that another program has got since is then not taken for it.
    package let program: String?
    /// The file it logs to.
    package let log: String?

    package init(
        name: String, start: String, stop: String, status: String? = nil, pidFile: String? = nil,
        program: String? = nil, log: String? = nil
    ) {
        (self.name, self.start, self.stop, self.status) = (name, start, stop, status)
        (self.pidFile, self.program, self.log) = (pidFile, program, log)
    }

    /// Reads one entry of `services`.
    package init(_ object: SettingsObject, name: String) throws(ToolSettingsError) {
        try object.allowOnly(["log", "pid_file", "program", "start", "status", "stop"])
        guard let start = try object.string("start"), let stop = try object.string("stop") else {
            throw object.error(
                "it has no 'start' or no 'stop'",
                "Write both, such as \"start\": \"/etc/init.d/\(name) start\"; the allowlist must allow the lines.")
        }
        self.init(
            name: name, start: start, stop: stop, status: try object.string("status"),
            pidFile: try Self.path("pid_file", object), program: try object.string("program"),
            log: try Self.path("log", object))
        guard pidFile != nil || status != nil else {
            throw object.error(
                "nothing says whether the service runs", "Write \"pid_file\" or \"status\" beside start and stop.")
        }
    }

    /// Reads `services`, by name.
    package static func all(_ object: SettingsObject) throws(ToolSettingsError) -> [String: ServiceDefinition] {
        var services: [String: ServiceDefinition] = [:]
        for name in object.members.keys.sorted() {
            guard (try? ServiceName(name)) != nil else {
                throw object.error(
                    "'\(PrintableText.line(name, limit: 64))' is no name of a service", "Write a name such as nginx.")
            }
            if let entry = try object.object(name) { services[name] = try ServiceDefinition(entry, name: name) }
        }
        return services
    }

    private static func path(_ key: String, _ object: SettingsObject) throws(ToolSettingsError) -> String? {
        guard let path = try object.string(key) else { return nil }
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw object.error(
                "it is no absolute path", "Write a path such as /run/\(key == "log" ? "x.log" : "x.pid").", at: key)
        }
        return path
    }
}
