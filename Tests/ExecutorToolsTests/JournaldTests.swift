import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import Testing

private let journal = getenv("SYSTEMD_TEST_JOURNAL").map { String(cString: $0) }

/// The journal of a real journald, given by its directory: `SYSTEMD_TEST_JOURNAL`. The unit `talkative` has said in it what
/// `scripts/test-system.sh` made it say: in an earlier boot one line, in this one thirty alike before the journal was
/// rotated, and two after.
@Suite("read_logs: journald", .enabled(if: journal != nil, "needs SYSTEMD_TEST_JOURNAL"))
struct JournaldTests {
    private let fixture: ServiceFixture

    init() throws { fixture = try ServiceFixture(rules: [#""journalctl -u * -n *""#]) }

    private func call(_ more: [String: JSONValue]) -> ToolResult {
        let machine = Machine(runner: fixture.run.runner, settings: ToolSettings(), journalDirectory: journal)
        return fixture.run.call(
            ReadLogsTool(machine: machine), ["service": "talkative", "lines": 500].merging(more) { $1 })
    }

    @Test("a pattern that nothing has finds nothing, and a unit that never was has no lines")
    func nothing() {
        #expect(call(["pattern": "zzz"]).metadata["lines"] == 0)
        #expect(call(["service": "never-was"]).metadata["lines"] == 0)
    }

    @Test("a unit's lines come from before and after a rotation, the repeated ones folded, with systemd's own words")
    func whole() {
        let result = call(["boot": "current"])
        #expect(result.output.contains("cannot bind  (30 times until "), "\(result.text)")
        #expect(result.output.contains("after the rotation"), "\(result.text)")
        #expect(result.output.contains("status=3"), "\(result.text)")
        #expect(!result.output.contains("in an earlier boot"), "\(result.text)")
    }

    @Test("the boot before this one is told from it")
    func previousBoot() {
        let result = call(["boot": "previous"])
        #expect(
            result.output.contains("in an earlier boot") && !result.output.contains("cannot bind"), "\(result.text)")
    }

    @Test("a priority and a time choose among real entries")
    func chosen() {
        let errors = call(["priority": "err", "boot": "current"])
        #expect(errors.metadata["lines"] == 1 && errors.output.contains("gave up"), "\(errors.text)")
        #expect(call(["until": "1d"]).metadata["lines"] == 0)
        #expect((call(["since": "1h"]).metadata["lines"]?.intValue ?? 0) > 30)
    }
}
