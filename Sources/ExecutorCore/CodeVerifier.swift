import ExecutorAPI
import ExecutorAudit
import Glibc
import Synchronization

/// Checks one-time codes against the secret in the state directory; each step's code is good once.
///
/// The secret is read for each check, so that a file root has taken away is no secret any more. What was used
/// last is on disk before a code is accepted, so that a restart lets nobody use it again.
final class CodeVerifier: Sendable {
    /// Whose wrong codes are counted together.
    struct Caller: Sendable, Hashable {
        var userID: UInt32
        var role: Role
    }

    enum Verdict: Sendable, Hashable {
        case accepted
        /// How many more may be tried now.
        case wrong(left: Int)
        /// No code is checked at all; says why, and what helps.
        case unavailable(Refusal)
    }

    /// Steps before and after this one whose code is taken too: clocks differ (RFC 6238, section 5.2).
    private static let window: Int64 = 1

    private struct Attempts {
        var wrong: [ContinuousClock.Instant] = []
        var closedUntil: ContinuousClock.Instant?
    }

    private let secret: SecretFile
    private let lastStep: SecretFile
    private let attempts = Mutex<[Caller: Attempts]>([:])
    private let seconds: @Sendable () -> Int64
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameters:
    ///   - seconds: Since 1970, by the wall clock.
    ///   - now: For how long wrong codes count.
    init(
        directory: String, seconds: @escaping @Sendable () -> Int64 = { Timestamp.now().milliseconds / 1000 },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        secret = SecretFile(path: directory + "/totp.secret")
        lastStep = SecretFile(path: directory + "/totp.step")
        (self.seconds, self.now) = (seconds, now)
    }

    /// Why no code of this caller would be taken now; `nil` where one would be checked.
    func obstacle(for caller: Caller) -> Refusal? {
        attempts.withLock { attempts in
            do throws(Refusal) {
                try checkOpen(for: caller, &attempts)
                _ = try readSecret()
                return nil
            } catch {
                return error
            }
        }
    }

    func check(_ code: OneTimeCode, by caller: Caller) -> Verdict {
        // One check at a time: two with the same code cannot both find it unused.
        attempts.withLock { attempts in
            do throws(Refusal) {
                try checkOpen(for: caller, &attempts)
                let secret = try readSecret()
                guard let step = matchingStep(code, secret, after: try readLastStep()) else {
                    return .wrong(left: countWrong(by: caller, &attempts))
                }
                do throws(ExecutorError) { try lastStep.write(Array(String(step).utf8)) } catch {
                    throw Self.unusable(error.message)
                }
                return .accepted
            } catch {
                return .unavailable(error)
            }
        }
    }

    /// Makes a new secret.
    ///
    /// - Returns: The address of it for an authenticator; `nil` where there is a secret that may not be replaced.
    /// - Throws: ``ExecutorError`` when it cannot be written.
    func enroll(replacing: Bool) throws(ExecutorError) -> String? {
        try attempts.withLock { _ throws(ExecutorError) in
            guard replacing || !secret.exists else { return nil }
            let bytes = Crypto.randomBytes(TimeCode.secretBytes)
            try secret.write(bytes)
            // Of the old secret; left alone, a clock that once was ahead would lock the new one out.
            try lastStep.remove()
            return TimeCode.address(bytes, host: Self.hostName())
        }
    }

    private func matchingStep(_ code: OneTimeCode, _ secret: [UInt8], after last: Int64) -> Int64? {
        let step = TimeCode.step(at: seconds())
        var found: Int64?
        for candidate in step - Self.window...step + Self.window where candidate > last {
            let expected = TimeCode.code(secret, step: candidate)
            if Crypto.equal(Array(expected.utf8), Array(code.digits.utf8)) { found = candidate }
        }
        return found
    }

    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

// The limit of wrong codes.
extension CodeVerifier {
    private func checkOpen(for caller: Caller, _ attempts: inout [Caller: Attempts]) throws(Refusal) {
        let now = now()
        attempts = attempts.filter { _, attempt in
            attempt.closedUntil.map { $0 > now } ?? attempt.wrong.contains { $0 + ExecutorLimits.wrongCodeWindow > now }
        }
        guard let until = attempts[caller]?.closedUntil else { return }
        throw Refusal(
            .limit, message: "Too many wrong codes: no code is checked for now.",
            alternative: "Try again in \((until - now).components.seconds / 60 + 1) minutes.")
    }

    /// - Returns: How many more may be tried now.
    private func countWrong(by caller: Caller, _ attempts: inout [Caller: Attempts]) -> Int {
        let now = now()
        var own = attempts[caller] ?? Attempts()
        own.wrong = own.wrong.filter { $0 + ExecutorLimits.wrongCodeWindow > now } + [now]
        let left = ExecutorLimits.wrongCodes - own.wrong.count
        if left <= 0 { own.closedUntil = now + ExecutorLimits.wrongCodePause }
        attempts[caller] = own
        return max(0, left)
    }
}

// What is on disk.
extension CodeVerifier {
    private func readSecret() throws(Refusal) -> [UInt8] {
        let bytes = try read(secret)
        guard let bytes else {
            throw Refusal(
                .approvalRequired, message: "This needs a one-time code, and no secret for codes is enrolled here.",
                alternative: "An operator runs: executorctl totp enroll; then call again.")
        }
        guard bytes.count == TimeCode.secretBytes else {
            throw Self.unusable("\(secret.path) is no secret of \(TimeCode.secretBytes) bytes.")
        }
        return bytes
    }

    /// -1 before the first.
    private func readLastStep() throws(Refusal) -> Int64 {
        guard let bytes = try read(lastStep) else { return -1 }
        guard let step = Int64(String(decoding: bytes, as: UTF8.self)) else {
            throw Self.unusable("\(lastStep.path) holds no number.")
        }
        return step
    }

    private func read(_ file: SecretFile) throws(Refusal) -> [UInt8]? {
        do throws(ExecutorError) { return try file.read() } catch { throw Self.unusable(error.message) }
    }

    private static func unusable(_ reason: String) -> Refusal {
        Refusal(
            .approvalInvalid, message: "Codes cannot be checked: \(reason)",
            alternative: "An administrator mends that, or makes a new secret: executorctl totp enroll --replace.")
    }
}
