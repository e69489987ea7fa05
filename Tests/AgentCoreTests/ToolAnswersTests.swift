import ExecutorAPI
import StrictJSON
import Testing

@testable import AgentCore

@Suite("What tools answered, in the person's language")
struct ToolAnswersTests {
    private static func finding(_ text: String, _ grade: String = "warn") throws -> HealthFinding {
        try #require(HealthFinding(json: ["grade": .string(grade), "text": .string(text)]))
    }

    @Test(
        "what is no finding is none",
        arguments: [[:], ["grade": "ok", "text": "x"], ["grade": "warn"], 3] as [JSONValue])
    func none(_ json: JSONValue) {
        #expect(HealthFinding(json: json) == nil)
    }

    @Test(
        "a finding is said in Russian, and has the same key whatever its figures",
        arguments: [
            (
                "disk / is 92% full, 3.2 GiB free (threshold 90%)", "disk / is 97% full, 640 MiB free (threshold 95%)",
                "диск / заполнен на 92%, свободно 3.2 GiB (порог 90%)", "disk /"
            ),
            (
                "only 9% of the memory is available (threshold 10%)",
                "only 1% of the memory is available (threshold 5%)",
                "доступно лишь 9% памяти (порог 10%)", "memory"
            ),
            (
                "1 process was killed for lack of memory (OOM) since the boot",
                "3 processes were killed for lack of memory (OOM) since the boot",
                "с загрузки ядро завершило процессов из-за нехватки памяти (OOM): 1", "oom"
            ),
            (
                "1 failed unit: a.service", "2 failed units: a.service, b.service", "юниты с ошибкой (1): a.service",
                "failed units"
            ),
            (
                "certificate /etc/x.pem ends in 12 days (threshold 14)",
                "certificate /etc/x.pem ends in 3 days (threshold 7)",
                "certificate /etc/x.pem ends in 12 days (threshold 14)", "certificate /etc/x.pem ends in days"
            ),
        ])
    func findings(_ text: String, _ later: String, _ russian: String, _ key: String) throws {
        let first = try Self.finding(text)
        #expect(first.sentence(.russian) == russian && first.sentence(.english) == text)
        #expect(first.key == key)
        #expect(try Self.finding(later, "critical").key == key)
    }

    @Test("two disks are two things; how often processes were killed is counted")
    func keys() throws {
        let (one, other) = (
            try Self.finding("disk / is 92% full, 3 GiB free (threshold 90%)"),
            try Self.finding("disk /srv is 92% full, 3 GiB free (threshold 90%)")
        )
        #expect(one.key != other.key && one.count == 0)
        #expect(try Self.finding("4 processes were killed for lack of memory (OOM) since the boot").count == 4)
    }

    private static let health = ToolResult.success(
        "Disk /: 18% used, 77 GiB free of 252 GiB\nMemory: 5% used\nok: nothing is past its threshold",
        metadata: [
            "disks": [["mount": "/", "used_percent": 18, "free_bytes": 1_073_741_824, "size_bytes": 2_147_483_648]],
            "findings": [], "memory": ["available_bytes": 1_048_576, "total_bytes": 2_097_152],
            "load": ["average": [0.5, 0.25, 0.1], "cores": 2], "uptime_seconds": 90_000,
        ])

    @Test("the state of the system is said in Russian without a word of English, and in English as the tool says it")
    func system() {
        let text = ToolAnswers.health(Self.health, .russian)
        for words in ["Всё в порядке", "занято 18%", "Память: доступно 1.0 MiB", "Нагрузка: 0.50", "1 д 1 ч"] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(!text.contains("used") && !text.contains("ok:"))
        #expect(ToolAnswers.health(Self.health, .english).contains("ok: nothing is past its threshold"))
    }

    @Test("a refusal names the rule and what would be accepted; the executor's sentences are quoted")
    func refusal() {
        for code in Refusal.Code.allCases {
            let refusal = Refusal(code, rule: "r/x", message: "No.", alternative: "Do that.")
            for result in [ToolResult.refused(refusal)] {
                let texts = [
                    ToolAnswers.health(result, .russian), ToolAnswers.service("nginx", result, .russian),
                    ToolAnswers.plain(result, .russian),
                ]
                for text in texts {
                    #expect(text.contains("Запрещено") && text.contains("r/x") && text.contains("«Do that.»"))
                }
            }
        }
    }

    @Test("a service's state is said once, in Russian with what is known of it; where it is unknown, that once too")
    func service() {
        let known = ToolResult.success(
            "❌ nginx: failed (failed)\nSince: yesterday\nLast errors in its log:\n  bind() failed",
            metadata: [
                "service_active": false, "state": "failed", "sub_state": "failed", "pid": nil, "restarts": 3,
                "errors": ["bind() failed"], "ports": [],
            ])
        let text = ToolAnswers.service("nginx", known, .russian)
        #expect(text.hasPrefix("❌ nginx: failed (failed)\n") && text.contains("Перезапусков systemd: 3"))
        #expect(text.contains("Последние ошибки в логе:\n  bind() failed") && !text.contains("Since"))
        let unknown = ToolResult.success(
            "⚠️ nginx: state unknown\nsystemd is not the service manager here.",
            metadata: ["service_active": nil, "state": "unknown", "sub_state": "unknown"])
        for language in Language.allCases {
            let text = ToolAnswers.service("nginx", unknown, language)
            #expect(text.split(separator: "\n").count { $0.contains("nginx") } == 1, "\(text)")
            #expect(text.contains("systemd is not the service manager here."))
        }
    }

    @Test("who holds a port is said, each holder once")
    func port() {
        let result = ToolResult.success(
            "x",
            metadata: [
                "listeners": [
                    ["pid": 1, "program": "apache2", "unit": "apache2.service", "address": "0.0.0.0"],
                    ["pid": 1, "program": "apache2", "unit": "apache2.service", "address": "::"],
                ]
            ])
        #expect(ToolAnswers.port(80, result, .russian) == "Порт 80 занимает apache2 (pid 1)")
        #expect(ToolAnswers.port(80, .success("x"), .english).contains("free"))
    }
}
