import ExecutorAPI
import StrictJSON
import Testing

@testable import AgentCore

@Suite("What tools answered, in the person's language")
struct ToolAnswersTests {
    @Test(
        "what is no finding is none",
        arguments: [
            [:], ["grade": "ok", "code": "clock", "text": "x"], ["grade": "warn", "code": "clock"],
            ["grade": "warn", "text": "x"], 3,
        ] as [JSONValue])
    func none(_ json: JSONValue) {
        #expect(HealthFinding(json: json) == nil)
    }

    private static let answer: [String: JSONValue] = [
        "oom_kills": 4, "failed_units": ["a.service", "b.service"],
        "disks": [["mount": "/", "free_bytes": 3_221_225_472]],
    ]

    private static func finding(
        _ check: String, _ subject: JSONValue, _ value: JSONValue, _ threshold: JSONValue, _ grade: JSONValue = "warn"
    ) throws -> HealthFinding {
        let json: JSONValue = [
            "grade": grade, "code": .string(check), "subject": subject, "value": value, "threshold": threshold,
            "text": "its own words",
        ]
        return try #require(HealthFinding(json: json, in: answer))
    }

    @Test(
        "a finding is said in Russian, and has the same key whatever its figures",
        arguments: [
            ("disk_percent", "/", 92, 90, "диск / заполнен на 92%, свободно 3.0 GiB (порог 90%)"),
            (
                "inodes_percent", "/srv", 99, 95,
                "на диске /srv занято 99% inode: новые файлы не создать, хотя место есть (порог 95%)"
            ),
            ("read_only", "/srv", nil, nil, "диск /srv смонтирован только для чтения"),
            ("memory_available_percent", nil, 9.04, 10, "доступно лишь 9% памяти (порог 10%)"),
            ("swap_percent", nil, 61.25, 60, "подкачка занята на 61.3% (порог 60%)"),
            ("oom_kill", nil, 4, 1, "ядро завершило процессов из-за нехватки памяти (OOM): 4, с загрузки"),
            ("load_per_core", nil, 1.75, 1.5, "нагрузка на ядро за пять минут 1.8 (порог 1.5)"),
            ("pressure_percent", "io", 30, 25, "задачи ждали диски 30% времени за последние десять секунд (порог 25%)"),
            ("zombies", nil, 7, 5, "процессов-зомби, которых не забирают родители: 7 (порог 5)"),
            ("failed_units", nil, 2, 1, "юнитов с ошибкой: 2 (a.service, b.service)"),
            ("unit_restarts", "a.service", 9, 5, "a.service перезапускается снова и снова: раз — 9 (порог 5)"),
            ("clock", nil, nil, nil, "часы не синхронизированы с сервером времени"),
            ("certificate_days", "/x.pem", 3, 14, "сертификат /x.pem истекает, дней осталось: 3 (порог 14)"),
            ("certificate_days", "/x.pem", -2, 14, "сертификат /x.pem истёк, дней назад: 2"),
            ("certificate_days", "/x.pem", nil, nil, "сертификат /x.pem не прочитать"),
            ("temperature_celsius", "cpu", 91.5, 90, "cpu: 91.5 °C (порог 90 °C)"),
            ("something_new", "x", 1, 1, "its own words"),
        ] as [(String, JSONValue, JSONValue, JSONValue, String)])
    func findings(
        _ check: String, _ subject: JSONValue, _ value: JSONValue, _ threshold: JSONValue, _ russian: String
    ) throws {
        let finding = try Self.finding(check, subject, value, threshold)
        #expect(finding.sentence(.russian) == russian && finding.sentence(.english) == "its own words")
        #expect(try Self.finding(check, subject, 1000, 900, "critical").key == finding.key)
    }

    @Test("two disks are two things; how often processes were killed is counted")
    func keys() throws {
        let (one, other) = (
            try Self.finding("disk_percent", "/", 92, 90), try Self.finding("disk_percent", "/srv", 92, 90)
        )
        #expect(one.key != other.key && one.count == 0)
        #expect(try Self.finding("oom_kill", nil, 1, 1, "critical").count == 4)
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

    @Test(
        "a sentence of the executor's that is known in Russian is said in it, with what differs; others as they are",
        arguments: [
            ("With cat these are allowed: cat /var/log/*.", "С cat разрешено: cat /var/log/*."),
            ("With a these are allowed: b · c · and 4 more.", "С a разрешено: b · c · и ещё 4."),
            ("No rule allows the program \"vim\".", "Программу «vim» не разрешает ни одно правило."),
            ("The command is empty.", "Команда пуста."),
            ("The log /x.log (file) has no line.", "В логе /x.log (файл) пока ничего нет."),
            ("The command is empty. Or not.", nil), ("The command has  bytes", nil), ("", nil), ("*", nil),
            ("Something new.", nil),
        ] as [(String, String?)])
    func sentences(_ english: String, _ russian: String?) {
        #expect(RussianSentences.translate(english) == russian)
    }

    @Test("where systemd keeps nothing, that and what is known instead are said in Russian beside the ports")
    func keeper() {
        let result = ToolResult.success(
            """
            nginx: active (running)
            systemd is not the service manager here (it is not process 1), so no unit can be asked about.
            Known from this: a process of that name runs: pid 7 and 2 more.
            Listens on: 80
            """, metadata: ["service_active": true, "state": "active", "sub_state": "running", "ports": [80]])
        #expect(
            ToolAnswers.service("nginx", result, .russian) == """
                ✅ nginx: active (running)
                systemd здесь не управляет сервисами (он не процесс 1), поэтому о юнитах спросить некого.
                Судя по тому, что процесс с таким именем работает: pid 7 и ещё 2.
                Слушает порты: 80
                """)
    }

    @Test("each template takes the same number of values in both languages, and no earlier one hides it")
    func templates() {
        for (english, russian) in RussianSentences.table {
            let count = english.count { $0 == "*" }
            #expect(russian.count { $0 == "*" } == count, "\(english)")
            // With stars for values, a template is its own translation.
            #expect(RussianSentences.translate(english) == russian, "\(english)")
        }
    }

    @Test("quoted lines stay as they are; a remark in brackets after them, and a sentence alone, are in Russian")
    func quoted() {
        let lines = "The command is empty.\nThe command is empty."
        #expect(ToolAnswers.sentence(lines, .russian) == lines)
        #expect(ToolAnswers.sentence("x\n(there are older lines)", .russian) == "x\n(есть и более старые строки)")
        #expect(ToolAnswers.sentence("x\n(there are older lines)", .english) == "x\n(there are older lines)")
        #expect(ToolAnswers.plain(.failure("There is no unit 'x'."), .russian) == "❌ Юнита «x» нет.")
    }

    @Test("a file system in memory is no disk, unless it is nearly full")
    func memoryDisks() {
        let disk: (String, String, JSONValue) -> JSONValue = {
            ["mount": .string($0), "type": .string($1), "used_percent": $2, "free_bytes": 1, "size_bytes": 2]
        }
        let metadata: [String: JSONValue] = [
            "disks": [disk("/", "ext4", 18), disk("/dev/shm", "tmpfs", 1), disk("/run", "tmpfs", 95)]
        ]
        for language in Language.allCases {
            let lines = ToolAnswers.disks(metadata, language)
            #expect(lines.count == 2 && lines[0].hasPrefix("✅ /: ") && lines[1].hasPrefix("❌ /run: "))
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
