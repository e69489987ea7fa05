/// Why the agent's memory could not be used. The database is never deleted or overwritten over it.
package struct AgentStoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The directory or file cannot be made, opened or written.
        case unusable
        /// The file is no SQLite database, or a damaged one.
        case corrupt
        /// A newer version of this program wrote the database.
        case newerSchema
        /// What was named does not exist: a session, an update.
        case notFound
    }

    package var code: Code
    /// One sentence: what was wrong, and what would be right.
    package var message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    package var description: String { message }
}
