import AgentCore
import AgentMemory
import ExecutorAPI
import StrictJSON
import Telegram
import TestSupport
import Testing

@testable import ChatFrontEnd

@Suite("Order in a chat", .timeLimit(.minutes(1)))
struct ChatQueueTests {
    @Test("one more than may wait gets no place; in another chat, and after somebody left, there is one")
    func limit() async {
        let queue = ChatQueue(maximumWaiting: 2)
        let places = (0..<3).compactMap { _ in queue.place(in: 7) }
        #expect(places.count == 3 && queue.place(in: 7) == nil && queue.place(in: 8) != nil)
        places[1].leave()
        #expect(queue.place(in: 7) != nil && queue.place(in: 7) == nil)
    }

    @Test("turns come in the order the places were taken, also past one that gave up; leaving twice skips nobody")
    func turns() async throws {
        let queue = ChatQueue(maximumWaiting: 9)
        let places = (0..<4).compactMap { _ in queue.place(in: 7) }
        let (order, show) = AsyncStream.makeStream(of: Int.self)
        await withTaskGroup(of: Void.self) { group in
            for number in [3, 2, 0] {
                group.addTask {
                    await places[number].turn()
                    show.yield(number)
                    places[number].leave()
                    places[number].leave()
                }
            }
            places[1].leave()
        }
        show.finish()
        #expect(await order.reduce(into: []) { $0.append($1) } == [0, 2, 3])
    }

    @Test("a cancelled wait ends, and its place lets the next one through")
    func cancelled() async throws {
        let queue = ChatQueue(maximumWaiting: 9)
        let places = (0..<3).compactMap { _ in queue.place(in: 7) }
        let waiting = Task {
            await places[1].turn()
            places[1].leave()
        }
        waiting.cancel()
        await waiting.value
        places[0].leave()
        await places[2].turn()
    }

    @Test("messages sent at once are answered in their order, each knowing those before it", arguments: 0..<20)
    func answersInOrder(_ round: Int) async throws {
        let chats = [7, 8]
        let questions = (0..<4).map { "вопрос \($0) раунда \(round)" }
        try await FrontEndFixture.run(before: { store in
            try await store.storeUpdates(Self.updates(questions, in: chats))
        }) { fixture in
            for chat in chats {
                _ = await fixture.telegram.waitForMessage {
                    $0.chatID == chat && $0.text == "answer to \(questions[3])"
                }
                let answers = fixture.texts(chat).filter { $0.hasPrefix("answer") }
                #expect(answers == questions.map { "answer to \($0)" })
                let asked = fixture.agent.requests.filter { $0.actor.chatID == String(chat) }
                #expect(asked.map { $0.history.map(\.question) } == (0..<4).map { Array(questions.prefix($0)) })
            }
        }
    }

    @Test("of more than may wait, the first are answered and the rest told so")
    func tooMany() async throws {
        let questions = (0..<6).map { "вопрос \($0)" }
        try await FrontEndFixture.run(before: { store in
            try await store.storeUpdates(Self.updates(questions, in: [7]))
        }) { fixture in
            _ = await fixture.telegram.waitForMessage { $0.text == "answer to \(questions[3])" }
            await fixture.settle()
            let texts = fixture.texts(7).filter { !$0.hasPrefix("Проверяю") }
            let told = texts.count { $0.hasPrefix("Я ещё занят") }
            let answers = texts.filter { $0.hasPrefix("answer") }
            #expect(told + answers.count == 6 && answers == questions.prefix(answers.count).map { "answer to \($0)" })
        }
    }

    private static func updates(_ texts: [String], in chats: [Int]) -> [StoredUpdate] {
        let pairs = texts.flatMap { text in chats.map { ($0, text) } }
        return pairs.enumerated().map { number, pair in
            let user: JSONValue = ["id": JSONValue(pair.0), "is_bot": false, "first_name": "x"]
            let message: JSONValue = [
                "message_id": JSONValue(number + 1), "date": 1, "chat": ["id": JSONValue(pair.0), "type": "private"],
                "from": user, "text": .string(pair.1),
            ]
            let update: JSONValue = ["update_id": JSONValue(number + 1), "message": message]
            return StoredUpdate(id: Int64(number + 1), payload: update.text)
        }
    }
}
