import ExecutorAPI
import ExecutorPolicy
import ExecutorTools
import Glibc
import StrictJSON
import Testing

@Suite("The packs that ship")
struct PackTests {
    static let directory =
        #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/config/packs"

    static func packs() throws -> [ToolSettings.Pack] {
        try (SystemFile.names(in: directory) ?? []).sorted().map { name in
            ToolSettings.Pack(bytes: try #require(SystemFile.read("\(directory)/\(name)")), name: name)
        }
    }

    static let names = [
        "aws_alarms", "aws_buckets", "aws_instance_status", "aws_instances", "certbot_certificates",
        "gcloud_instances", "gcloud_sql_instances", "kubectl_describe", "kubectl_get", "kubectl_logs",
        "kubectl_rollout_restart", "nginx_test", "postgres_activity", "postgres_connections", "redis_info",
    ]

    private func fixture() throws -> OwnToolFixture { try OwnToolFixture("{}", packs: Self.packs()) }

    @Test("all load together; only a restart changes anything, and it asks first")
    func load() throws {
        let settings = try ToolSettings(parsing: nil, name: "tools.json", packs: Self.packs())
        #expect(settings.ownTools.map(\.name).sorted() == Self.names)
        let changing = settings.ownTools.filter { $0.command.effect == .change }.map(\.name)
        #expect(changing == ["kubectl_rollout_restart"])
        let policy = try fixture().policy
        guard
            case .needsApproval(let proposal) = policy.judge(
                tool: "kubectl_rollout_restart", ["kind": "deployment", "name": "web"])
        else {
            Issue.record("nobody was asked")
            return
        }
        #expect(proposal.level == .user)
        #expect(
            proposal.command == "kubectl rollout restart deployment web --namespace=default --request-timeout=20s")
    }

    @Test(
        "hostile values are refused in every argument of every tool",
        arguments: [
            "-A", "--kubeconfig=/tmp/x", "--endpoint-url", "a b", "a;id", "$(id)", "x\ny", "file:///etc/passwd",
            "../../x", "pod/web", "a,b", "@x", "'", "",
        ])
    func hostileValues(_ value: String) throws {
        let settings = try ToolSettings(parsing: nil, name: "tools.json", packs: Self.packs())
        let policy = try fixture().policy
        for tool in settings.ownTools {
            for argument in tool.command.arguments {
                var values: [String: String] = [:]
                for other in tool.command.arguments {
                    values[other.name] = other.choices.first ?? other.fallback ?? "web"
                }
                values[argument.name] = value
                #expect(policy.judge(tool: tool.name, values).refusal != nil, "\(tool.name) \(argument.name)")
            }
        }
    }

    @Test("good values give the command that is meant")
    func commands() throws {
        let policy = try fixture().policy
        #expect(
            policy.judge(tool: "kubectl_logs", ["pod": "web-1", "lines": "20"]).grant?.command
                == "kubectl logs web-1 --namespace=default --tail=20 --previous=false --timestamps --request-timeout=20s"
        )
        #expect(policy.judge(tool: "redis_info", [:]).grant?.command.hasSuffix("info memory") == true)
        #expect(policy.judge(tool: "nginx_test", [:]).grant?.runAs == .user("root"))
        #expect(policy.judge(tool: "postgres_activity", [:]).grant?.runAs == .user("postgres"))
    }

    @Test(
        "secrets of the cluster are no resource that can be asked for", arguments: ["secrets", "secret", "configmaps"])
    func secrets(_ resource: String) throws {
        #expect(try fixture().policy.judge(tool: "kubectl_get", ["resource": resource]).refusal != nil)
    }
}

extension Verdict {
    var refusal: Refusal? { if case .denied(let refusal) = self { refusal } else { nil } }
    var grant: Grant? { if case .allowed(let grant) = self { grant } else { nil } }
}
