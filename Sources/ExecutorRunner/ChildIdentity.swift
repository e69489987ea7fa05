import CLinux
import ExecutorPolicy
import Glibc

/// As whom a child runs.
struct ChildIdentity: Sendable, Hashable {
    var userID: uid_t
    var groupID: gid_t
    /// Supplementary groups, such as `adm` for logs; what the administrator made the user a member of.
    var groups: [gid_t] = []
    var name: String
    /// False where the child stays who the executor is.
    var isChange: Bool

    /// What is known of users at start; looked up once, so that a later change of `/etc/passwd` changes nothing.
    struct Table: Sendable {
        let isRoot: Bool
        let probe: ChildIdentity

        init(probeUser: String) {
            isRoot = geteuid() == 0
            if !isRoot {
                probe = ChildIdentity(userID: geteuid(), groupID: getegid(), name: "uid \(geteuid())", isChange: false)
            } else {
                probe =
                    ChildIdentity.find(probeUser) ?? ChildIdentity.find("nobody")
                    ?? ChildIdentity(userID: 65534, groupID: 65534, name: "uid 65534", isChange: true)
            }
        }

        /// With whose rights files are opened: a user's where the rule names one. A rule that names none grants what
        /// lies beneath its directories, whatever the modes there: the executor opens it, and the probe only reads.
        func opener(for runAs: RunAs) throws(RunnerError) -> ChildIdentity? {
            guard isRoot, case .user = runAs else { return nil }
            let identity = try identity(of: runAs)
            return identity.userID == 0 ? nil : identity
        }

        func identity(of runAs: RunAs) throws(RunnerError) -> ChildIdentity {
            guard isRoot else { return probe }
            switch runAs {
            case .probe: return probe
            case .user("root"): return ChildIdentity(userID: 0, groupID: 0, name: "root", isChange: true)
            case .user(let name):
                guard let found = ChildIdentity.find(name) else {
                    throw RunnerError(.cannotStart, "There is no user \"\(name)\", as whom the rule runs its command.")
                }
                return found
            }
        }
    }

    private static func find(_ name: String) -> ChildIdentity? {
        guard let entry = getpwnam(name)?.pointee else { return nil }
        let (userID, groupID) = (entry.pw_uid, entry.pw_gid)
        return ChildIdentity(
            userID: userID, groupID: groupID, groups: groups(of: name, groupID), name: name, isChange: true)
    }

    private static func groups(of name: String, _ groupID: gid_t) -> [gid_t] {
        var count = Int32(CLINUX_GROUPS)
        var groups = [gid_t](repeating: 0, count: Int(count))
        // Of more, the first few are taken.
        _ = getgrouplist(name, groupID, &groups, &count)
        return groups.prefix(Int(min(count, CLINUX_GROUPS))).filter { $0 != groupID }
    }
}

extension ChildIdentity {
    /// As C wants it, for the time of `body`.
    func withCopy<Result>(_ body: (UnsafePointer<clinux_identity>) -> Result) -> Result {
        groups.withUnsafeBufferPointer { groups in
            var copy = clinux_identity(
                uid: userID, gid: groupID, group_count: groups.count, groups: groups.baseAddress)
            return body(&copy)
        }
    }
}
