/// How a child ended, and what it left.
package struct RunResult: Sendable {
    package enum Termination: Sendable, Hashable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// Why it ended.
    package enum Ending: Sendable, Hashable {
        case itself
        case timeout(Duration)
        case cancelled
        case stopping
    }

    package var termination: Termination
    package var ending: Ending
    /// Head and tail of standard output and standard error as they came, masked, valid UTF-8.
    package var output: String
    /// The same of standard error alone, where it was asked for apart; ``output`` then has standard output alone.
    package var errorOutput: String?
    /// All that was printed, in bytes, also what was left out.
    package var outputBytes: Int
    package var isOutputCut: Bool
    /// Secrets masked in the output.
    package var maskedSecrets: Int
    package var duration: Duration
    package var cpuTime: Duration
    /// Peak resident memory of the child, in bytes.
    package var peakMemoryBytes: Int
    /// The pid, for the record.
    package var processID: Int32

    package init(
        termination: Termination, ending: Ending, output: String, errorOutput: String? = nil, outputBytes: Int,
        isOutputCut: Bool, maskedSecrets: Int, duration: Duration, cpuTime: Duration, peakMemoryBytes: Int,
        processID: Int32
    ) {
        (self.termination, self.ending, self.output) = (termination, ending, output)
        self.errorOutput = errorOutput
        (self.outputBytes, self.isOutputCut, self.maskedSecrets) = (outputBytes, isOutputCut, maskedSecrets)
        (self.duration, self.cpuTime, self.peakMemoryBytes) = (duration, cpuTime, peakMemoryBytes)
        self.processID = processID
    }

    package var succeeded: Bool { termination == .exited(0) && ending == .itself }
}
