/// The id of a rule: what `allowlist.json` says, or its category and text, such as `system/systemctl status *`.
package struct RuleID: Sendable, Hashable, CustomStringConvertible {
    package let text: String
    package var description: String { text }

    package init(_ text: String) { self.text = text }
}

/// Whether running a command changes the machine.
package enum Effect: String, Sendable, Hashable {
    case read
    case change
}

/// Under whose name a child runs.
package enum RunAs: Sendable, Hashable {
    /// `devops-probe`; `nobody` where there is no such user.
    case probe
    case user(String)
}

/// One argument of a granted command.
package enum GrantedArgument: Sendable, Hashable {
    case text(String)
    /// A file beneath a fixed directory, opened by the runner with `openat2` and handed over open.
    case file(GrantedFile)
    /// An address whose host name the runner resolves once and pins.
    case url(GrantedURL)
}

/// A file or directory a command may read.
package struct GrantedFile: Sendable, Hashable {
    /// How the program gets what was opened, so that nothing can be swapped in between.
    package enum Delivery: Sendable, Hashable {
        /// Opened for reading, it is the child's standard input, and the argument becomes `-`.
        case standardInput
        /// A directory becomes the child's working directory, and the argument `.`; a regular file is `-`-less:
        /// the argument becomes `/proc/self/fd/N`.
        case workingDirectory
    }

    /// An absolute directory without symbolic links in what the rule fixed, such as `/var/log`.
    package let root: String
    /// Relative, canonical, without `..`; empty for the root itself.
    package let relative: String
    package let delivery: Delivery

    package init(root: String, relative: String, delivery: Delivery) {
        (self.root, self.relative, self.delivery) = (root, relative, delivery)
    }

    package var path: String { relative.isEmpty ? root : (root == "/" ? "" : root) + "/" + relative }
}

/// An address a command may fetch.
package struct GrantedURL: Sendable, Hashable {
    package let scheme: String
    package let host: String
    package let port: UInt16
    /// Path and query, beginning with `/`.
    package let target: String
    /// Which resolved addresses may be connected to.
    package let addresses: AddressRule

    package init(scheme: String, host: String, port: UInt16, target: String, addresses: AddressRule) {
        (self.scheme, self.host, self.port, self.target) = (scheme, host, port, target)
        self.addresses = addresses
    }

    package var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        let isDefault = (scheme == "http" && port == 80) || (scheme == "https" && port == 443)
        return "\(scheme)://\(name)\(isDefault ? "" : ":\(port)")\(target)"
    }
}

/// Which addresses a granted host name may resolve to; link-local and multicast never.
package struct AddressRule: Sendable, Hashable {
    package let loopback: Bool
    package let privateRanges: Bool

    package init(loopback: Bool, privateRanges: Bool) {
        (self.loopback, self.privateRanges) = (loopback, privateRanges)
    }
}

/// What a child may use.
package struct ResourceLimits: Sendable, Hashable {
    package var memoryBytes: Int
    package var processes: Int
    package var outputBytes: Int
    package var openFiles: Int

    package init(
        memoryBytes: Int = 512 << 20, processes: Int = 64, outputBytes: Int = 256 << 10, openFiles: Int = 256
    ) {
        (self.memoryBytes, self.processes) = (memoryBytes, processes)
        (self.outputBytes, self.openFiles) = (outputBytes, openFiles)
    }
}

/// What the kernel keeps a child from, beside its identity.
package struct Sandbox: Sendable, Hashable {
    /// May write beneath no path (Landlock).
    package var readOnlyFileSystem: Bool
    /// May not start a second program (seccomp).
    package var noSecondExec: Bool

    package init(readOnlyFileSystem: Bool = false, noSecondExec: Bool = false) {
        (self.readOnlyFileSystem, self.noSecondExec) = (readOnlyFileSystem, noSecondExec)
    }
}

/// Permission to run exactly one command, exactly this way.
///
/// Only ``Policy`` can make one (the initializer is internal to its module), so a runner that
/// takes a `Grant` cannot be reached by a request nobody judged.
package struct Grant: Sendable, Hashable {
    package let rule: RuleID
    /// The unit or container it is about; the whole command where more than that is free in the rule.
    package let target: String
    /// The one absolute path of the program.
    package let executable: String
    /// `argv[0]` and what follows it, before files and addresses are opened and resolved.
    package let arguments: [GrantedArgument]
    /// The command as it is shown, approved and recorded: re-splitting it gives the same arguments.
    package let command: String
    package let effect: Effect
    package let runAs: RunAs
    package let timeout: Duration
    package let limits: ResourceLimits
    package let sandbox: Sandbox
    package let workingDirectory: String?
    /// Names and values that stand beside, or in place of, those every child has.
    package let environment: [String: String]
    /// SHA-256 of the policy that granted it, in hexadecimal.
    package let policyDigest: String

    init(
        rule: RuleID, target: String, executable: String, arguments: [GrantedArgument], command: String, effect: Effect,
        runAs: RunAs, timeout: Duration, limits: ResourceLimits, sandbox: Sandbox, workingDirectory: String?,
        environment: [String: String], policyDigest: String
    ) {
        (self.rule, self.target) = (rule, target)
        (self.executable, self.arguments) = (executable, arguments)
        (self.command, self.effect, self.runAs, self.timeout) = (command, effect, runAs, timeout)
        (self.limits, self.sandbox, self.workingDirectory) = (limits, sandbox, workingDirectory)
        (self.environment, self.policyDigest) = (environment, policyDigest)
    }
}
