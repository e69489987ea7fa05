package import Foundation
package import StrictJSON

/// An update as Telegram sent it: stored before the offset moves, so that none is lost.
package struct StoredUpdate: Sendable, Hashable {
    package var id: Int64
    /// The update's JSON, as it came.
    package var payload: String

    package init(id: Int64, payload: String) { (self.id, self.payload) = (id, payload) }
}

/// A message to be sent, before it has an id.
package struct OutgoingDraft: Sendable, Hashable {
    package var chatID: Int64
    package var text: String
    /// More parameters of the sending call (keyboard, reply, message to edit); the front end's own words.
    package var options: JSONValue

    package init(chatID: Int64, text: String, options: JSONValue = [:]) {
        (self.chatID, self.text, self.options) = (chatID, text, options)
    }
}

/// A message in the outbox that has not been sent.
package struct OutgoingMessage: Sendable, Hashable, Identifiable {
    package var id: Int64
    /// The update it answers; `nil` for what nobody asked for, such as an alert.
    package var updateID: Int64?
    package var draft: OutgoingDraft
    /// Times Telegram has failed to take it.
    package var attempts: Int
    /// A sending was begun and nobody knows how it ended: the message may have arrived.
    package var mayHaveArrived: Bool
}

/// An alert as its owner writes it; the store reads none of it.
package struct StoredAlert: Sendable, Hashable {
    package var key: String
    package var state: JSONValue
    package init(key: String, state: JSONValue) { (self.key, self.state) = (key, state) }
}

/// A message that told of alerts: what the agent is asked when somebody presses its button.
package struct StoredAlertPost: Sendable, Hashable {
    package var id: String
    package var question: String
    package init(id: String, question: String) { (self.id, self.question) = (id, question) }
}

/// One conversation of one user in one chat.
package struct StoredSession: Sendable, Hashable, Identifiable {
    package enum Status: String, Sendable, Hashable, CaseIterable { case active, ended }

    package var id: Int64
    package var userID: Int64
    package var chatID: Int64
    package var started: Date
    package var lastActivity: Date
    package var context: JSONValue
    package var status: Status
}

/// A question and its answer.
package struct StoredExchange: Sendable, Hashable {
    package var question: String
    package var answer: String

    package init(question: String, answer: String) { (self.question, self.answer) = (question, answer) }
}

/// Something that happened on the server, and what was done about it.
package struct StoredIncident: Sendable, Hashable {
    /// 0 until it is stored.
    package var id: Int64
    package var time: Date
    package var userID: Int64
    package var query: String
    package var resolution: String
    /// The names of the tools that ran, in order.
    package var tools: [String]
    package var success: Bool
    package var duration: Duration

    package init(
        id: Int64 = 0, time: Date = Date(), userID: Int64, query: String, resolution: String, tools: [String],
        success: Bool, duration: Duration
    ) {
        (self.id, self.time, self.userID) = (id, time, userID)
        (self.query, self.resolution, self.tools) = (query, resolution, tools)
        (self.success, self.duration) = (success, duration)
    }
}

extension StoredIncident {
    /// ``time`` as ISO 8601 in UTC.
    package var timeText: String { time.formatted(.iso8601) }
}

/// What `/status` says of the memory.
package struct StoreStatistics: Sendable, Hashable {
    package var sessions = 0
    package var messages = 0
    package var incidents = 0
    package var successfulIncidents = 0
    package var pendingUpdates = 0
    package var pendingOutgoing = 0
    /// Of all incidents; zero where there is none.
    package var meanDuration = Duration.zero
    package var lastIncident: Date?
    package var databaseBytes = 0

    package init() {}
}
