import Foundation
import GRDB

extension AgentStore {
    /// Writes a whole, compact copy of the database while the agent goes on: `VACUUM INTO`,
    /// <https://www.sqlite.org/lang_vacuum.html>.
    ///
    /// - Parameter destination: A file that is not there yet; it is made with mode 0600.
    /// - Throws: ``AgentStoreError``.
    package func copy(to destination: String) throws {
        let descriptor = open(destination, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw AgentStoreError(
                .unusable,
                "\(destination) cannot be made: \(String(cString: strerror(errno))). Name a file that is not there.")
        }
        _ = Foundation.close(descriptor)
        do {
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM INTO ?", arguments: [destination])
            }
        } catch let error as DatabaseError {
            unlink(destination)
            throw AgentStoreError(error, path: destination)
        }
    }
}
