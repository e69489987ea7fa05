import TestSupport
import Testing

extension FaultTests {
    @Test("docker is stopped: the bot says so in a sentence, and shows the containers again as soon as it runs")
    func dockerStopped() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let pids = try await pids()
        let made = try await guest.shell(
            """
            systemctl start docker.socket docker && docker rm -f shop-web >/dev/null
            root=$(mktemp -d) && install -D "$(command -v busybox)" $root/bin/sh
            tar -C $root -c . | docker import - testbox >/dev/null && docker create --name shop-web testbox sh
            """)
        #expect(made.status == 0, "\(made.text)")
        #expect(try await containers().contains("shop-web"))
        #expect(try await guest.shell("systemctl stop docker.socket docker containerd").status == 0)
        for _ in 0..<2 {
            let stopped = try await containers()
            #expect(stopped.contains("Демон Docker не запущен") && !stopped.contains("shop-web"), "\(stopped)")
        }
        #expect(try await guest.shell("systemctl start docker.socket docker").status == 0)
        #expect(try await containers().contains("shop-web"))
        #expect(try await self.pids() == pids)
        #expect(try await guest.ctl("audit verify").status == 0)
        try await guest.shell("docker rm shop-web; systemctl stop docker.socket docker containerd")
    }

    /// What the built-in brain, in place of a model that refuses its key, answers in the chat.
    private func containers() async throws -> String {
        let (telegram, anthropic) = try await Installation.shared.ready()
        anthropic.add([.error(status: 401, type: "authentication_error")])
        let known = Set(telegram.sent.map(\.id))
        telegram.send("покажи контейнеры")
        return await telegram.waitForMessage { !known.contains($0.id) && $0.text.contains("встроенный режим") }.text
    }
}
