import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Systemd
import Testing

private let address = getenv("SYSTEMD_TEST_BUS").map { String(cString: $0) }

/// A real systemd, given by its bus: `SYSTEMD_TEST_BUS=unix:path=/proc/PID/root/run/dbus/system_bus_socket`.
@Suite("Health and ports with systemd", .enabled(if: address != nil, "needs SYSTEMD_TEST_BUS"), .serialized)
struct HealthSystemdTests {
    private let bus = SystemBus(address: address)
    /// The host's pid of the machine's first process.
    private let leader = address?.split(separator: "/").dropFirst(2).first.map(String.init) ?? "0"

    /// Writes units, loads them, and runs `systemctl` inside.
    private func write(_ units: [String: String], then command: String) throws {
        for (name, text) in units {
            let path = "/proc/\(leader)/root/run/systemd/system/\(name)"
            let file = try #require(fopen(path, "w"))
            fputs(text, file)
            fclose(file)
        }
        inside("systemctl daemon-reload")
        inside(command)
    }

    @discardableResult
    private func inside(_ command: String) -> Int32 {
        system("nsenter --target \(leader) --all -- sh -c '\(command)' >/dev/null 2>&1")
    }

    private func remove(_ names: String...) {
        for name in names {
            inside("systemctl stop \(name); systemctl reset-failed \(name); rm /run/systemd/system/\(name)")
        }
        inside("systemctl daemon-reload")
    }

    private func finding(_ result: ToolResult, _ code: String) -> JSONValue? {
        result.metadata["findings"]?.arrayValue?.first { $0["code"]?.stringValue == code }
    }

    @Test("a unit that crashes again and again is named, with its restarts and its result")
    func restartLoop() throws {
        try write(
            [
                "loop.service": """
                [Unit]
                StartLimitIntervalSec=0
                [Service]
                ExecStart=/bin/sh -c "sleep 0.1; exit 3"
                Restart=always
                RestartSec=200ms

                """
            ], then: "systemctl start loop.service")
        defer { remove("loop.service") }
        while try bus.unit("loop.service").restarts < 4 { usleep(50_000) }
        let result = SystemHealthTool(bus: bus).report()
        let found = finding(result, "unit_restarts")
        #expect(found?["subject"] == "loop.service" && (found?["value"]?.intValue ?? 0) >= 4, "\(result.text)")
        #expect(result.output.contains("loop.service restarts again and again"))
    }

    @Test("a unit that has failed is named")
    func failedUnit() throws {
        try write(
            ["broken.service": "[Service]\nExecStart=/bin/false\n"], then: "systemctl start broken.service")
        defer { remove("broken.service") }
        while try bus.unit("broken.service").active != "failed" { usleep(20_000) }
        let result = SystemHealthTool(bus: bus).report()
        #expect(finding(result, "failed_units")?["text"]?.stringValue?.contains("broken.service") == true)
        #expect(result.metadata["failed_units"]?.arrayValue?.contains("broken.service") == true)
    }

    @Test("a port that systemd holds open for a service says by which socket unit it came")
    func socketUnit() async throws {
        try write(
            [
                "door.socket": "[Socket]\nListenStream=127.0.0.1:7799\nAccept=no\n",
                "door.service": "[Service]\nExecStart=/bin/sleep 1000\n",
            ], then: "systemctl start door.socket")
        defer { remove("door.socket", "door.service") }
        let (bus, leader) = (bus, leader)
        // A thread of its own: setns(2) moves the thread that calls it, and this one ends with the look.
        let text: String = await withCheckedContinuation { continuation in
            let look = OneLook {
                let namespace = open("/proc/\(leader)/ns/net", O_RDONLY | O_CLOEXEC)
                defer { close(namespace) }
                guard setns(namespace, 0) == 0 else { return continuation.resume(returning: "no way in") }
                continuation.resume(returning: CheckPortTool(bus: bus).check(7799).output)
            }
            look.start()
        }
        #expect(text.contains("port 7799: systemd") && text.contains("held open by door.socket"), "\(text)")
    }

    @Test("a clock that timesyncd does not have right yet is not synchronised")
    func clock() throws {
        try #require(inside("mkdir -p /run/systemd/timesync; rm -f /run/systemd/timesync/synchronized") == 0)
        defer { inside("rm -r /run/systemd/timesync") }
        let place = "/proc/\(leader)/root/run/systemd/timesync"
        #expect(KernelState.isClockSynchronised(timesync: place) == false)
        inside("touch /run/systemd/timesync/synchronized")
        #expect(KernelState.isClockSynchronised(timesync: place) == KernelState.isClockSynchronised(timesync: "/none"))
        #expect(bus.isClockSynchronised(within: .seconds(5)) != nil)
    }
}

/// A body on a thread that ends with it.
private final class OneLook: Sendable {
    private let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func start() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<OneLook>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }
}
