import ExecutorAPI
import Glibc
import StrictJSON

// A new file begins, and old ones go.
extension AuditWriter {
    /// Closes the file with a checkpoint and goes on in the next one.
    mutating func rotate() throws(AuditError) {
        if isSigned { try sync() } else { try checkpoint() }
        let next = try AuditFile(appendingTo: place.files.path(number + 1))
        guard try next.status().length == 0 else {
            throw AuditError("\(next.path) is there already and is not this log's; move it away.")
        }
        try place.directory.sync()
        enter(next)
        try retain()
    }

    /// Says in a signed record where the log now begins, and removes what is older once that record is on disk.
    private mutating func retain() throws(AuditError) {
        let numbers = try place.files.numbers()
        let removed = numbers.dropLast(place.limits.files)
        guard let first = numbers.dropFirst(removed.count).first, !removed.isEmpty,
            let beginning = try place.files.first(of: first)
        else { return }
        var event = AuditEvent(.retention)
        event.detail = AuditCheckpoint.members(
            .removed, sequence: beginning.sequence - 1, hash: String(decoding: beginning.previous, as: UTF8.self),
            key: place.key)
        try write(event.encoded(time: .now(), bootID: place.bootID), .retention, .now())
        try sync()
        // The oldest first: a log that a crash leaves in between begins where the record allows it, and has no gap.
        for number in removed { unlink(place.files.path(number)) }
        try place.directory.sync()
    }
}
