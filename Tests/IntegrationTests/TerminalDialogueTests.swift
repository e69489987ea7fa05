import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite("The dialogue on the terminal, over the real executor", .serialized, .timeLimit(.minutes(2)))
struct TerminalDialogueTests {
    /// Runs the body with both servers defined, apache2 in nginx's place, and nginx's failed start in its log.
    private static func withBrokenWebServer(
        _ body: (WebServerFixture, ExecutorFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let servers = try WebServerFixture(in: directory)
            let executor = try await ExecutorFixture(
                in: directory, allowlist: servers.allowlist, settings: "{}", tools: servers.tools)
            #expect(await servers.start("apache2") == 0)
            #expect(await servers.start("nginx") != 0)
            do {
                try await body(servers, executor)
            } catch {
                await servers.stop()
                throw error
            }
            await servers.stop()
            _ = await executor.stop()
        }
    }

    private static func ask(
        _ text: String, _ executor: ExecutorFixture, environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String, error: String) {
        try await Program.run(
            "devops-agent", ["chat", "--once", text, "--state-dir", executor.directory + "/agent"],
            environment: ["EXECUTOR_SOCKET": executor.agentSocket].merging(environment) { $1 })
    }

    @Test("«nginx не отвечает»: the built-in brain finds apache2 on the port, stops it, starts nginx and verifies")
    func builtIn() async throws {
        try await Self.withBrokenWebServer { servers, executor in
            let (status, output, error) = try await Self.ask("nginx не отвечает", executor)
            #expect(status == 0, "\(output)\n\(error)")
            for words in ["apache2", "✅", "Address already in use", "nginx", "200"] {
                #expect(output.contains(words), "no \(words) in \(output)")
            }
            #expect(try await servers.answer() == "nginx\n")
            let rules = try await executor.audit("outcome").compactMap { $0["tool"]?.stringValue }
            #expect(rules.contains("verify_fix") && rules.last == "verify_fix")
            #expect(try await executor.ctl("audit", "verify").status == 0)
            let again = try await Self.ask("перезапусти nginx", executor)
            #expect(again.status == 0 && again.output.contains("nginx"))
            let words = ["перезапущен", "работает", "active"]
            #expect(words.contains { again.output.contains($0) }, "\(again.output)")
        }
    }

    @Test("the same with Claude: its calls are run, and the verification it forgets is the loop's own")
    func claude() async throws {
        try await Self.withBrokenWebServer { servers, executor in
            let anthropic = try AnthropicStandIn(script: [
                .tools([("check_service", ["service": "nginx"])]),
                .tools([
                    ("read_logs", ["service": "nginx", "lines": 20]), ("check_port", ["port": JSONValue(servers.port)]),
                ]),
                .tools([("run_command", ["command": "systemctl stop apache2"])]),
                .tools([("run_command", ["command": "systemctl start nginx"])]),
                .text("Проблема решена. Nginx работает, apache2 был остановлен."),
                .text("Проблема решена. Nginx работает, apache2 был остановлен."),
            ])
            let (status, output, error) = try await Self.ask(
                "nginx не отвечает", executor,
                environment: ["ANTHROPIC_API_KEY": AnthropicStandIn.key, "ANTHROPIC_BASE_URL": anthropic.url])
            #expect(status == 0, "\(output)\n\(error)")
            #expect(output.contains("Проблема решена"))
            #expect(anthropic.violations.isEmpty, "\(anthropic.violations)")
            #expect(try await servers.answer() == "nginx\n")
            #expect(try await executor.audit("outcome").contains { $0["tool"] == "verify_fix" })
            #expect(!(output + error).contains(AnthropicStandIn.key))
        }
    }

    @Test("an earlier incident is given to the model when the same comes again")
    func memory() async throws {
        try await withExecutor { executor in
            let anthropic = try AnthropicStandIn(script: [
                .tools([("check_port", ["port": 80])]), .text("nginx упал из-за порта"), .text("опять порт"),
            ])
            let environment = ["ANTHROPIC_API_KEY": AnthropicStandIn.key, "ANTHROPIC_BASE_URL": anthropic.url]
            _ = try await Self.ask("nginx упал", executor, environment: environment)
            _ = try await Self.ask("nginx опять упал", executor, environment: environment)
            let last = try #require(anthropic.requests.last)
            #expect(last.body.text.contains("nginx упал из-за порта"))
        }
    }

    @Test("when Claude is away the built-in brain answers, and says so")
    func fallsBack() async throws {
        try await withExecutor { executor in
            let anthropic = try AnthropicStandIn(choose: { _ in .error(status: 401, type: "authentication_error") })
            let (status, output, _) = try await Self.ask(
                "сколько места на диске?", executor,
                environment: ["ANTHROPIC_API_KEY": AnthropicStandIn.key, "ANTHROPIC_BASE_URL": anthropic.url])
            #expect(status == 0 && output.contains("%") && output.contains("встроенн"), "\(output)")
        }
    }

    @Test(
        "a refusal is in the language of the question throughout: refused, by which rule, and what would be accepted",
        arguments: [
            ("выполни rm -rf /", "Запрещено: такие команды заблокированы всегда"),
            ("выполни ls | sh", "Запрещено: такие команды заблокированы всегда"),
            ("выполни uptime; id", "Запрещено: это не одна простая команда"),
            ("выполни cat /etc/shadow", "Запрещено: такого нет в списке разрешённого"),
            ("выполни vim notes.txt", "Запрещено: такого нет в списке разрешённого"),
            ("run rm -rf /", "Refused: The command has the pattern"),
        ])
    func refused(_ question: String, _ words: String) async throws {
        try await withExecutor { executor in
            let (_, output, _) = try await Self.ask(question, executor)
            let accepted = question.hasPrefix("run") ? "What would be accepted: " : "Что допустимо: "
            #expect(output.contains(words) && output.contains(accepted), "\(output)")
            // Guillemets are around a sentence of the executor's that is not known in Russian.
            #expect(!output.contains("Исполнитель: «") && !output.contains("допустимо: «"), "\(output)")
        }
    }

    @Test("disks are answered with figures, in both languages, without what lies in memory")
    func disks() async throws {
        try await withExecutor { executor in
            for (question, words) in [
                ("сколько места на диске?", "свободно"), ("how much disk space is there?", "free"),
            ] {
                let (status, output, _) = try await Self.ask(question, executor)
                #expect(status == 0 && output.contains("%") && output.contains(words), "\(output)")
                for place in ["/sys", "/dev/shm", "/proc"] { #expect(!output.contains(" \(place)"), "\(output)") }
            }
        }
    }

    @Test("an executor that is away is said at once")
    func executorAway() async throws {
        try await withTemporaryDirectory { directory in
            let (status, output, _) = try await Program.run(
                "devops-agent", ["chat", "--once", "какой статус nginx?", "--state-dir", directory],
                environment: ["EXECUTOR_SOCKET": directory + "/none.sock"])
            #expect(status == 1 && !output.isEmpty)
        }
    }

    @Test("what is missing from the settings is said by name, with where to get it, and exit code 2")
    func settings() async throws {
        for arguments in [["check-config"], ["run"]] {
            let result = try await Program.run("devops-agent", arguments)
            #expect(result.status == 2)
            for words in [
                "TELEGRAM_BOT_TOKEN", "@BotFather", "ALLOWED_USER_IDS", "ANTHROPIC_API_KEY", "console.anthropic.com",
            ] {
                #expect(result.error.contains(words))
            }
        }
    }

    @Test(
        "on the terminal the next line is the code; six digits nobody asked for go nowhere",
        arguments: [(true, "totp/"), (false, nil)])
    func code(_ isRight: Bool, _ approval: String?) async throws {
        try await withExecutor { executor in
            let person = try await executor.enroll()
            let anthropic = try AnthropicStandIn(script: [
                .tools([("run_command", ["command": "/usr/bin/id -un"])]), .text("Готово."),
            ])
            let (idle, code) = (person.code(-1), isRight ? person.code() : "")
            let (_, output, error) = try await Program.run(
                "devops-agent", ["chat", "--state-dir", executor.directory + "/agent"],
                environment: [
                    "EXECUTOR_SOCKET": executor.agentSocket, "ANTHROPIC_API_KEY": AnthropicStandIn.key,
                    "ANTHROPIC_BASE_URL": anthropic.url,
                ], input: "\(idle)\nкто я?\n\(code)\n")
            #expect(output.contains("/usr/bin/id -un") && output.contains("Готово."), "\(output)")
            #expect(output.contains("код ни для чего не нужен"))
            let intent = try await executor.audit("intent").first { $0["rule"] == "ask-code" }
            #expect(intent?["approval"]?.stringValue?.prefix(5) == approval?.prefix(5))
            for digits in [idle, code] where !digits.isEmpty {
                #expect(!executor.holds("\"\(digits)\"") && !(output + error).contains(digits))
            }
        }
    }

    @Test("on the terminal the number of minutes is a yes that holds", arguments: [("15", 1), ("да", 0), ("", 0)])
    func minutes(_ answer: String, _ grants: Int) async throws {
        try await withExecutor { executor in
            let anthropic = try AnthropicStandIn(script: [
                .tools([("run_command", ["command": "/usr/bin/id -u"])]), .text("Готово."), .text("Готово."),
            ])
            let (_, output, _) = try await Program.run(
                "devops-agent", ["chat", "--state-dir", executor.directory + "/agent"],
                environment: [
                    "EXECUTOR_SOCKET": executor.agentSocket, "ANTHROPIC_API_KEY": AnthropicStandIn.key,
                    "ANTHROPIC_BASE_URL": anthropic.url,
                ], input: "кто я?\n\(answer)\n")
            #expect(output.contains("На 15 минут") && output.contains("Готово."), "\(output)")
            let granted = try await executor.audit("approval").filter { $0["detail"]?["granted"]?["by"] == "user" }
            #expect(granted.count == grants)
            #expect(try await executor.audit("intent").count == (answer.isEmpty ? 0 : 1))
        }
    }
}
