import Glibc

/// All that a run started: what its time-out, its cancellation and its end reach.
///
/// In a cgroup of its own the kernel has the list, and kills by it at once. Elsewhere the tree is walked.
struct Descendants: Sendable {
    let mark: CallMark
    let leader: pid_t
    let group: ControlGroup?

    /// After SIGKILL; what takes longer is stuck in the kernel, and its group is removed after a later call.
    private static let killPatience = Duration.seconds(1)

    private var tree: ProcessTree { ProcessTree(leader: leader, mark: mark) }

    func signal(_ number: Int32) {
        if let group { group.signal(number) } else { tree.signal(number) }
    }

    var isEmpty: Bool { group?.isEmpty ?? tree.isEmpty }

    /// After the command's end: kills what it left behind, however that hid itself, and waits for what has ended.
    ///
    /// - Parameter leaders: Of the runs that go on; they wait for their own.
    func endLeftovers(except leaders: Set<pid_t>) {
        let hasLeftovers = group.map { !$0.isEmpty } ?? Orphans.list(except: leaders).contains(where: mark.isOn)
        if hasLeftovers {
            signal(SIGKILL)
            let deadline = ContinuousClock.now + Self.killPatience
            while !isEmpty, .now < deadline { usleep(1000) }
        }
        Orphans.reap(except: leaders)
    }
}

/// Processes that lost their parents and came to this one, their sub-reaper. The kernel gives them to the main thread
/// (exit(2), `find_new_reaper`), while the leaders of runs are children of their calls' threads.
enum Orphans {
    private static var path: String { "/proc/self/task/\(getpid())/children" }

    /// Whether the kernel says which there are (`CONFIG_PROC_CHILDREN`, proc(5)).
    static var areListed: Bool { access(path, R_OK) == 0 }

    static func list(except leaders: Set<pid_t>) -> [pid_t] {
        ControlFile(path).words.compactMap { pid_t($0) }.filter { !leaders.contains($0) }
    }

    /// Waits for those that have ended, so that they leave the process table.
    static func reap(except leaders: Set<pid_t>) {
        var status: Int32 = 0
        for pid in list(except: leaders) { _ = waitpid(pid, &status, WNOHANG) }
    }
}
