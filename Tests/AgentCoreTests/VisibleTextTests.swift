import ExecutorAPI
import Testing

@testable import AgentCore

@Suite("Text as it is read")
struct VisibleTextTests {
    @Test(
        "what is not seen, turns text round or speaks to a terminal is not in it",
        arguments: [
            ("\u{1B}]0;owned\u{07}ok", " ]0;owned ok"), ("a\u{202E}b\u{2066}c", "abc"), ("a\u{200B}b\u{FEFF}", "ab"),
            ("one\r\ntwo", "one \ntwo"), ("⚠️ é 日本", "⚠️ é 日本"), ("", ""),
        ])
    func visible(_ text: String, _ shown: String) {
        #expect(VisibleText.of(text) == shown)
    }

    @Test("an answer has none of it either, whatever a model was talked into")
    func answer() async {
        let toolbox = ScriptedToolbox { _, _ in .success("x") }
        let model = ScriptedModel([.success(.say("done \u{1B}[2J\u{202E}x"))])
        let agent = Agent(model: model, fallback: BuiltInBrain(), toolbox: toolbox)
        let report = await agent.answer(.ask("привет")) { _ in }
        #expect(report.text == "done  [2Jx")
    }
}
