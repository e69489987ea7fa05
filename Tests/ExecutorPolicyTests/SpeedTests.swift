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

    private func round(_ policy: Policy) -> Duration {
        ContinuousClock().measure { for _ in 0..<20 { for line in lines { _ = policy.judge(line: line) } } }
    }

    @Test("judging costs the same with ten rules and with ten thousand")
    func scales() throws {
        let (small, large) = (try policy(10), try policy(10_000))
        // By turns, and the least of each: what else the machine does makes a round longer, never shorter.
        let rounds = (0..<20).map { _ in (few: round(small), many: round(large)) }
        let few = (rounds.map(\.few).min() ?? .zero) / (20 * lines.count)
        let many = (rounds.map(\.many).min() ?? .zero) / (20 * lines.count)
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
