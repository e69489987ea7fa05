import Foundation
import TestSupport
import Testing

/// The package, installed in the machine, between the two services' stand-ins; made once for all tests.
actor Installation {
    static let shared = Installation()
    /// The machine's own, so that a restart finds them where they were.
    private static let ports = (telegram: UInt16(8081), anthropic: UInt16(8082))

    nonisolated let guest = Guest()
    private var standIns: (TelegramStandIn, AnthropicStandIn)?
    private var isInstalled = false

    /// The stand-ins, once both daemons serve.
    func ready() async throws -> (telegram: TelegramStandIn, anthropic: AnthropicStandIn) {
        let standIns = try await openServices()
        if !isInstalled { try await install() }
        isInstalled = true
        return standIns
    }

    /// After a reboot the machine's network is another.
    func reboot() async throws -> (telegram: TelegramStandIn, anthropic: AnthropicStandIn) {
        standIns?.0.stop()
        standIns?.1.stop()
        standIns = nil
        try await guest.reboot()
        return try await openServices()
    }

    private func openServices() async throws -> (telegram: TelegramStandIn, anthropic: AnthropicStandIn) {
        if let standIns { return standIns }
        let opened = try await guest.inNetwork {
            (
                try TelegramStandIn(port: Self.ports.telegram),
                try AnthropicStandIn(script: [], port: Self.ports.anthropic)
            )
        }
        standIns = opened
        return opened
    }

    private func install() async throws {
        try guest.put(guest.package("1.0"), at: "/root/devops-agent.deb")
        try await guest.shell("rm -rf /root/secrets; mkdir -m 700 /root/secrets")
        for (name, secret) in [("token", TelegramStandIn.token), ("key", AnthropicStandIn.key)] {
            let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
            defer { unlink(file) }
            try Data((secret + "\n").utf8).write(to: URL(filePath: file))
            try guest.put(file, at: "/root/secrets/\(name)")
        }
        for script in ["install.sh", "installed.sh"] {
            try guest.put(Guest.scripts + "/" + script, at: "/root/\(script)")
        }
        let set = try await guest.shell(
            """
            /root/install.sh --package /root/devops-agent.deb --token-file /root/secrets/token --key-file /root/secrets/key \
              --user-ids 7 --set MODEL=\(AnthropicStandIn.model) \
              --set TELEGRAM_API_URL=http://127.0.0.1:\(Self.ports.telegram) \
              --set ANTHROPIC_BASE_URL=http://127.0.0.1:\(Self.ports.anthropic)
            rm -rf /root/secrets
            /root/install.sh --package /root/devops-agent.deb --no-greeting | grep 'installed already'
            systemctl is-active devops-executor devops-agent
            """)
        try #require(set.text.contains("1.0 is installed already.\nactive\nactive\n"), "\(set.text)")
    }
}

extension Guest {
    static let operatorSocket = "/run/devops-executor/operator.sock"

    func ctl(_ words: String) async throws -> Outcome {
        try await shell("executorctl --socket \(Self.operatorSocket) \(words)")
    }

    func property(_ name: String, of unit: String) async throws -> String {
        try await shell("systemctl show -p \(name) --value \(unit)").text.trimmingCharacters(in: .newlines)
    }

    /// Waits until both daemons serve; fails with what they say when they do not within a minute.
    func waitUntilHealthy() async throws {
        let outcome = try await shell(
            """
            . /usr/lib/devops-agent/installed.sh
            wait_until_healthy 60 || { say_what_is_wrong; exit 1; }
            """)
        try #require(outcome.status == 0, "\(outcome.text)")
    }
}
