import ExecutorAPI
import StrictJSON
import Testing

@Suite("The words both daemons speak")
struct WordsTests {
    @Test("what is sent is what is read")
    func roundTrips() {
        let refusal = Refusal(.protected, rule: "r", message: "m", alternative: "a")
        #expect(Refusal(json: refusal.json) == refusal)
        let result = ToolResult(success: false, output: "o", error: "e", metadata: ["k": 1], refusal: refusal)
        #expect(ToolResult(structured: result.structured) == result)
        let actor = Actor(userID: "1", chatID: "2", sessionID: "3", incidentID: "4")
        #expect(Actor(json: actor.json) == actor)
        let tool = ToolDefinition(
            name: "n", title: "t", description: "d", inputSchema: ["type": "object"], readOnly: true, idempotent: true)
        #expect(ToolDefinition(json: tool.json) == tool)
        let explanation = Explanation(command: "c", verdict: .needsApproval, rule: nil, reason: "r", alternative: "a")
        #expect(Explanation(json: explanation.json) == explanation)
        let question = ApprovalQuestion(
            id: "i", command: "c", call: "run_command {}", rule: "r", level: "user", justification: nil, caller: "p",
            expires: "e")
        #expect(ApprovalQuestion(json: question.json) == question)
    }

    @Test("a word this build has never heard is unknown, and never a trap")
    func unknownWords() {
        #expect(Refusal(json: ["code": "of tomorrow"])?.code == .unknown)
        #expect(Refusal(json: [:]) == nil && Explanation(json: ["verdict": "maybe"]) == nil)
        #expect(ToolDefinition(json: [:]) == nil && ApprovalQuestion(json: [:]) == nil)
        #expect(!ToolResult(structured: []).success)
        let bare = ToolDefinition(json: ["name": "x", "inputSchema": [:]])
        #expect(bare?.readOnly == false && bare?.destructive == true)
    }

    @Test("a claim about the actor is cut, and numbers are read as text")
    func claims() {
        let actor = Actor(json: [
            "user_id": 5, "chat_id": .string(String(repeating: "x", count: 500)), "session_id": [],
        ])
        #expect(actor?.userID == "5" && actor?.chatID?.count == Actor.maximumFieldLength && actor?.sessionID == nil)
        #expect(Actor(json: "x") == nil)
    }

    @Test("what the model reads of a refusal has the rule and what would be accepted")
    func texts() {
        let refused = ToolResult.refused(Refusal(.blocked, rule: "blocked/x", message: "No.", alternative: "Do y."))
        #expect(refused.text == "Refused: No. Rule: blocked/x. Do y.")
        #expect(ToolResult.failure("timeout after 1 s", output: "so far").text == "Error: timeout after 1 s\nso far")
        #expect(ToolResult.success("fine").text == "fine")
    }

    @Test(
        "times are written and read as RFC 3339 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_785_229_500_000, "2026-07-28T09:05:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        ])
    func times(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).text == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(
        "what is no time is nil",
        arguments: [
            "", "now", "2026-07-28", "2026-13-01T00:00:00Z", "2026-07-28T09:05:00+02:00", "2026-07-28T09:05:00.Z",
            "2026-07-28T25:05:00Z",
        ])
    func noTimes(_ text: String) { #expect(Timestamp(text) == nil) }
}
