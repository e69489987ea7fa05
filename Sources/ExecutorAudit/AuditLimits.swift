/// What the log may grow to, and how long it may go unsigned.
package struct AuditLimits: Sendable {
    /// After which a new file begins; so does a new day.
    package var fileBytes: Int
    /// Kept; older ones are removed.
    package var files: Int
    /// Longest time a record stays unsigned.
    package var checkpointInterval: Duration

    package init(fileBytes: Int = 64 << 20, files: Int = 100, checkpointInterval: Duration = .seconds(3600)) {
        (self.fileBytes, self.files, self.checkpointInterval) = (fileBytes, files, checkpointInterval)
    }

    /// Bytes of one record's line. A call that needs more is not run; another record is cut.
    static let recordBytes = 256 << 10
    /// Bytes of an answer that is kept; asked for again, the operation says that it was done.
    static let resultBytes = 64 << 10
    /// Bytes kept of each word of a record that had to be cut.
    static let cutWordBytes = 1 << 10
    /// Bytes held in memory for writing them again, until a sync confirms them; then a sync comes unasked.
    static let unsyncedBytes = 1 << 20
    /// Intents without an outcome that are closed at one start: many times the calls that can be in flight.
    static let openIntents = 4096
    /// Bytes of records in one page of a query: an answer is one line of the wire, which takes 1 MiB.
    static let pageBytes = 512 << 10
    /// Bytes one query reads; a page that ends here has a cursor to go on from.
    static let scanBytes = 256 << 20
}
