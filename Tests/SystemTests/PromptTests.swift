import Foundation
import TestSupport
import Testing

/// The installer before a person at a terminal.
@Suite(
    "The installer's questions", .enabled(if: Guest.isThere, "needs SYSTEM_TEST_GUEST: scripts/test-system.sh"),
    .serialized, .timeLimit(.minutes(3)))
struct PromptTests {
    private let guest = Guest()
    private static let token = "TELEGRAM_BOT_TOKEN"
    private static let key = "ANTHROPIC_API_KEY"
    private static let tokenQuestion = "The bot's token, from @BotFather (not shown): "
    private static let userQuestion = "Your Telegram user id, from @userinfobot: "
    private static let keyQuestion = "The Anthropic API key (not shown; Enter alone: do without): "

    @Test(
        "token, user id and key are asked for; a wrong one is refused in a sentence and asked for again; no secret is shown"
    )
    func questions() async throws {
        let (telegram, _) = try await Installation.shared.ready()
        try await forget()
        let unknown = "987654321:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawc"
        let person = try installer()
        for (refusal, question, answer) in [
            ("\(Self.token) is not set; @BotFather in Telegram gives one: /newbot.", Self.tokenQuestion, ""),
            ("\(Self.token) is not set", Self.tokenQuestion, "nonsense"),
            ("\(Self.token) does not look right: it has the form digits:letters.", Self.tokenQuestion, unknown),
            ("ALLOWED_USER_IDS is not set; @userinfobot", Self.userQuestion, "me"),
            ("ALLOWED_USER_IDS is Telegram user ids with commas between", Self.userQuestion, "7"),
            ("\(Self.key) is not set; https://console.anthropic.com/settings/keys", Self.keyQuestion, "sk-ant"),
            ("\(Self.key) does not look right: it has the form sk-ant-…", Self.keyQuestion, AnthropicStandIn.key),
            ("\(Self.token) is not accepted by Telegram; @BotFather", Self.tokenQuestion, TelegramStandIn.token),
        ] {
            try #require(await person.shows(refusal), "\(refusal): \(person.text)")
            try #require(await person.shows(question), "\(question): \(person.text)")
            person.type(answer)
        }
        #expect(await person.shows("The agent is there."), "\(person.text)")
        #expect(await person.exitStatus() == 0)
        for secret in [TelegramStandIn.token, unknown, AnthropicStandIn.key, "nonsense"] {
            #expect(!person.text.contains(secret), "\(person.text)")
        }
        let files = try await guest.shell(
            """
            cd /etc/devops-agent; stat -c '%U:%a %n' . agent.env credentials credentials/*; ls -A credentials
            cat credentials/*; grep ^ALLOWED_USER_IDS= agent.env
            """)
        #expect(
            files.text == """
                root:755 .
                root:600 agent.env
                root:700 credentials
                root:600 credentials/\(Self.key)
                root:600 credentials/\(Self.token)
                \(Self.key)
                \(Self.token)
                \(AnthropicStandIn.key)\(TelegramStandIn.token)ALLOWED_USER_IDS=7

                """)
        #expect(telegram.sent.last { $0.text.contains("Я на связи") }?.chatID == 7)
        try await Installation.shared.answers()
    }

    @Test("Enter instead of a key does without one; the end of input ends the installer with a sentence")
    func withoutKey() async throws {
        _ = try await Installation.shared.ready()
        try await guest.shell("rm /etc/devops-agent/credentials/\(Self.key)")
        let person = try installer()
        try #require(await person.shows(Self.keyQuestion), "\(person.text)")
        person.type("")
        #expect(await person.shows("The agent is there."), "\(person.text)")
        #expect(try await guest.shell("grep ^MODEL= /etc/devops-agent/agent.env").text == "MODEL=built-in\n")
        try await forget()
        let silent = try installer()
        try #require(await silent.shows(Self.tokenQuestion), "\(silent.text)")
        silent.endInput()
        #expect(await silent.shows("nothing was typed"), "\(silent.text)")
        #expect(await silent.exitStatus() == 1)
        try await Installation.shared.configure()
        try await Installation.shared.answers()
    }

    private func installer() throws -> TypedProgram {
        try TypedProgram(
            Guest.scripts + "/guest.sh",
            ["exec", Guest.directory ?? "", "--", "/root/install.sh", "--package", "/root/devops-agent.deb"]
                + Installation.settings)
    }

    /// As on a machine that has the package and nothing else.
    private func forget() async throws {
        try await guest.shell(
            "rm -r /etc/devops-agent/credentials; install -m 600 /usr/share/devops-agent/agent.env /etc/devops-agent/agent.env"
        )
    }
}
