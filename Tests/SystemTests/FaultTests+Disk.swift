import Foundation
import TestSupport
import Testing

extension FaultTests {
    private static let state = "/var/lib/devops-agent"

    @Test("with no room for the memory nothing is lost: what is written meanwhile is answered once, when there is room")
    func fullMemory() async throws {
        let (telegram, anthropic) = try await Installation.shared.ready()
        try await onSmallDisk {
            let pid = try await guest.property("MainPID", of: "devops-agent")
            try await guest.shell("dd if=/dev/zero of=\(Self.state)/filler bs=4k")
            let words = "Место есть \(UUID())"
            telegram.send("ты тут? " + String(repeating: "Это длинный вопрос. ", count: 150))
            try await waitFor("journalctl _PID=\(pid) -o cat --since=-1min | grep -q 'full'")
            #expect(!telegram.sent.contains { $0.text.contains(words) })
            anthropic.add([.text(words)])
            try await guest.shell("rm \(Self.state)/filler")
            _ = await telegram.waitForMessage { $0.text.contains(words) }
            #expect(telegram.sent.filter { $0.text.contains(words) }.count == 1)
        }
    }

    @Test("an agent that finds no room at its start is started again until there is some, however long that takes")
    func fullAtStart() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        try await setting("Service", "RestartSec=100ms", of: "devops-agent")
        try await onSmallDisk {
            try await guest.shell(
                """
                systemctl stop devops-agent; mv \(Self.state)/agent.db /root/kept.db; rm -r \(Self.state)/{agent.db-*,tmp}
                dd if=/dev/zero of=\(Self.state)/filler bs=512; systemctl --no-block start devops-agent
                """)
            // More often than a start limit lets a program that ends be started.
            try await waitFor("[ $(systemctl show -p NRestarts --value devops-agent) -gt 35 ]", seconds: 60)
            let said = try await guest.shell("journalctl -u devops-agent -o cat -n 20").text
            #expect(said.contains("there is no room on its disk") || said.contains("disk is full"), "\(said)")
            try await guest.shell("rm \(Self.state)/filler")
            try await guest.waitUntilHealthy()
            try await guest.shell(
                """
                systemctl stop devops-agent; rm \(Self.state)/agent.db*; mv /root/kept.db \(Self.state)/agent.db
                chown devops-agent: \(Self.state)/agent.db; systemctl start devops-agent
                """)
            try await Installation.shared.answers()
        }
        try await withoutSettings(of: "devops-agent")
    }

    /// Runs `body` while the agent's memory is on a disk of its own with little room.
    private func onSmallDisk(_ body: () async throws -> Void) async throws {
        try await guest.shell(
            """
            systemctl stop devops-agent
            size=$(($(du -sk \(Self.state) | cut -f1) + 1024))
            mv \(Self.state) /root/state; mkdir -m 700 \(Self.state)
            mount -t tmpfs -o size=${size}k,mode=700 tmpfs \(Self.state); cp -a /root/state/. \(Self.state)
            chown devops-agent: \(Self.state); rm -r /root/state; systemctl start devops-agent
            """)
        try await guest.waitUntilHealthy()
        try await body()
        try await guest.shell(
            """
            systemctl stop devops-agent
            cp -a \(Self.state) /root/state; umount \(Self.state); cp -a /root/state/. \(Self.state); rm -r /root/state
            chown devops-agent: \(Self.state); systemctl start devops-agent
            """)
        try await guest.waitUntilHealthy()
    }
}
