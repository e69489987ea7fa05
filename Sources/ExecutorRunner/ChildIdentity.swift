import ExecutorPolicy
import Glibc

/// As whom a child runs.
struct ChildIdentity: Sendable, Hashable {
    var userID: uid_t
    var groupID: gid_t
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
        return ChildIdentity(userID: entry.pw_uid, groupID: entry.pw_gid, name: name, isChange: true)
    }
}
