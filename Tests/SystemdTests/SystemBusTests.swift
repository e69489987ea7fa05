import Glibc
import Systemd
import TestSupport
import Testing

/// A machine with a real systemd, given by its bus: `SYSTEMD_TEST_BUS=unix:path=…`; it must have nginx.
@Suite("SystemBus", .enabled(if: BusFixture.address != nil, "needs SYSTEMD_TEST_BUS"), .serialized)
struct SystemBusTests {
    let bus = SystemBus(address: BusFixture.address)

    @Test("a unit's state comes in one question, with what a report needs")
    func state() throws {
        _ = try bus.run(.start, "nginx.service", timeout: .seconds(20))
        let unit = try bus.unit("nginx.service")
        #expect(unit.exists && unit.isActive && unit.sub == "running" && unit.load == "loaded")
        #expect((unit.mainPID ?? 0) > 0)
        #expect(unit.invocation?.utf8.count == 32)
        #expect((unit.stateChanged ?? 0) > 1_500_000_000_000_000)
        #expect(unit.text("Description")?.isEmpty == false)
    }

    @Test("a unit that does not exist is not found, and starting it says so")
    func absent() throws {
        #expect(try !bus.unit("no-such-thing.service").exists)
        let error = #expect(throws: SystemdError.self) {
            try bus.run(.start, "no-such-thing.service", timeout: .seconds(20))
        }
        #expect(error?.code == .noSuchUnit)
    }

    @Test("a name that is none is refused by systemd, and the connection serves on")
    func hostileName() throws {
        #expect(throws: SystemdError.self) { try bus.run(.start, "../../etc/passwd", timeout: .seconds(5)) }
        #expect(try bus.unit("nginx.service").exists)
    }

    @Test("stop, start and restart are done when their job is done")
    func jobs() throws {
        #expect(try bus.run(.stop, "nginx.service", timeout: .seconds(20)).result == .done)
        #expect(try bus.unit("nginx.service").active == "inactive")
        #expect(try bus.run(.start, "nginx.service", timeout: .seconds(20)).result == .done)
        let first = try bus.unit("nginx.service").mainPID
        #expect(try bus.run(.restart, "nginx.service", timeout: .seconds(20)).result == .done)
        #expect(try bus.unit("nginx.service").mainPID != first)
    }

    @Test("a cancelled job is left to systemd, and says so")
    func cancelled() throws {
        let error = #expect(throws: SystemdError.self) {
            try bus.run(.restart, "nginx.service", timeout: .seconds(20), isCancelled: { true })
        }
        #expect(error?.code == .cancelled)
        _ = try bus.run(.start, "nginx.service", timeout: .seconds(20))
    }

    @Test("units by their names come in one question, those that do not exist among them")
    func named() throws {
        let units = try bus.units(named: ["nginx.service", "no-such-thing.service"])
        #expect(Set(units.map(\.name)) == ["nginx.service", "no-such-thing.service"])
        #expect(units.first { $0.name == "no-such-thing.service" }?.load == "not-found")
        #expect(try bus.units(named: []).isEmpty)
    }

    @Test("the names of all units are to be had")
    func names() throws {
        let names = try bus.unitNames()
        #expect(names.contains("nginx.service") && names.contains("multi-user.target"))
        #expect(try bus.units().contains { $0.name == "nginx.service" && $0.active == "active" })
    }

    @Test("a thousand questions over the kept connection")
    func cost() throws {
        let start = ContinuousClock.now
        for _ in 0..<1000 { _ = try bus.unit("nginx.service") }
        let each = (ContinuousClock.now - start) / 1000
        print("SystemBus.unit: \(each) each")
        #expect(each < .milliseconds(20))
    }
}

@Suite("SystemBus without systemd")
struct AbsentBusTests {
    @Test("a bus that is not there is one clear error, at once", arguments: ["unix:path=/nonexistent/bus", "rubbish"])
    func absent(_ address: String) {
        let start = ContinuousClock.now
        let error = #expect(throws: SystemdError.self) { try SystemBus(address: address).unit("nginx.service") }
        #expect(error?.code == .unreachable)
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test("a bus that takes the connection and never answers is given up in time")
    func silent() throws {
        let listener = try SilentSocket()
        let bus = SystemBus(address: "unix:path=\(listener.path)", timeout: .milliseconds(300))
        let start = ContinuousClock.now
        #expect(throws: SystemdError.self) { try bus.unit("nginx.service") }
        #expect(ContinuousClock.now - start < .seconds(3))
    }
}

enum BusFixture {
    static var address: String? { getenv("SYSTEMD_TEST_BUS").map { String(cString: $0) } }
    /// The machine's root directory.
    static var root: String? {
        let (prefix, suffix) = ("unix:path=", "/run/dbus/system_bus_socket")
        guard let address, address.hasPrefix(prefix), address.hasSuffix(suffix) else { return nil }
        return String(address.dropFirst(prefix.count).dropLast(suffix.count))
    }
}

@Suite("JournalSync")
struct JournalSyncTests {
    @Test("a journald that is not there, or says nothing, is not waited for", arguments: [true, false])
    func absent(_ listens: Bool) throws {
        let listener = try SilentSocket()
        let start = ContinuousClock.now
        let sync = JournalSync(path: listens ? listener.path : "/nonexistent/journal")
        #expect(!sync.wait(atMost: .milliseconds(200)))
        #expect(ContinuousClock.now - start < .seconds(3))
    }

    @Test(
        "a journald that is there answers",
        .enabled(if: BusFixture.root == "/proc/1/root", "needs scripts/guest.sh join"))
    func answers() throws {
        let root = try #require(BusFixture.root)
        #expect(JournalSync(path: root + JournalSync.machineSocket).wait(atMost: .seconds(10)))
    }
}

/// Listens, and says nothing.
final class SilentSocket {
    private let directory: TemporaryDirectory
    private let descriptor: Int32
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/bus"
        descriptor = try boundSocket(path, SOCK_STREAM)
        try #require(listen(descriptor, 4) == 0)
    }

    deinit { close(descriptor) }
}
