/// Why a policy file is refused.
package struct PolicyError: Error, Sendable, Equatable {
    package var file: String
    /// Which entry, such as `system[3]`; `nil` where the whole file is meant.
    package var entry: String?
    package var problem: String
    package var remedy: String

    package init(file: String, entry: String?, problem: String, remedy: String) {
        (self.file, self.entry, self.problem, self.remedy) = (file, entry, problem, remedy)
    }

    /// One sentence that names file, entry, fault and remedy.
    package var message: String {
        let place = entry.map { ", entry \($0)" } ?? ""
        return "\(file)\(place): \(problem); \(remedy)."
    }
}
