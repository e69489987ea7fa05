import Foundation
import TestSupport

/// Two real web servers that want the same port: nginx, and another that stands in for apache2.
///
/// Neither is kept by systemd: `tools.json` says how each is started and stopped, which is how a machine without
/// systemd is served.
struct WebServerFixture {
    let directory: String
    let port: Int

    /// Among those that an address may name by default.
    static func freePort() -> Int {
        for port in (8100...8999).shuffled() {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
            }
            if result == 0 { return port }
        }
        return 8080
    }

    init(in directory: String) throws {
        self.directory = directory
        port = Self.freePort()
        // The servers' own user has to reach their files.
        chmod(directory, 0o755)
        for name in ["nginx", "apache2"] {
            try FileManager.default.copyItem(atPath: "/usr/sbin/nginx", toPath: path(name))
            chmod(path(name), 0o755)
            try ExecutorFixture.write(
                """
                pid \(path("\(name).pid"));
                error_log \(path("\(name).log"));
                events {}
                http { access_log off; server { listen \(port); location / { return 200 "\(name)\\n"; } } }
                """, to: path("\(name).conf"))
        }
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    private func rules(_ name: String) -> String {
        let program = path(name)
        return """
            {"command": "\(program) -c \(program).conf", "id": "start-\(name)", "effect": "change", "run_as": "root"},
            {"command": "\(program) -c \(program).conf -s stop", "id": "stop-\(name)", "effect": "change", "run_as": "root"}
            """
    }

    var allowlist: String {
        """
        {"system": ["systemctl status *", "systemctl restart *", "systemctl start *", "systemctl stop *",
                    "journalctl -u * -n *", "curl -s *", "tail -n * \(directory)/*"],
         "services": [\(rules("nginx")), \(rules("apache2"))]}
        """
    }

    var tools: String {
        let services = ["nginx", "apache2"].map { name in
            """
            "\(name)": {"start": "\(path(name)) -c \(path(name)).conf", "stop": "\(path(name)) -c \(path(name)).conf -s stop",
                        "pid_file": "\(path(name)).pid", "program": "\(name)", "log": "\(path(name)).log"}
            """
        }
        return "{\"services\": {\(services.joined(separator: ","))}}"
    }

    /// Starts one of them by hand, as it was before anybody asked.
    func start(_ name: String) async -> Int32 {
        await DaemonStarter.run(path(name), ["-c", path("\(name).conf")])
    }

    func stop() async {
        for name in ["nginx", "apache2"] {
            _ = await DaemonStarter.run(path(name), ["-c", path("\(name).conf"), "-s", "stop"])
        }
    }

    /// What answers on the port.
    func answer() async throws -> String {
        try await Program.run("/usr/bin/curl", ["-s", "http://localhost:\(port)/"]).output
    }
}
