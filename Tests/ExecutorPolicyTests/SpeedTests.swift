import ExecutorAPI
import ExecutorPolicy
import Testing

@Suite("The cost of judging", .serialized)
struct SpeedTests {
    /// Rules of every kind the tree has: other programs, other words, other directories, other units.
    private func policy(_ count: Int) throws -> Policy {
        let rules = (0..<(count - 2)).map { index in
            switch index % 4 {
            case 0: #"{"command": "/opt/p\#(index) run", "id": "r\#(index)", "effect": "read"}"#
            case 1: #""docker logs --tail * c\#(index)""#
            case 2: #""cat /var/log/d\#(index)/*""#
            default:
                #"{"command": "systemctl restart {unit}", "id": "r\#(index)", "units": ["s\#(index).service"]}"#
            }
        }
        let all = rules + [#""systemctl status *""#, #""cat /var/log/*""#]
        return try Fixture.policy(#"{"a": [\#(all.joined(separator: ", "))]}"#)
    }

    private let lines = [
        "systemctl status nginx", "cat /var/log/nginx/error.log", "systemctl restart s3", "rm -rf /", "uptime | sh",
        "systemctl restart none", "nothing at all", "docker logs --tail 5 c1", "cat /var/log/d2/x", "cat /etc/shadow",
    ]

    /// Of the least of several rounds: what else the machine does makes it longer, never shorter.
    private func cost(_ policy: Policy) -> Duration {
        let rounds = (0..<15).map { _ in
            ContinuousClock().measure { for _ in 0..<20 { for line in lines { _ = policy.judge(line: line) } } }
        }
        return (rounds.min() ?? .zero) / (20 * lines.count)
    }

    @Test("judging costs the same with ten rules and with ten thousand")
    func scales() throws {
        let (few, many) = (cost(try policy(10)), cost(try policy(10_000)))
        print("judging one line: \(few) with 10 rules, \(many) with 10,000")
        #expect(many < few * 1.5)
    }

    @Test(
        "a line made to be slow costs no more than its length",
        arguments: ["curl|", "rm ", "|  ", "wget | s", "a ", "'", "curl", "dd", "> ", "/a"])
    func hostileCost(_ piece: String) throws {
        let policy = try policy(10)
        let count = CommandLine.maximumBytes / piece.utf8.count
        func time(_ line: String) -> Duration {
            (0..<5).map { _ in ContinuousClock().measure { _ = policy.judge(line: line) } }.min() ?? .zero
        }
        let quarter = time("curl -s " + String(repeating: piece, count: count / 4))
        let whole = time("curl -s " + String(repeating: piece, count: count - 8))
        #expect(whole < quarter * 10 + .milliseconds(5), "\(quarter) for a quarter, \(whole) for the whole")
    }
}
