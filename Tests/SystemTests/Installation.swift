import Foundation
import StrictJSON
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
        return standIns
    }

    /// After a reboot the machine's network is another.
    ///
    /// - Parameter orderly: Without it, the machine ends as by a power cut.
    func reboot(orderly: Bool = true) async throws -> (telegram: TelegramStandIn, anthropic: AnthropicStandIn) {
        if orderly { try await guest.run("stop") } else { try await guest.run("cut") }
        standIns?.0.stop()
        standIns?.1.stop()
        standIns = nil
        try await guest.run("start")
        return try await openServices()
    }

    /// A question is answered by the model, over a tool of the executor's.
    func answers() async throws {
        let (telegram, anthropic) = try await ready()
        let words = "Ответ \(UUID())"
        anthropic.add([.tools([("system_health", [:])]), .text(words)])
        telegram.send("как дела?")
        let answer = await telegram.waitForMessage { $0.text.contains(words) }
        #expect(answer.chatID == 7)
        let results = anthropic.requests.last?.results.map(\.text).joined() ?? ""
        #expect(results.contains("Memory") || results.contains("Disk"), "\(results)")
    }

    private func openServices() async throws -> (telegram: TelegramStandIn, anthropic: AnthropicStandIn) {
        if let standIns { return standIns }
        let opened = try await guest.inNetwork {
            (
                // Ids go on rising over reboots and runs, as Telegram's do.
                try TelegramStandIn(
                    port: Self.ports.telegram, firstUpdate: Int(Date.now.timeIntervalSince1970 - 1_700_000_000) * 10),
                try AnthropicStandIn(script: [], port: Self.ports.anthropic)
            )
        }
        standIns = opened
        return opened
    }

    /// From a bare machine to the bot's first answer.
    private func install() async throws {
        let start = ContinuousClock.now
        let isFresh = try await guest.shell("command -v devops-agent").status != 0
        try guest.put(guest.package("1.0"), at: "/root/devops-agent.deb")
        for script in ["install.sh", "installed.sh"] {
            try guest.put(Guest.scripts + "/" + script, at: "/root/\(script)")
        }
        try await configure()
        isInstalled = true
        guard isFresh else { return }
        try await answers()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("From apt to the first answer: \(seconds) s, of 60 at most")
        #expect(seconds < 60)
    }

    /// The installer's options that lead to the stand-ins.
    static let settings = [
        "MODEL=\(AnthropicStandIn.model)", "TELEGRAM_API_URL=http://127.0.0.1:\(ports.telegram)",
        "ANTHROPIC_BASE_URL=http://127.0.0.1:\(ports.anthropic)",
    ].flatMap { ["--set", $0] }

    /// Runs the installer with all it would ask for; what is installed already stays.
    func configure() async throws {
        try await guest.shell("rm -rf /root/secrets; mkdir -m 700 /root/secrets")
        for (name, secret) in [("token", TelegramStandIn.token), ("key", AnthropicStandIn.key)] {
            let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
            defer { unlink(file) }
            try Data((secret + "\n").utf8).write(to: URL(filePath: file))
            try guest.put(file, at: "/root/secrets/\(name)")
        }
        let set = try await guest.shell(
            """
            /root/install.sh --package /root/devops-agent.deb --token-file /root/secrets/token --key-file /root/secrets/key \
              --user-ids 7 \(Self.settings.joined(separator: " "))
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
