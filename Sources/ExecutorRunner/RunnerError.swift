/// Why a command did not start.
package struct RunnerError: Error, Sendable, Hashable {
    package enum Code: String, Sendable, Hashable {
        /// The program the rule names is not there, or is no program.
        case programMissing
        /// The kernel did not let it start, or the program is one that others could have changed.
        case notPermitted
        /// A file that is missing, forbidden or swapped: the same words for all.
        case fileUnavailable
        /// A host that has no address the rule allows.
        case addressRefused
        /// The machine, or this daemon, is out of something.
        case cannotStart
    }

    package let code: Code
    /// One sentence for a person.
    package let message: String

    package init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
}
