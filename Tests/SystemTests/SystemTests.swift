import Foundation
import StrictJSON
import TestSupport
import Testing

/// The installed package in a booted machine. In the order of the file: what removes the package comes last.
@Suite(
    "The installed agent", .enabled(if: Guest.isThere, "needs SYSTEM_TEST_GUEST: scripts/test-system.sh"), .serialized,
    .timeLimit(.minutes(3)))
struct SystemTests {
    private let guest = Guest()

    @Test("the installer's bot says that it is there, once to each user")
    func greeting() async throws {
        let (telegram, _) = try await Installation.shared.ready()
        #expect(telegram.sent.filter { $0.text.contains("Я на связи") }.map(\.chatID) == [7])
    }

    @Test("nginx is down because apache has its port: the agent finds out, mends, verifies and says so")
    func dialogue() async throws {
        let (telegram, anthropic) = try await Installation.shared.ready()
        #expect(try await guest.shell("systemctl stop nginx; systemctl start apache2").status == 0)
        #expect(try await guest.shell("systemctl start nginx").status != 0)
        anthropic.add([
            .tools([("check_service", ["service": "nginx"])]),
            .tools([("read_logs", ["service": "nginx", "lines": 20])]),
            .tools([("check_port", ["port": 80])]),
            .tools([("run_command", ["command": "systemctl stop apache2"])]),
            .tools([("run_command", ["command": "systemctl start nginx"])]),
            .tools([("verify_fix", ["service": "nginx", "test_url": "http://localhost:80/"])]),
            .text("Проблема решена. Nginx работает, apache2 был остановлен."),
        ])
        telegram.send("nginx не отвечает")
        let answer = await telegram.waitForMessage { $0.text.contains("Проблема решена") }
        #expect(answer.text.contains("✅"), "\(answer.text)")
        let results = anthropic.requests.flatMap(\.results).map(\.text).joined(separator: "\n")
        #expect(results.contains("apache2") && results.contains("Address already in use"), "\(results)")
        #expect(try await guest.property("ActiveState", of: "nginx") == "active")
        #expect(try await guest.property("ActiveState", of: "apache2") == "inactive")
        #expect(try await guest.ctl("audit verify").status == 0)
        #expect(telegram.violations.isEmpty && anthropic.violations.isEmpty)
    }

    @Test("the agent's user reaches nothing but the executor's socket")
    func confinement() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let executor = try await guest.property("MainPID", of: "devops-executor")
        let agent = try await guest.property("MainPID", of: "devops-agent")
        for words in [
            "cat /var/log/devops-executor/audit/*", "ls /var/log/devops-executor",
            "cat /var/lib/devops-executor/audit.key",
            "cat /etc/devops-agent/agent.env", "cat /etc/devops-agent/credentials/TELEGRAM_BOT_TOKEN",
            "cat /proc/\(agent)/root/etc/devops-executor/allowlist.json", "ls /proc/\(agent)/root/var/log",
            "ls /proc/\(agent)/root/run/dbus", "echo >>/etc/devops-executor/allowlist.json",
            "executorctl --socket \(Guest.operatorSocket) status", "journalctl -q -n 1 | grep .",
            "cat /var/log/journal/*/system.journal", "kill -0 \(executor)", "kill -9 \(executor)",
            "cat /proc/\(executor)/environ", "ls /proc/\(executor)/fd", "systemctl restart nginx",
            "curl -s --unix-socket /run/docker.sock http://localhost/info | grep .",
        ] {
            let outcome = try await guest.asAgent(words)
            #expect(outcome.status != 0, "\(words): \(outcome.text)")
        }
        let socket = try await guest.asAgent("executorctl --socket /run/devops-executor/executor.sock status")
        #expect(socket.status == 0, "\(socket.text)")
        // Nothing can be started where the agent lives, not even by root.
        #expect(try await guest.shell("nsenter -t \(agent) -m /usr/bin/true").status != 0)
        #expect(try await guest.property("MainPID", of: "devops-executor") == executor)
    }

    @Test("doctor finds an installed agent well, and says what is wrong when the executor is away")
    func doctor() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let well = try await guest.shell("devops-agent doctor --json")
        #expect(well.status == 0, "\(well.text)")
        #expect(try JSONValue(parsing: Array(well.text.utf8))["healthy"] == true)
        let settings = try await guest.shell("devops-agent check-config")
        #expect(settings.text.hasPrefix("The settings are good: 1 user(s), "), "\(settings.text)")
        try await guest.shell("systemctl stop devops-executor")
        let ill = try await guest.shell("devops-agent doctor")
        #expect(ill.status == 1 && ill.text.contains("systemctl status devops-executor"), "\(ill.text)")
        try await guest.shell("systemctl start devops-executor")
        try await guest.waitUntilHealthy()
    }

    @Test("a daemon that is killed is back, and the bot answers", arguments: ["devops-executor", "devops-agent"])
    func killed(_ unit: String) async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let before = try await guest.property("MainPID", of: unit)
        try await guest.shell("systemctl kill -s KILL --kill-whom=main \(unit)")
        try await guest.waitUntilHealthy()
        #expect(try await guest.property("MainPID", of: unit) != before)
        try await Installation.shared.answers()
        #expect(try await guest.ctl("audit verify").status == 0)
    }

    @Test("a daemon that hangs is ended by the watchdog, and is back", arguments: ["devops-executor", "devops-agent"])
    func hung(_ unit: String) async throws {
        _ = try await Installation.shared.ready()
        let dropIn = "/run/systemd/system/\(unit).service.d"
        try await guest.shell(
            "mkdir -p \(dropIn); printf '[Service]\\nWatchdogSec=4\\nRestartSec=1\\nTimeoutAbortSec=2\\n' >\(dropIn)/test.conf; systemctl daemon-reload; systemctl restart \(unit)"
        )
        try await guest.waitUntilHealthy()
        let before = try await guest.property("MainPID", of: unit)
        let outcome = try await guest.shell(
            """
            systemctl kill -s STOP --kill-whom=main \(unit)
            for i in $(seq 200); do
                [ "$(systemctl show -p NRestarts --value \(unit))" != 0 ] && exit 0
                sleep 0.2
            done
            exit 1
            """)
        #expect(outcome.status == 0)
        try await guest.waitUntilHealthy()
        #expect(try await guest.property("MainPID", of: unit) != before)
        #expect(try await guest.shell("journalctl -u \(unit) -o cat | grep -q 'Watchdog timeout'").status == 0)
        try await Installation.shared.answers()
        try await guest.shell("rm -r \(dropIn); systemctl daemon-reload; systemctl restart \(unit)")
        try await guest.waitUntilHealthy()
    }

    @Test("with the socket units a request that is made while the executor is away waits for it")
    func socketActivation() async throws {
        _ = try await Installation.shared.ready()
        let sockets = "devops-executor.socket devops-executor-operator.socket"
        let waited = try await guest.shell(
            """
            systemctl stop devops-executor && systemctl start \(sockets) && ! systemctl is-active -q devops-executor
            executorctl --socket /run/devops-executor/executor.sock explain uptime &&
                systemctl restart devops-executor && \
                executorctl --socket \(Guest.operatorSocket) explain uptime && stat -c %G:%a /run/devops-executor/*.sock
            """)
        #expect(
            waited.status == 0 && waited.text.hasSuffix("devops-agent:660\ndevops-operators:660\n"), "\(waited.text)")
        try await Installation.shared.answers()
        try await guest.shell("systemctl stop \(sockets); systemctl restart devops-executor")
        try await guest.waitUntilHealthy()
    }

    @Test("a broken edit of the rules is refused and named; the last good ones stay, and a mended file is taken")
    func brokenPolicy() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let file = "/etc/devops-executor/allowlist.json"
        try await guest.shell("cp \(file) /root/good.json; sed -i '1s/^/{/' \(file)")
        let refused = try await guest.shell("systemctl reload devops-executor")
        #expect(refused.status != 0)
        #expect(try await guest.ctl("explain uptime").status == 0)
        #expect(try await guest.shell("devops-agent doctor | grep -A1 '❌ policy'").text.contains(file))
        // A start with such rules: everything is denied, and nobody waits longer than the job's time.
        let dropIn = "/run/systemd/system/devops-executor.service.d"
        try await guest.shell(
            "mkdir -p \(dropIn); printf '[Unit]\\nJobRunningTimeoutSec=3s\\n' >\(dropIn)/test.conf; systemctl daemon-reload"
        )
        #expect(try await guest.shell("systemctl restart devops-executor").status != 0)
        #expect(try await guest.property("ActiveState", of: "devops-executor") == "activating")
        #expect(try await guest.ctl("explain uptime").status == 1)
        try await guest.shell("cp /root/good.json \(file); systemctl kill -s HUP --kill-whom=main devops-executor")
        try await guest.waitUntilHealthy()
        #expect(try await guest.ctl("explain uptime").status == 0)
        try await guest.shell("rm -r \(dropIn); systemctl daemon-reload")
        #expect(try await guest.ctl("audit verify").status == 0)
    }

    @Test("with no room for the audit log nothing runs; with room again it does")
    func fullDisk() async throws {
        _ = try await Installation.shared.ready()
        let logs = "/var/log/devops-executor"
        try await guest.shell(
            """
            systemctl stop devops-executor
            size=$(($(du -sk \(logs) | cut -f1) + 512))
            mv \(logs) /root/logs; mkdir -m 700 \(logs)
            mount -t tmpfs -o size=${size}k,mode=700 tmpfs \(logs)
            cp -a /root/logs/. \(logs); rm -r /root/logs
            systemctl start devops-executor
            """)
        #expect(try await guest.ctl("call run_command command=uptime").status == 0)
        try await guest.shell("dd if=/dev/zero of=\(logs)/filler bs=4k 2>/dev/null")
        var last = try await guest.ctl("call run_command command=uptime")
        for _ in 0..<20 where last.status == 0 { last = try await guest.ctl("call run_command command=uptime") }
        #expect(last.status != 0 && !last.text.contains("load average"), "\(last.text)")
        #expect(try await guest.property("ActiveState", of: "devops-executor") == "active")
        try await guest.shell("rm \(logs)/filler")
        let again = try await guest.ctl("call run_command command=uptime")
        #expect(again.status == 0, "\(again.text)")
        try await guest.shell(
            """
            systemctl stop devops-executor
            cp -a \(logs) /root/logs; umount \(logs); cp -a /root/logs/. \(logs); rm -r /root/logs
            systemctl start devops-executor
            """)
        try await guest.waitUntilHealthy()
        #expect(try await guest.ctl("audit verify").status == 0)
    }

    @Test("after a reboot the bot answers, and nobody has touched anything")
    func reboot() async throws {
        _ = try await Installation.shared.ready()
        _ = try await Installation.shared.reboot()
        try await guest.waitUntilHealthy()
        try await Installation.shared.answers()
        #expect(try await guest.ctl("audit verify").status == 0)
        for unit in ["devops-executor", "devops-agent"] {
            let milliseconds = try #require(try await millisecondsToReady(unit))
            print("\(unit) is READY \(milliseconds) ms after what it waits for, of 1000 at most")
            #expect(milliseconds <= 1000)
        }
    }

    /// From the moment the last unit that has to come first was up.
    private func millisecondsToReady(_ unit: String) async throws -> Int? {
        let text = try await guest.shell(
            """
            up() { systemctl show -p ActiveEnterTimestampMonotonic --value -- "$@"; }
            ready=$(up \(unit))
            before=$(up $(systemctl show -p After --value \(unit)) | awk -v ready=$ready '$1 > last && $1 < ready { last = $1 }
                END { print last }')
            echo $(((ready - before) / 1000))
            """
        ).text
        return Int(text.trimmingCharacters(in: .newlines))
    }

    @Test("half a minute after a question both daemons keep at most 45 MB resident")
    func resident() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        try await Installation.shared.answers()
        // Memory is given back when the watchdog is fed: the agent's every 30 s, the executor's every 15.
        try await Task.sleep(for: .seconds(35))
        let text = try await guest.shell(
            """
            for unit in devops-agent devops-executor; do
                sed -n 's/^VmRSS://p' /proc/$(systemctl show -p MainPID --value $unit)/status
            done
            """
        ).text
        print("Resident, of 45 MB at most:", text.split(separator: "\n").joined(separator: ","))
        let kilobytes = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        #expect(kilobytes.count == 2 && kilobytes.reduce(0, +) <= 45 << 10)
    }

    @Test("a clock that follows no time server is named in the health check, and no longer once it does")
    func clock() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let words = "the clock is not synchronised with a time server"
        try await guest.shell("mkdir -p /run/systemd/timesync; rm -f /run/systemd/timesync/synchronized")
        let unsure = try await guest.ctl("call system_health")
        #expect(unsure.status == 0 && unsure.text.contains(words), "\(unsure.text)")
        try await guest.shell("touch /run/systemd/timesync/synchronized")
        let sure = try await guest.ctl("call system_health")
        #expect(sure.status == 0 && !sure.text.contains(words), "\(sure.text)")
        try await guest.shell("rm -r /run/systemd/timesync")
    }

    @Test("a backup is whole, closed to others, without secrets, and can be put back")
    func backup() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        #expect(try await guest.shell("systemctl is-active devops-agent-backup.timer").status == 0)
        try await guest.shell("echo kubeconfig-of-the-test >/etc/devops-executor/credentials/kubeconfig")
        let made = try await guest.shell(
            "systemctl start devops-agent-backup.service; journalctl -u devops-agent-backup -o cat -n 5")
        #expect(made.text.contains("/var/backups/devops-agent/devops-agent-"), "\(made.text)")
        let file = try await guest.shell("ls -t /var/backups/devops-agent/*.tar.gz | head -1").text
            .trimmingCharacters(in: .newlines)
        #expect(try await guest.shell("stat -c %a \(file)").text == "600\n")
        let list = try await guest.shell("tar -tzf \(file)").text
        for part in ["var/lib/devops-agent/agent.db", "etc/devops-executor/allowlist.json", "audit/000001.jsonl"] {
            #expect(list.contains(part), "\(list)")
        }
        for secret in [TelegramStandIn.token, AnthropicStandIn.key, "kubeconfig-of-the-test"] {
            #expect(try await guest.shell("tar -xOzf \(file) | grep -ac '\(secret)'").text == "0\n")
        }
        try await guest.shell(
            "systemctl stop devops-agent; rm /var/lib/devops-agent/agent.db*; echo '{' >/etc/devops-executor/allowlist.json"
        )
        let restored = try await guest.shell("/usr/lib/devops-agent/backup.sh --restore \(file)")
        #expect(restored.status == 0, "\(restored.text)")
        #expect(try await guest.shell("stat -c %U:%a /var/lib/devops-agent/agent.db").text == "devops-agent:600\n")
        #expect(try await guest.ctl("explain uptime").status == 0)
        let rights = try await guest.shell(
            "cd /etc/devops-executor; stat -c %G:%a . packs packs/aws.json credentials{,/*}")
        #expect(
            rights.text == "root:755\nroot:755\nroot:644\ndevops-probe:750\ndevops-probe:640\n", "\(rights.text)")
    }

    @Test("an upgrade keeps memory and audit log; one that does not stay up is rolled back by itself")
    func upgrade() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let head = try await guest.ctl("--json status | sed 's/.*\"head\":\"\\([0-9a-f]*\\).*/\\1/'").text
            .trimmingCharacters(in: .newlines)
        try guest.put(guest.package("1.1"), at: "/root/new.deb")
        let upgraded = try await guest.shell("/usr/lib/devops-agent/upgrade.sh /root/new.deb")
        #expect(upgraded.status == 0 && upgraded.text.contains("Upgraded to 1.1"), "\(upgraded.text)")
        #expect(try await guest.ctl("audit verify --head \(head)").status == 0)
        try guest.put(guest.package("1.2"), at: "/root/broken.deb")
        let rolledBack = try await guest.shell("/usr/lib/devops-agent/upgrade.sh /root/broken.deb")
        #expect(rolledBack.status == 1 && rolledBack.text.contains("Rolled back to 1.1"), "\(rolledBack.text)")
        try await guest.waitUntilHealthy()
        #expect(try await guest.ctl("audit verify --head \(head)").status == 0)
        try await Installation.shared.answers()
    }

    @Test(
        "an agent that dies is rolled back too; where it has changed the memory, that of before is back and its own kept"
    )
    func upgradeOfMemory() async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        try await Installation.shared.answers()
        try guest.put(guest.package("1.3"), at: "/root/broken.deb")
        try await makeNewerMemory()
        let rolledBack = try await guest.shell("/usr/lib/devops-agent/upgrade.sh /root/broken.deb; rm /root/newer.db")
        for words in [
            "The new version does not stay up", "was written by a newer version of devops-agent",
            "The memory is that of before the upgrade; what the newer version wrote is kept in", "Rolled back to",
        ] { #expect(rolledBack.text.contains(words), "no \(words) in \(rolledBack.text)") }
        try await guest.waitUntilHealthy()
        #expect(try await guest.shell("ls /var/lib/devops-agent/backups/agent.db-of-newer-*").status == 0)
        let incidents = try await guest.shell("grep -ac 'Ответ ' /var/lib/devops-agent/agent.db{,-wal} | grep -v ':0'")
        #expect(incidents.status == 0, "the incidents of before the upgrade are gone")
        try await Installation.shared.answers()
        try await guest.shell("rm /var/lib/devops-agent/backups/agent.db-of-newer-*")
    }

    /// The memory as a later version would leave it: with a migration that this one has never heard of.
    private func makeNewerMemory() async throws {
        try await guest.shell(
            """
            cd /var/lib/devops-agent/tmp
            setpriv --reuid devops-agent --regid devops-agent --clear-groups -- \
                devops-agent backup --state-dir /var/lib/devops-agent newer.db && mv newer.db /root
            """)
        let python = """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1])
            database.execute("INSERT INTO grdb_migrations VALUES ('1000')")
            database.commit()
            """
        let file = (Guest.directory ?? "") + "/root/newer.db"
        #expect(try await Program.run("/usr/bin/env", ["python3", "-c", python, file]).status == 0)
    }

    @Test(
        "a secret's file that is not there or has nothing in it is named by the agent itself, which then waits for it",
        arguments: ["rm FILE", ": >FILE", "printf '\\r\\n' >FILE"])
    func secretMissing(_ edit: String) async throws {
        _ = try await Installation.shared.ready()
        try await guest.waitUntilHealthy()
        let file = "/etc/devops-agent/credentials/TELEGRAM_BOT_TOKEN"
        let edited = edit.replacing("FILE", with: file)
        let failed = try await guest.shell("cp -a \(file) /root/kept; \(edited); systemctl restart devops-agent")
        #expect(failed.status != 0)
        #expect(try await guest.property("ExecMainStatus", of: "devops-agent") == "2")
        let said = try await guest.shell("journalctl -u devops-agent -o cat -n 20").text
        #expect(said.contains("devops-agent: TELEGRAM_BOT_TOKEN is not set; @BotFather"), "\(said)")
        // As an editor of Windows leaves it.
        let mended = try await guest.shell(
            """
            { printf '\\xef\\xbb\\xbf'; tr -d '\\n' </root/kept; printf '\\r\\n'; } >\(file); systemctl start devops-agent
            """)
        #expect(mended.status == 0, "\(mended.text)")
        try await Installation.shared.answers()
        try await guest.shell("mv /root/kept \(file)")
    }

    @Test("a machine without IPv6 is served as well")
    func withoutIPv6() async throws {
        _ = try await Installation.shared.ready()
        let disable = "sysctl -qw net.ipv6.conf.all.disable_ipv6"
        #expect(
            try await guest.shell("\(disable)=1; systemctl restart devops-executor devops-agent").status == 0)
        try await guest.waitUntilHealthy()
        try await Installation.shared.answers()
        #expect(try await guest.ctl("call check_port port=80").status == 0)
        try await guest.shell("\(disable)=0; systemctl restart devops-executor devops-agent")
        try await guest.waitUntilHealthy()
    }

    @Test("neither the journal nor a process's environment ever held a secret")
    func secrets() async throws {
        _ = try await Installation.shared.ready()
        for secret in [TelegramStandIn.token, AnthropicStandIn.key] {
            #expect(try await guest.shell("journalctl -o export --no-pager | grep -ac '\(secret)'").text == "0\n")
            #expect(try await guest.shell("cat /proc/[0-9]*/environ | grep -ac '\(secret)'").text == "0\n")
            #expect(try await guest.shell("grep -rac '\(secret)' /var/log | grep -v ':0$'").text.isEmpty)
        }
    }

    @Test("uninstalling keeps the data, purging removes them; the backups stay")
    func uninstall() async throws {
        _ = try await Installation.shared.ready()
        let removed = try await guest.shell("/usr/lib/devops-agent/uninstall.sh")
        #expect(removed.status == 0, "\(removed.text)")
        #expect(
            try await guest.shell("test -e /var/lib/devops-agent/agent.db -a -e /etc/devops-agent/agent.env").status
                == 0)
        #expect(try await guest.shell("systemctl cat devops-agent").status != 0)
        try guest.put(guest.package("1.1"), at: "/root/new.deb")
        let again = try await guest.shell(
            "dpkg -i /root/new.deb && . /usr/lib/devops-agent/installed.sh && wait_until_healthy 60")
        #expect(again.status == 0, "\(again.text)")
        let purged = try await guest.shell("/usr/lib/devops-agent/uninstall.sh --purge")
        #expect(purged.status == 0, "\(purged.text)")
        for path in ["/etc/devops-agent", "/etc/devops-executor", "/var/lib/devops-agent", "/var/log/devops-executor"] {
            #expect(try await guest.shell("test -e \(path)").status != 0, "\(path)")
        }
        #expect(try await guest.shell("getent passwd devops-agent devops-probe").text.isEmpty)
        #expect(try await guest.shell("ls /var/backups/devops-agent/*.tar.gz").status == 0)
    }

    @Test("a backup brings a fresh machine all that was there: the memory, the rules, an audit log that verifies")
    func freshMachine() async throws {
        try await installAnew()
        try await Installation.shared.answers()
        let saved = try await guest.shell("/usr/lib/devops-agent/backup.sh").text.trimmingCharacters(in: .newlines)
        let head = try await guest.ctl("--json status | sed 's/.*\"head\":\"\\([0-9a-f]*\\).*/\\1/'").text
            .trimmingCharacters(in: .newlines)
        _ = try await guest.shell("/usr/lib/devops-agent/uninstall.sh --purge; dpkg -i /root/devops-agent.deb")
        let restored = try await guest.shell("/usr/lib/devops-agent/backup.sh --restore \(saved)")
        #expect(restored.status == 0 && restored.text.contains("setup_systemd.sh asks for them"), "\(restored.text)")
        #expect(try await guest.ctl("audit verify").status == 0)
        #expect(try await guest.ctl("audit verify --head \(head)").status == 0)
        #expect(try await guest.shell("devops-executor check-audit --head \(head)").status == 0)
        try await Installation.shared.configure()
        try await Installation.shared.answers()
        let (telegram, _) = try await Installation.shared.ready()
        let known = telegram.sent.map(\.id)
        telegram.send("/history")
        let history = await telegram.waitForMessage { !known.contains($0.id) && $0.text.contains("инциденты") }
        #expect(history.text.count { $0 == "\n" } >= 2, "both questions are remembered: \(history.text)")
        #expect(try await guest.ctl("audit verify --head \(head)").status == 0)
    }

    @Test(
        "an installation that is killed half way is ended by the next one", arguments: ["half-installed", "unpacked"])
    func interrupted(_ state: String) async throws {
        _ = try await Installation.shared.ready()
        _ = try await guest.shell("/usr/lib/devops-agent/uninstall.sh --purge")
        try guest.put(guest.package("1.0"), at: "/root/devops-agent.deb")
        let left = try await guest.shell(
            """
            status() { dpkg-query -W -f '${db:Status-Status}' devops-agent 2>/dev/null; }
            dpkg --install /root/devops-agent.deb >/dev/null 2>&1 & dpkg=$!
            until [ "$(status)" = \(state) ]; do [ -d /proc/$dpkg ] || break; done
            kill -KILL $dpkg; wait $dpkg 2>/dev/null; status
            """)
        #expect(left.text == state, "\(left.text)")
        try await Installation.shared.configure()
        try await guest.waitUntilHealthy()
        try await Installation.shared.answers()
    }

    /// Version 1.0, whatever was there.
    private func installAnew() async throws {
        _ = try await guest.shell(
            "! [ -e /usr/lib/devops-agent/uninstall.sh ] || /usr/lib/devops-agent/uninstall.sh --purge")
        _ = try await Installation.shared.ready()
        try await Installation.shared.configure()
        try await guest.waitUntilHealthy()
    }
}
