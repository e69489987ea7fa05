import ExecutorAPI
import ExecutorPolicy
import ExecutorRunner
import Foundation
import Synchronization
import TestSupport
import Testing
import Wire

/// One runner for all tests: it is the sub-reaper of its process, as in the daemon.
private let runner = Runner(
    configuration: Runner.Configuration(sandboxMode: .lenient, drain: .milliseconds(300)))

/// A grant for one line, by a policy that allows just what these tests run.
private func grant(_ line: String, _ entry: String, settings: String = "{}") throws -> Grant {
    let policy = try Policy(
        allowlist: Array("{\"test\": [\(entry)]}".utf8), allowlistName: "test",
        settings: PolicySettings(parsing: Array(settings.utf8), name: "test"), digest: "test")
    guard case .allowed(let grant) = policy.judge(line: line) else { throw POSIXError(.EPERM) }
    return grant
}

/// A program of the test's own, with fixed arguments.
private func fixed(_ line: String, _ more: String = "") throws -> Grant {
    try grant(line, #"{"command": "\#(line)", "effect": "read"\#(more)}"#)
}

private func run(
    _ grant: Grant, timeout: Duration? = nil, cancellation: Cancellation = Cancellation(),
    onOutput: (@Sendable (String) -> Void)? = nil
) throws -> RunResult {
    try runner.run(grant, timeout: timeout, cancellation: cancellation, onOutput: onOutput)
}

/// A script in a directory of its own, which any user may run.
private func withScript(_ text: String, _ body: (_ path: String, _ directory: String) throws -> Void) throws {
    try withTemporaryDirectory { directory in
        chmod(directory, 0o755)
        let path = directory + "/program"
        try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(filePath: path))
        chmod(path, 0o755)
        try body(path, directory)
    }
}

private func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

@Suite("Running", .serialized, .timeLimit(.minutes(2)))
struct RunnerTests {
    @Test("a program that is missing, is none, or that others may change, is not started")
    func refusals() throws {
        for line in ["/none/program", "/etc/group", "/tmp"] {
            let error = #expect(throws: RunnerError.self) { try run(fixed(line)) }
            #expect(error?.code == .programMissing, "\(line): \(String(describing: error))")
        }
        guard geteuid() == 0 else { return }
        try withScript("exit 0") { path, _ throws in
            for mode: mode_t in [0o777, 0o775, 0o757] {
                chmod(path, mode)
                let error = #expect(throws: RunnerError.self) { try run(fixed(path)) }
                #expect(error?.code == .notPermitted)
            }
            chmod(path, 0o755)
            chown(path, 12345, 0)
            let error = #expect(throws: RunnerError.self) { try run(fixed(path)) }
            #expect(error?.code == .notPermitted)
            chown(path, 0, 0)
            #expect(try run(fixed(path)).succeeded)
        }
    }

    @Test(
        "a name that leads where the rules do not let is not asked, nor one that another program than curl would look up"
    )
    func addresses() throws {
        let settings = #"{"url_loopback": false, "programs": {"fetch": "/bin/echo"}}"#
        let fetch = #"{"command": "fetch {url}", "effect": "read"}"#
        for (line, entry, settings) in [
            ("curl -s http://localhost:80/", #""curl -s {url}""#, settings),
            ("fetch http://localhost:80/", fetch, settings),
            ("fetch http://localhost:80/", fetch, settings.replacing("false", with: "true")),
        ] {
            let grant = try grant(line, entry, settings: settings)
            let error = #expect(throws: RunnerError.self) { try run(grant) }
            #expect(error?.code == .addressRefused, "\(line)")
        }
        let figures = try grant(
            "fetch http://127.0.0.1:80/", fetch, settings: settings.replacing("false", with: "true"))
        #expect(try run(figures).output.hasPrefix("http://127.0.0.1"))
    }

    @Test(
        "exit status and signal are what they were",
        arguments: [("exit 0", 0, nil), ("exit 7", 7, nil), ("kill -9 $$", nil, 9)] as [(String, Int32?, Int32?)])
    func endings(_ script: String, _ exit: Int32?, _ signal: Int32?) throws {
        try withScript(script) { path, _ in
            let result = try run(fixed(path))
            #expect(
                result.termination == (exit.map { .exited($0) } ?? .signalled(signal ?? 0)) && result.ending == .itself)
            #expect(result.peakMemoryBytes > 0 && result.duration > .zero)
        }
    }

    @Test("the child has three descriptors, an environment made from nothing, and no terminal")
    func surroundings() throws {
        try withScript("env; cat; umask") { path, _ in
            let result = try run(fixed(path))
            let lines = result.output.split(separator: "\n").map(String.init)
            let names = Set(
                lines.filter { $0.contains("=") }.compactMap { $0.split(separator: "=").first.map(String.init) })
            #expect(
                names.isSubset(of: [
                    "HOME", "LANG", "PAGER", "PATH", "SYSTEMD_COLORS", "SYSTEMD_PAGER", "SYSTEMD_PAGERSECURE", "TERM",
                    "PWD", "SHLVL", "_", "OLDPWD", "LC_ALL", "DOCKER_CONFIG", "SYSTEMD_LESS", "DEVOPS_CALL",
                ]), "\(names)")
            #expect(lines.last == "0077")
        }
        // The directory that ls reads is its own fourth.
        #expect(try run(fixed("/usr/bin/ls /proc/self/fd")).output == "0\n1\n2\n3\n")
    }

    @Test("the child ignores, handles and blocks no signal, whatever the daemon does; its parent's own mask stays")
    func signals() throws {
        let handler = signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, handler) }
        var (blocked, before, after) = (sigset_t(), sigset_t(), sigset_t())
        sigaddset(&blocked, SIGUSR1)
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
        defer { pthread_sigmask(SIG_UNBLOCK, &blocked, nil) }
        pthread_sigmask(SIG_BLOCK, nil, &before)
        let status = try run(fixed("/usr/bin/cat /proc/self/status")).output.split(separator: "\n")
        for name in ["SigIgn:", "SigCgt:", "SigBlk:"] {
            let line = try #require(status.first { $0.hasPrefix(name) })
            #expect(line.dropFirst(name.count).allSatisfy { "\t0".contains($0) }, "\(line)")
        }
        pthread_sigmask(SIG_BLOCK, nil, &after)
        #expect((1..<64).allSatisfy { sigismember(&before, $0) == sigismember(&after, $0) })
    }

    @Test(
        "children run as the probe user, without groups, unless the rule says otherwise", .enabled(if: geteuid() == 0))
    func identity() throws {
        let probe = try run(fixed("/usr/bin/id -u")).output
        #expect(probe != "0\n" && !probe.isEmpty)
        #expect(try run(fixed("/usr/bin/id -u", #", "run_as": "root""#)).output == "0\n")
        #expect(try !run(fixed("/usr/bin/id -G")).output.contains(" "))
        let error = #expect(throws: RunnerError.self) {
            try run(fixed("/usr/bin/id -u", #", "run_as": "no-such-user""#))
        }
        #expect(error?.message.contains("no-such-user") == true)
    }

    @Test("a call has no more time than its rule gives, whatever it asks for")
    func longerTimeout() throws {
        let result = try run(fixed("/usr/bin/sleep 30", #", "timeout": "1s""#), timeout: .seconds(60))
        #expect(result.ending == .timeout(.seconds(1)))
    }

    @Test("what holds no pipe and ignores SIGTERM is ended with the call that left it behind")
    func silentDescendant() throws {
        let text =
            "setsid sh -c 'trap \"\" TERM; echo $$ >\"$0\"; while :; do sleep 1; done' PID >/dev/null 2>&1 & sleep 30"
        try withTemporaryDirectory { directory in
            let file = directory + "/pid"
            try withScript(text.replacing("PID", with: file)) { path, _ throws in
                let account = geteuid() == 0 ? #", "run_as": "root""# : ""
                let result = try run(fixed(path, #", "timeout": "1s""# + account))
                #expect(result.ending == .timeout(.seconds(1)))
                let text = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
                #expect(!exists(try #require(Int32(text))))
            }
        }
    }

    @Test("a time-out ends a tree that ignores SIGTERM and one that left its session")
    func timeout() throws {
        let script = """
            trap '' TERM
            setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &
            sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &
            echo $$
            while :; do sleep 1; done
            """
        try withScript(script) { path, _ in
            let result = try run(fixed(path), timeout: .seconds(1))
            #expect(result.ending == .timeout(.seconds(1)))
            let pids = result.output.split(separator: "\n").compactMap { Int32($0) }
            #expect(pids.count == 3)
            for pid in pids { #expect(!exists(pid), "\(pid) lives") }
        }
    }

    @Test("a cancelled run ends its child")
    func cancellation() throws {
        let cancellation = Cancellation()
        let output: @Sendable (String) -> Void = { _ in cancellation.cancel(.cancelled) }
        try withScript("echo $$; exec sleep 60") { path, _ in
            let result = try run(fixed(path), cancellation: cancellation, onOutput: output)
            #expect(result.ending == .cancelled && result.duration < .seconds(10))
        }
    }

    @Test("a grandchild that holds the pipe does not hold the answer")
    func heldPipe() throws {
        try withScript("sleep 30 & echo early") { path, _ in
            let result = try run(fixed(path))
            #expect(result.output == "early\n" && result.duration < .seconds(10))
        }
    }

    @Test("of much output the head and the tail are kept, and the rest is counted")
    func flood() throws {
        let grant = try grant(
            "/usr/bin/seq 200000", #"{"command": "/usr/bin/seq 200000", "effect": "read", "limits": {"output_kb": 8}}"#)
        let result = try run(grant)
        #expect(result.isOutputCut && result.outputBytes == 1_288_895 && result.output.utf8.count < 9000)
        #expect(result.output.hasPrefix("1\n2\n") && result.output.hasSuffix("200000\n"))
    }

    @Test("a read-only rule writes nowhere; a rule without a second exec starts no other program")
    func sandbox() throws {
        guard runner.unavailableFeatures.isEmpty else { return }
        try withScript("echo x > \"$(dirname $0)/made\" 2>/dev/null && echo wrote || echo refused") { path, directory in
            chmod(directory, 0o777)
            let free = try run(fixed(path, #", "run_as": "root""#))
            #expect(!free.output.isEmpty)
            let bound = try run(
                fixed("/usr/bin/touch \(directory)/other", #", "run_as": "root", "sandbox": {"read_only": true}"#))
            #expect(!bound.succeeded && !FileManager.default.fileExists(atPath: directory + "/other"))
        }
        let second = try run(fixed("/usr/bin/nice /bin/true", #", "sandbox": {"no_second_exec": true}"#))
        #expect(!second.succeeded)
        #expect(try run(fixed("/usr/bin/nice /bin/true")).succeeded)
    }

    @Test("what a reading command leaves behind is ended with it, out of its session and off its pipe")
    func leftovers() throws {
        try withScript("setsid sh -c 'sleep 300 >/dev/null 2>&1 & echo $!'") { path, _ in
            let read = try run(fixed(path))
            let pid = try #require(Int32(read.output.dropLast()))
            #expect(read.succeeded && !exists(pid))
            // A change may be what starts a daemon; and no later run's end is its end.
            let change = try run(grant(path, #"{"command": "\#(path)", "effect": "change"}"#))
            let daemon = try #require(Int32(change.output.dropLast()))
            _ = try run(fixed(path))
            #expect(change.succeeded && exists(daemon))
            kill(daemon, SIGKILL)
        }
    }

    @Test("memory beyond the rule's limit is not given", .timeLimit(.minutes(1)))
    func memory() throws {
        try withScript("head -c 300000000 /dev/zero | tail -c 300000000 | wc -c") { path, _ in
            let limited = try run(fixed(path, #", "limits": {"memory_mb": 64}"#))
            #expect(limited.output.contains("memory exhausted") && !limited.output.contains("300000000\n"))
        }
    }

    @Test("root that only reads keeps no right but to read", .enabled(if: geteuid() == 0))
    func readingRoot() throws {
        try withScript("grep CapEff /proc/self/status") { path, _ in
            let reading = try run(fixed(path, #", "run_as": "root", "sandbox": {"read_only": true}"#)).output
            // CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYSLOG: bits 2, 19, 34 (capability.h).
            #expect(reading == "CapEff:\t0000000400080004\n")
            #expect(try run(fixed(path)).output == "CapEff:\t0000000000000000\n")
        }
    }

    @Test(
        "root without a second exec gets none by raising its limits and moving descriptors",
        .enabled(if: geteuid() == 0 && access("/usr/bin/python3", X_OK) == 0))
    func secondExec() throws {
        let program = """
            import ctypes, os, resource, sys
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (1100, 1100))
            except ValueError:
                pass
            libc = ctypes.CDLL(None, use_errno=True)
            binary = os.open("/bin/true", os.O_PATH)
            answers = set()
            for number in range(200, resource.getrlimit(resource.RLIMIT_NOFILE)[0]):
                os.dup2(binary, number)
                for path in (b"", b"/bin/true"):
                    argv = (ctypes.c_char_p * 2)(b"true", None)
                    libc.syscall(322 if os.uname().machine == "x86_64" else 281, number, path, argv, None, 0x1000)
                    answers.add(ctypes.get_errno())
            print(answers)
            """
        try withScript("") { path, _ in
            try Data("#!/usr/bin/python3 -I\n\(program)\n".utf8).write(to: URL(filePath: path))
            let result = try run(fixed(path, #", "run_as": "root", "sandbox": {"no_second_exec": true}"#))
            #expect(result.output == "{1}\n")
        }
    }

    @Test("a rule that names a user opens its files as that user", .enabled(if: geteuid() == 0))
    func opener() throws {
        try withScript("exit 0") { _, directory in
            try Data("theirs\n".utf8).write(to: URL(filePath: directory + "/log"))
            chmod(directory + "/log", 0o600)
            func cat(_ user: String) throws -> String {
                let entry = #"{"command": "cat \#(directory)/*", "effect": "read"\#(user)}"#
                return try run(grant("cat \(directory)/log", entry)).output
            }
            let error = #expect(throws: RunnerError.self) { try cat(#", "run_as": "daemon""#) }
            #expect(error?.code == .fileUnavailable)
            // A rule without a user grants what lies beneath its directory.
            #expect(try cat("") == "theirs\n")
            #expect(try cat(#", "run_as": "root""#) == "theirs\n")
        }
    }

    @Test("a rule's directory is entered through no link")
    func directory() throws {
        try withScript("exit 0") { _, directory in
            try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "/etc")
            let error = #expect(throws: RunnerError.self) {
                try run(fixed("/bin/pwd", #", "cwd": "\#(directory)/link""#))
            }
            #expect(error?.message.contains("cannot be entered") == true)
            #expect(try run(fixed("/bin/pwd", #", "cwd": "\#(directory)""#)).output == directory + "\n")
        }
    }

    @Test(
        "a file is opened beneath its directory and handed over; links, FIFOs and what is missing have the same words")
    func files() throws {
        try withScript("exit 0") { _, directory in
            try Data("content\n".utf8).write(to: URL(filePath: directory + "/log"))
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/aaa", withDestinationPath: "/etc/hostname")
            mkfifo(directory + "/bbb", 0o644)
            func cat(_ name: String) throws -> RunResult {
                try run(grant("cat \(directory)/\(name)", #""cat \#(directory)/*""#))
            }
            #expect(try cat("log").output == "content\n")
            var words: Set<String> = []
            for name in ["aaa", "bbb", "ccc"] {
                let error = #expect(throws: RunnerError.self) { try cat(name) }
                #expect(error?.code == .fileUnavailable)
                words.insert(error?.message.replacingOccurrences(of: name, with: "") ?? "")
            }
            #expect(words.count == 1)
        }
    }

    @Test("secrets are masked, over the borders of chunks too")
    func masking() throws {
        try withScript("printf 'pass'; sleep 0.2; echo 'word=hunter2hunter2'; echo plain") { path, _ in
            let box = Box()
            let result = try run(fixed(path), onOutput: { text in box.text.withLock { $0 += text } })
            #expect(!result.output.contains("hunter2") && result.maskedSecrets == 1 && result.output.contains("plain"))
            #expect(!box.text.withLock { $0 }.contains("hunter2"))
        }
    }

    @Test("standard error comes apart where it is asked for, each stream masked, and together where it is not")
    func streams() throws {
        try withScript("echo out; echo password=hunter2 >&2; echo more") { path, _ in
            let errors = Mutex("")
            let apart = try runner.run(
                fixed(path), cancellation: Cancellation(), onErrorOutput: { text in errors.withLock { $0 += text } })
            #expect(apart.output == "out\nmore\n" && apart.errorOutput == "password=[masked]\n")
            #expect(errors.withLock { $0 } == "password=[masked]\n" && apart.outputBytes == 27)
            #expect(try run(fixed(path)).output == "out\npassword=[masked]\nmore\n")
            #expect(try run(fixed(path)).errorOutput == nil)
        }
    }

    @Test("a reader that never reads holds the child back, and neither its time-out nor its cancellation")
    func deafReader() throws {
        let release = Condition()
        let isReleased = Atomic<Bool>(false)
        let deaf: @Sendable (String) -> Void = { _ in
            _ = release.wait(atMost: .seconds(60)) { isReleased.load(ordering: .acquiring) }
        }
        defer {
            isReleased.store(true, ordering: .releasing)
            release.signal()
        }
        let late = try run(fixed("/usr/bin/yes"), timeout: .seconds(1), onOutput: deaf)
        #expect(late.ending == .timeout(.seconds(1)) && late.duration < .seconds(10))
        // Held back: the pipe and the reader's share, not what yes(1) prints in a second.
        #expect(late.outputBytes < 4 << 20, "\(late.outputBytes)")
        let cancellation = Cancellation()
        try BackgroundThread.start(named: "cancel") {
            _ = release.wait(atMost: .milliseconds(300)) { false }
            cancellation.cancel(.disconnected)
        }
        let gone = try run(fixed("/usr/bin/yes"), cancellation: cancellation, onOutput: deaf)
        #expect(gone.ending == .cancelled && gone.duration < .seconds(10))
    }

    @Test("a slow reader gets all that a short command printed, in order, before the answer")
    func slowReader() throws {
        let box = Box()
        let result = try run(fixed("/usr/bin/seq 9999")) { text in
            usleep(20_000)
            box.text.withLock { $0 += text }
        }
        #expect(result.succeeded && box.text.withLock { $0 } == result.output)
    }

    private final class Box: Sendable { let text = Mutex("") }

    @Test("two hundred runs, eight at a time, leave no child and no descriptor behind")
    func many() async throws {
        let grant = try fixed("/bin/true")
        _ = try run(grant)
        let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread {
                            let good = (0..<25).filter { _ in (try? run(grant))?.succeeded == true }.count
                            continuation.resume(returning: good)
                        }
                    }
                }
            }
            var total = 0
            for await good in group { total += good }
            #expect(total == 200)
        }
        #expect(runner.running == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count <= before + 2)
    }
}
