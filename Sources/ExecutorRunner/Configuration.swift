extension Runner {
    /// What the runner is told once, at start.
    package struct Configuration: Sendable {
        /// What to do where the kernel lacks what a rule's sandbox asks for.
        package enum SandboxMode: String, Sendable, Hashable {
            /// The command does not start, and the error names the rule and what is missing.
            case strict
            /// It starts without; ``Runner/unavailableFeatures`` says what is missing.
            case lenient
        }

        /// The user children run as unless their rule says otherwise.
        package var probeUser: String
        /// Names whose values are secrets, beside the built-in ones, such as `db_pin`.
        package var extraSecretNames: [String]
        package var sandboxMode: SandboxMode
        /// Where each call gets a cgroup of its own; `nil` where none is delegated.
        package var controlGroups: ControlGroups?
        /// Between SIGTERM and SIGKILL.
        package var patience: Duration
        /// How long a grandchild may hold the pipe after the command has ended.
        package var drain: Duration

        package init(
            probeUser: String = "devops-probe", extraSecretNames: [String] = [],
            sandboxMode: SandboxMode = .strict, controlGroups: ControlGroups? = nil, patience: Duration = .seconds(2),
            drain: Duration = .milliseconds(500)
        ) {
            (self.probeUser, self.extraSecretNames, self.sandboxMode) = (probeUser, extraSecretNames, sandboxMode)
            (self.controlGroups, self.patience, self.drain) = (controlGroups, patience, drain)
        }
    }
}
