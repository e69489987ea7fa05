import ExecutorRunner

extension Machine {
    /// Without secrets: for what no run's own masking has seen, such as the journal.
    func masked(_ text: String) -> String { text }
}
