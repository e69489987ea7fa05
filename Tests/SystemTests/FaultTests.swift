import Foundation
import StrictJSON
import TestSupport
import Testing

/// What happens to real machines, done to the one the package is installed in. After each: it recovers by itself or says
/// what it needs, and nothing is lost.
@Suite(
    "The installed agent on a bad day", .enabled(if: Guest.isThere, "needs SYSTEM_TEST_GUEST: scripts/test-system.sh"),
    .serialized, .timeLimit(.minutes(3)))
struct FaultTests {
    let guest = Guest()

    @Test("a power cut in the middle of a command: the question is answered after the boot, once, and the log is whole")
    func powerCut() async throws {
        let (telegram, anthropic) = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        anthropic.add([.tools([("run_command", ["command": "ping -c 4 127.0.0.1"])])])
        telegram.send("проверь сеть")
        try await waitFor("pgrep -x ping")
        let (after, model) = try await Installation.shared.reboot(orderly: false)
        let words = "После сбоя \(UUID())"
        model.add([.text(words)])
        _ = await after.waitForMessage { $0.text.contains(words) }
        try await guest.waitUntilHealthy()
        #expect(after.sent.filter { $0.text.contains(words) }.count == 1)
        #expect(model.requests.count == 1)
        #expect(try await guest.ctl("audit verify").status == 0)
        let records = try await guest.ctl("--json audit query").text
        #expect(records.contains("\"kind\":\"unknown\""), "the command that was cut off has no outcome: \(records)")
    }

    @Test("each daemon is killed while questions come in: every question is answered and the log is whole")
    func killedUnderLoad() async throws {
        let (telegram, _) = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        // Restarts as quick as systemd lets them be: the test is of the daemons, not of the pauses.
        try await setting("Service", "RestartSec=200ms", of: "devops-executor", "devops-agent")
        // As many as may wait in a chat: all of them do when the agent is killed before its first answer.
        let questions = (1...4).map { "вопрос номер \($0)" }
        for (number, question) in questions.enumerated() {
            // The stand-in answers an empty script with "Done."; what is answered is read off the chat.
            telegram.send(question)
            let unit = number.isMultiple(of: 2) ? "devops-agent" : "devops-executor"
            try await guest.shell("sleep 0.\(Int.random(in: 0...6)); systemctl kill -s KILL --kill-whom=main \(unit)")
        }
        try await guest.waitUntilHealthy()
        // The stand-in's model says "Done."; while the executor is away, the agent says that.
        let deadline = ContinuousClock.now + .seconds(60)
        var answered: Int { telegram.sent.count { $0.text.contains("Done.") || $0.text.contains("недоступен") } }
        while answered < questions.count, .now < deadline { try await Task.sleep(for: .milliseconds(100)) }
        #expect(answered >= questions.count, "\(answered) answers to \(questions.count) questions: \(telegram.sent)")
        #expect(try await guest.ctl("audit verify").status == 0)
        try await withoutSettings(of: "devops-executor", "devops-agent")
    }

    @Test("the network is gone: what was written meanwhile is answered when it is back, and nobody restarts anything")
    func networkGone() async throws {
        let (telegram, anthropic) = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let before = try await guest.property("MainPID", of: "devops-agent")
        await telegram.waitForPoll()
        try await guest.shell("ip link set lo down")
        let words = "Сеть вернулась \(UUID())"
        anthropic.add([.text(words)])
        telegram.send("ты тут?")
        try await waitFor(
            "journalctl -u devops-agent -o cat --since=-2min | grep -q 'Telegram gave no updates'", seconds: 90)
        try await guest.shell("ip link set lo up")
        _ = await telegram.waitForMessage { $0.text.contains(words) }
        #expect(telegram.sent.filter { $0.text.contains(words) }.count == 1)
        #expect(try await guest.property("MainPID", of: "devops-agent") == before)
    }

    @Test("journald restarts: the daemons' lines and the copy of the audit log go on, and logs are read")
    func journalRestarted() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        try await guest.shell("systemctl restart systemd-journald")
        let called = try await guest.ctl("call read_logs service=nginx lines=5")
        #expect(called.status == 0, "\(called.text)")
        let copied = "journalctl -u devops-executor -o json --since=-1min | grep -q read_logs"
        try await waitFor(copied)
        try await guest.shell("systemctl restart devops-executor")
        try await guest.waitUntilHealthy()
        try await Installation.shared.answers()
        let pid = try await guest.property("MainPID", of: "devops-agent")
        try await waitFor("journalctl _PID=\(pid) -o cat --since=-1min | grep -q 'Connected to the executor'")
    }

    @Test("D-Bus restarts: the state of a service is read all the same")
    func busRestarted() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        #expect(try await guest.ctl("call check_service service=nginx").text.contains("nginx.service"))
        try await guest.shell("systemctl restart dbus")
        let outcome = try await guest.ctl("call check_service service=nginx")
        #expect(outcome.status == 0 && outcome.text.contains("nginx.service"), "\(outcome.text)")
        let restarted = try await guest.ctl("call restart_service service=nginx")
        #expect(restarted.status == 0, "\(restarted.text)")
        try await Installation.shared.answers()
    }

    @Test(
        "the clock jumps a day ahead and back: calls are answered, and the log is whole", arguments: [86_400, -86_400])
    func clockJump(_ seconds: Int) async throws {
        _ = try await Installation.shared.ready()
        try await installClock()
        try await setting("Service", "Environment=LD_PRELOAD=/usr/lib/clock.so", of: "devops-executor", "devops-agent")
        try await guest.waitUntilHealthy()
        let pids = try await pids()
        try await Installation.shared.answers()
        try await guest.shell("echo \(seconds) >/usr/lib/clock")
        try await Installation.shared.answers()
        let jumped = try await guest.ctl("--json audit query --limit 5").text
        let day = try await guest.shell("date -u -d '\(seconds) seconds' +%F").text
            .trimmingCharacters(in: .newlines)
        #expect(jumped.contains(day), "the clock did not jump: \(jumped)")
        try await guest.shell("echo 0 >/usr/lib/clock")
        try await Installation.shared.answers()
        #expect(try await self.pids() == pids)
        #expect(try await guest.ctl("audit verify").status == 0)
        try await withoutSettings(of: "devops-executor", "devops-agent")
    }

    @Test("the token is revoked: the journal and doctor say what to do; with the new one the bot answers")
    func tokenRevoked() async throws {
        let (telegram, _) = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        telegram.revokeToken(for: "123456789:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsawd")
        // The poll that waits was accepted before.
        telegram.send("ты тут?")
        try await waitFor("systemctl is-failed -q devops-agent", seconds: 90)
        let said = try await guest.shell("journalctl -u devops-agent -o cat -n 20").text
        #expect(
            said.contains("TELEGRAM_BOT_TOKEN is not accepted by Telegram; @BotFather shows the right one"), "\(said)")
        let doctor = try await guest.shell("devops-agent doctor")
        #expect(doctor.status == 1 && doctor.text.contains("@BotFather"), "\(doctor.text)")
        // Here the new token is the old one again.
        telegram.revokeToken(for: TelegramStandIn.token)
        let file = try await guest.shell(
            """
            umask 077; cp /etc/devops-agent/credentials/TELEGRAM_BOT_TOKEN /root/new-token
            /usr/lib/devops-agent/setup_systemd.sh --token-file /root/new-token --no-greeting; status=$?
            rm /root/new-token; exit $status
            """)
        #expect(file.status == 0, "\(file.text)")
        try await Installation.shared.answers()
    }

    @Test("a backup that fails is a failed unit, which the health check names and an alert in the chat")
    func failedBackup() async throws {
        let (telegram, _) = try await Installation.shared.ready()
        try await setting("Service", "ReadWritePaths=\nReadOnlyPaths=/var/backups", of: "devops-agent-backup")
        #expect(try await guest.shell("systemctl start devops-agent-backup").status != 0)
        let health = try await guest.ctl("call system_health")
        #expect(health.text.contains("devops-agent-backup.service"), "\(health.text)")
        try await setting("Service", "Environment=CHECK_INTERVAL=5", of: "devops-agent")
        let alert = await telegram.waitForMessage { $0.text.contains("devops-agent-backup") }
        #expect(alert.chatID == 7 && alert.text.contains("завершился с ошибкой"), "\(alert.text)")
        try await withoutSettings(of: "devops-agent")
        try await guest.shell("rm -r /run/systemd/system/devops-agent-backup.service.d; systemctl daemon-reload")
        let mended = try await guest.shell(
            "systemctl start devops-agent-backup || { journalctl -u devops-agent-backup -o cat -n 20; exit 1; }")
        #expect(mended.status == 0, "\(mended.text)")
    }

    @Test("a backup that the disk has no room for is not begun, and says so; old ones go by number and by size")
    func backupRoom() async throws {
        _ = try await Installation.shared.ready()
        let backups = "/var/backups/devops-agent"
        let full = try await guest.shell(
            """
            mount -t tmpfs -o size=1m tmpfs \(backups); /usr/lib/devops-agent/backup.sh; status=$?
            ls -A \(backups); umount \(backups); exit $status
            """)
        #expect(full.status == 1 && full.text.hasPrefix("backup.sh: 1 MB are free for \(backups), and a backup takes "))
        #expect(full.text.hasSuffix("remove old backups\n"), "nothing is left half done: \(full.text)")
        // Thirty days of a megabyte each, older than any real one.
        let kept = try await guest.shell(
            """
            cd \(backups); for day in $(seq 10 39); do head -c 1000000 /dev/zero >devops-agent-200001${day}T000000Z.tar.gz; done
            /usr/lib/devops-agent/backup.sh --keep 12 >/dev/null; ls devops-agent-* | wc -l
            /usr/lib/devops-agent/backup.sh --keep 12 --most 4 >/dev/null; [ $(du -cm devops-agent-* | tail -1 | cut -f1) -le 5 ]
            echo $?; ls -t devops-agent-* | head -1 | grep -c 2000; rm -f devops-agent-2000*
            """)
        #expect(kept.text == "12\n0\n0\n", "\(kept.text)")
    }

    // MARK: -

    /// Fails when it has not come true in time.
    func waitFor(_ words: String, seconds: Int = 30) async throws {
        let outcome = try await guest.shell(
            "for i in $(seq \(seconds * 5)); do if \(words); then exit 0; fi; sleep 0.2; done; exit 1")
        try #require(outcome.status == 0, "did not come true: \(words)")
    }

    func setting(_ section: String, _ lines: String, of units: String...) async throws {
        for unit in units {
            try await guest.shell(
                "mkdir -p /run/systemd/system/\(unit).service.d; printf '[\(section)]\n\(lines)\n' >/run/systemd/system/\(unit).service.d/fault.conf"
            )
        }
        let daemons = units.filter { $0 != "devops-agent-backup" }.joined(separator: " ")
        try await guest.shell("systemctl daemon-reload; [ -z '\(daemons)' ] || systemctl restart \(daemons)")
    }

    func withoutSettings(of units: String...) async throws {
        for unit in units { try await guest.shell("rm /run/systemd/system/\(unit).service.d/fault.conf") }
        try await guest.shell("systemctl daemon-reload; systemctl restart \(units.joined(separator: " "))")
        try await guest.waitUntilHealthy()
    }

    /// Clock/clock.c, which `scripts/test-system.sh` has built: the machine shares its kernel's clock with others, and
    /// time namespaces leave that clock out.
    private func installClock() async throws {
        try guest.put(Guest.packages + "/clock.so", at: "/usr/lib/clock.so")
        try await guest.shell("echo 0 >/usr/lib/clock; chmod 644 /usr/lib/clock /usr/lib/clock.so")
    }

    func pids() async throws -> String {
        try await guest.shell("systemctl show -p MainPID --value devops-executor devops-agent").text
    }
}
