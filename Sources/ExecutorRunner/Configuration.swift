extension Runner {
    /// What the runner is told once, at start.
    package struct Configuration: Sendable {
        /// What to do where the kernel lacks what a rule's sandbox asks for.
        package enum SandboxMode: Sendable, Hashable {
            /// The command does not start, and the error names the rule and what is missing.
            case strict
            /// It starts without; ``Runner/unavailableFeatures`` says what is missing.
            case lenient
        }

        /// The user children run as unless their rule says otherwise.
        package var probeUser: String
        /// Where children start, when their rule names no other place; not written by them.
        package var scratchDirectory: String
        /// Names whose values are secrets, beside the built-in ones, such as `db_pin`.
        package var extraSecretNames: [String]
        package var sandboxMode: SandboxMode
        /// A cgroup v2 directory this daemon may make children's groups in; `nil` where none is delegated.
        package var controlGroup: String?
        /// Between SIGTERM and SIGKILL.
        package var patience: Duration
        /// How long a grandchild may hold the pipe after the command has ended.
        package var drain: Duration

        package init(
            probeUser: String = "devops-probe", scratchDirectory: String, extraSecretNames: [String] = [],
            sandboxMode: SandboxMode = .strict, controlGroup: String? = nil, patience: Duration = .seconds(2),
            drain: Duration = .milliseconds(500)
        ) {
            (self.probeUser, self.scratchDirectory) = (probeUser, scratchDirectory)
            (self.extraSecretNames, self.sandboxMode) = (extraSecretNames, sandboxMode)
            (self.controlGroup, self.patience, self.drain) = (controlGroup, patience, drain)
        }
    }
}
