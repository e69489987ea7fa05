import ExecutorRunner

extension Machine {
    /// Without secrets, the administrator's own names among them: for words no run's own masking has seen.
    @Sendable
    func masked(_ text: String) -> String {
        var masker = SecretMasker(extraNames: runner.configuration.extraSecretNames)
        return String(decoding: masker.feed(Array(text.utf8)) + masker.finish(), as: UTF8.self)
    }
}
