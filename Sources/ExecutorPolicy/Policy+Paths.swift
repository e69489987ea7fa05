// What may be told of a file without a command that names it.
extension Policy {
    /// Whether a rule could read `path`: it lies where reading is allowed, and its name is no secret's.
    package func couldRead(_ path: String) -> Bool {
        if case .argument = PathKind.read(path, prefix: "", settings: settings) { denial == nil } else { false }
    }
}
