import Foundation
import TestSupport
import Testing

@Suite("What each binary links", .timeLimit(.minutes(2)))
struct DependencyTests {
    /// Swift's mangled names begin with `$s`, the length of the module's name, and the name.
    private static func modules(in program: String) async throws -> Set<String> {
        let symbols = try await Program.run("/usr/bin/nm", [Program.path(program)]).output
        return Set(
            known.filter { module in
                symbols.contains(" $s\(module.utf8.count)\(module)")
            })
    }

    private static let known = [
        "AgentCore", "AgentMemory", "AgentRuntime", "ArgumentParser", "ChatFrontEnd", "Claude", "ExecutorAudit",
        "ExecutorCore", "ExecutorPolicy", "ExecutorRunner", "ExecutorTools", "Foundation", "FoundationEssentials",
        "GRDB",
        "HTTPClient", "Logging", "ServiceLifecycle", "Telegram",
    ]

    private static func libraries(of program: String) async throws -> [String] {
        let dynamic = try await Program.run("/usr/bin/readelf", ["--dynamic", Program.path(program)]).output
        return dynamic.split(separator: "\n").filter { $0.contains("(NEEDED)") }.compactMap { line in
            line.split(separator: "[").last?.split(separator: "]").first.map(String.init)
        }
    }

    @Test(
        "the executor and its client link no HTTP client, no model, no Telegram, no SQLite, no ArgumentParser, no Foundation",
        arguments: ["devops-executor", "executorctl"])
    func privileged(_ program: String) async throws {
        let modules = try await Self.modules(in: program)
        let allowed: Set =
            program == "executorctl"
            ? [] : ["ExecutorAudit", "ExecutorCore", "ExecutorPolicy", "ExecutorRunner", "ExecutorTools"]
        #expect(modules == allowed)
        let forbidden = ["libcurl", "libsqlite3", "libFoundation", "lib_Foundation"]
        let linked = try await Self.libraries(of: program)
        #expect(!linked.isEmpty)
        for library in linked {
            #expect(!forbidden.contains { library.hasPrefix($0) }, "\(program) links \(library)")
        }
    }

    @Test(
        "executorctl uses nothing of the regular expressions, which weigh a megabyte where they are linked statically")
    func small() async throws {
        let symbols = try await Program.run("/usr/bin/nm", [Program.path("executorctl")]).output
        #expect(symbols.contains("16CommandArguments") && !symbols.contains("17_StringProcessing"))
    }

    @Test("the agent links no policy, no runner and no audit writer")
    func unprivileged() async throws {
        let modules = try await Self.modules(in: "devops-agent")
        #expect(modules.isSuperset(of: ["AgentCore", "AgentMemory", "Claude", "Telegram"]))
        #expect(
            modules.isDisjoint(with: [
                "ExecutorAudit", "ExecutorCore", "ExecutorPolicy", "ExecutorRunner", "ExecutorTools",
            ]))
        #expect(try await !Self.libraries(of: "devops-agent").contains { $0.hasPrefix("libcrypto") })
    }
}
