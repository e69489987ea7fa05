import ExecutorAPI
import ExecutorPolicy
import Glibc

/// The call that a yes is for; a change of any part of it means no.
struct ApprovalSubject: Sendable, Hashable {
    var userID: UInt32
    var role: Role
    /// Tool and arguments as they were sent.
    var call: String
    /// The canonical command they come to.
    var command: String
    var policyDigest: String
    /// What the program and the files it is given were when the question was asked.
    var files: [String]

    init(_ proposal: Proposal, call: String, _ caller: PeerIdentity) {
        (userID, role) = (caller.userID, caller.role)
        (self.call, command, policyDigest) = (call, proposal.command, proposal.policyDigest)
        files = [Self.content(of: proposal.program)] + proposal.files.map(Self.identity)
    }

    func isOfSameCaller(as other: Self) -> Bool { userID == other.userID && role == other.role }

    /// In a fixed order, for the seal.
    var fields: [String] { [String(userID), role.rawValue, call, command, policyDigest] + files }

    /// Changes when the program is replaced or written to.
    private static func content(of path: String) -> String {
        guard let status = status(of: path) else { return "\(path) missing" }
        let changed = status.st_ctim
        return "\(path) \(status.st_dev) \(status.st_ino) \(status.st_size) \(changed.tv_sec).\(changed.tv_nsec)"
    }

    /// Changes when another file takes the name; a log may grow meanwhile.
    private static func identity(of path: String) -> String {
        guard let status = status(of: path) else { return "\(path) missing" }
        return "\(path) \(status.st_dev) \(status.st_ino)"
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}
