import Glibc

/// Where the daemon's files are.
///
/// systemd names them in the environment (`CONFIGURATION_DIRECTORY`, …: systemd.exec(5)); a flag of
/// the same meaning overrides each.
package struct Directories: Sendable, Hashable {
    package var configuration: String
    package var runtime: String
    package var logs: String
    package var state: String

    package init(
        configuration: String? = nil, runtime: String? = nil, logs: String? = nil, state: String? = nil,
        environment: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) {
        func choose(_ flag: String?, _ variable: String, _ standard: String) -> String {
            // systemd joins several directories with colons; the first is the unit's own.
            let named = environment(variable)?.split(separator: ":").first.map { String($0) }
            return flag ?? named ?? standard
        }
        self.configuration = choose(configuration, "CONFIGURATION_DIRECTORY", "/etc/devops-executor")
        self.runtime = choose(runtime, "RUNTIME_DIRECTORY", "/run/devops-executor")
        self.logs = choose(logs, "LOGS_DIRECTORY", "/var/log/devops-executor")
        self.state = choose(state, "STATE_DIRECTORY", "/var/lib/devops-executor")
    }

    package var allowlistFile: String { configuration + "/allowlist.json" }
    package var settingsFile: String { configuration + "/executor.json" }
    package var toolsFile: String { configuration + "/tools.json" }
    /// Files of tools beside tools.json.
    package var packs: String { configuration + "/packs" }
    package var agentSocket: String { runtime + "/executor.sock" }
    package var operatorSocket: String { runtime + "/operator.sock" }
    package var audit: String { logs + "/audit" }

    /// Makes a directory, and those above it, that this user alone may enter, where it is missing.
    static func make(_ path: String, mode: mode_t = 0o700) throws(ExecutorError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw ExecutorError(.configuration, "\(path) is there and is no directory; move it away.")
            }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try make(String(path[..<slash]), mode: 0o755)
        }
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw ExecutorError(
                .configuration, "\(path) cannot be made: \(String(cString: strerror(errno))). Name another directory.")
        }
    }
}
