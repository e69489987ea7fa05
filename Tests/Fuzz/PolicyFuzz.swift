import ExecutorAPI
import ExecutorPolicy

/// The readers of the administrator's files. A wrong file is refused by name, never a crash.
enum PolicyFuzz {
    static let shipped: Policy = {
        do {
            let settings = try PolicySettings(parsing: Seeds.file("config/executor.json"), name: "executor.json")
            return try Policy(
                allowlist: Seeds.file("config/allowlist.json"), allowlistName: "allowlist.json", settings: settings,
                digest: "")
        } catch {
            Fuzz.fail("the shipped rules: \(error)")
        }
    }()

    static var seeds: [[UInt8]] {
        let object = #"""
            {"a": [{"command": "systemctl restart {unit}", "id": "r", "effect": "change", "approval": "user",
            "units": ["nginx.service", "php*-fpm.service"], "run_as": "root", "timeout": "60s", "cwd": "/srv",
            "limits": {"memory_mb": 64}, "sandbox": {"read_only": true}, "justification": "j",
            "match": ["systemctl restart nginx"], "not_match": ["systemctl restart sshd"]}]}
            """#
        return [Seeds.file("config/allowlist.json"), Seeds.file("config/executor.json"), Array(object.utf8)]
    }

    static func run(_ bytes: [UInt8]) {
        let settings = (try? PolicySettings(parsing: bytes, name: "f")) ?? PolicySettings()
        let policy: Policy
        do {
            policy = try Policy(allowlist: bytes, allowlistName: "f", settings: settings, digest: "d")
        } catch {
            return require(error.message.hasPrefix("f"), "a refusal that names no file")
        }
        for line in ["uptime", "systemctl restart nginx", "systemctl stop sshd", "rm -rf /", "cat /etc/shadow"] {
            guard case .allowed(let grant) = policy.judge(line: line) else { continue }
            require(grant.executable.hasPrefix("/"), "a program without its path")
            require(line != "rm -rf /" && line != "systemctl stop sshd", "\(line) is allowed by a file")
        }
    }
}
