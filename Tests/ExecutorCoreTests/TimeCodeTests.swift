import ExecutorAPI
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ExecutorCore

@Suite("One-time codes of the clock")
struct TimeCodeTests {
    private static let secret = Array("12345678901234567890".utf8)

    @Test(
        "the vectors of RFC 6238, appendix B",
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ] as [(Int64, String)])
    func time(_ seconds: Int64, _ code: String) {
        #expect(TimeCode.code(Self.secret, step: TimeCode.step(at: seconds), digits: 8) == code)
    }

    @Test("the six digits of RFC 4226, appendix D")
    func counter() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
        ]
        #expect((0..<10).map { TimeCode.code(Self.secret, step: $0) } == codes)
    }

    @Test("base 32 as in RFC 4648, section 10, without padding")
    func base32() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"]
        #expect(
            texts.map { TimeCode.base32(Array($0.utf8)) }
                == ["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"])
    }

    @Test("the address names the server, whatever its name has in it")
    func address() {
        let rest =
            "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=devops-executor&algorithm=SHA1&digits=6&period=30"
        for (host, name) in [("web-1.example", "web-1.example"), ("a/b?c&d é", "abcd"), ("", "server")] {
            #expect(
                TimeCode.address(Self.secret, host: host) == "otpauth://totp/devops-executor:\(name)\(rest)", "\(host)")
        }
    }

    @Test("only six ASCII digits are a code, and a code prints nothing of itself")
    func form() throws {
        for text in ["", "12345", "1234567", "12345a", "１２３４５６", "12 456", "-12345", "١٢٣٤٥٦"] {
            #expect(OneTimeCode(text) == nil, "\(text)")
        }
        let code = try #require(OneTimeCode("123456"))
        for text in ["\(code)", String(reflecting: code), "\(ApprovalReply.code(code))", "\([code])"] {
            #expect(!text.contains("123456"))
        }
        var dumped = ""
        dump(ApprovalReply.code(code), to: &dumped)
        #expect(!dumped.contains("123456"))
    }
}

/// A verifier over a directory of its own, at a time the test sets.
private struct VerifierFixture {
    static let secret = Array("12345678901234567890".utf8)
    let agent = CodeVerifier.Caller(userID: 990, role: .agent)
    let directory: String
    let clock = TestClock()
    let verifier: CodeVerifier
    /// The step the wall clock is in.
    static let step: Int64 = 60_000_000

    init(_ directory: String, enrolled: Bool = true) throws {
        self.directory = directory
        chmod(directory, 0o700)
        if enrolled { try SecretFile(path: directory + "/totp.secret").write(Self.secret) }
        verifier = CodeVerifier(directory: directory, seconds: { Self.step * 30 + 7 }, now: clock.now)
    }

    static func code(_ offset: Int64) throws -> OneTimeCode {
        try #require(OneTimeCode(TimeCode.code(secret, step: step + offset)))
    }

    func check(_ offset: Int64, by caller: CodeVerifier.Caller? = nil) throws -> CodeVerifier.Verdict {
        verifier.check(try Self.code(offset), by: caller ?? agent)
    }

    var isUnavailable: Bool {
        get throws { if case .unavailable = try check(0) { true } else { false } }
    }
}

@Suite("Checking one-time codes")
struct CodeVerifierTests {
    private static func withFixture(enrolled: Bool = true, _ body: (VerifierFixture) throws -> Void) throws {
        try withTemporaryDirectory { try body(VerifierFixture($0, enrolled: enrolled)) }
    }

    @Test("codes outside one step before and after are wrong", arguments: [-3, -2, 2, 3] as [Int64])
    func outside(_ offset: Int64) throws {
        try Self.withFixture { fixture throws in #expect(try fixture.check(offset) == .wrong(left: 4)) }
    }

    @Test("a wrong code counts for five minutes, whatever other ones came since")
    func slidingWindow() throws {
        try Self.withFixture { fixture throws in
            #expect(try fixture.check(9) == .wrong(left: 4))
            fixture.clock.advance(ExecutorLimits.wrongCodeWindow - .seconds(1))
            #expect(try fixture.check(9) == .wrong(left: 3))
            fixture.clock.advance(.seconds(1))
            #expect(try fixture.check(9) == .wrong(left: 3))
        }
    }

    @Test("the codes of the step before, this one and the next are taken, each once and in order")
    func inside() throws {
        try Self.withFixture { fixture throws in
            for offset in [-1, 0, 1] as [Int64] { #expect(try fixture.check(offset) == .accepted) }
            #expect(try fixture.check(1) == .wrong(left: 4))
            // Older than one that was used.
            #expect(try fixture.check(-1) == .wrong(left: 3))
        }
    }

    @Test("a code that was used is not good again, not after a restart either")
    func restart() throws {
        try Self.withFixture { fixture throws in
            #expect(try fixture.check(0) == .accepted)
            let restarted = try VerifierFixture(fixture.directory)
            #expect(try restarted.check(0) == .wrong(left: 4))
            #expect(try restarted.check(1) == .accepted)
        }
    }

    @Test("of many checks of one code at the same time one succeeds")
    func concurrent() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try VerifierFixture(directory)
            let code = try VerifierFixture.code(0)
            let callers = (0..<16).map { CodeVerifier.Caller(userID: $0, role: .agent) }
            let accepted = await withTaskGroup(of: Bool.self) { group in
                for caller in callers { group.addTask { fixture.verifier.check(code, by: caller) == .accepted } }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(accepted == 1)
        }
    }

    @Test("five wrong codes within five minutes close the caller out for a while, the right code too; others not")
    func limit() throws {
        try Self.withFixture { fixture throws in
            for left in (0..<ExecutorLimits.wrongCodes).reversed() {
                #expect(try fixture.check(5) == .wrong(left: left))
            }
            #expect(try fixture.isUnavailable)
            #expect(fixture.verifier.obstacle(for: fixture.agent)?.code == .limit)
            let other = CodeVerifier.Caller(userID: 0, role: .operator)
            #expect(fixture.verifier.obstacle(for: other) == nil)
            fixture.clock.advance(ExecutorLimits.wrongCodePause - .milliseconds(1))
            #expect(try fixture.isUnavailable)
            fixture.clock.advance(.milliseconds(1))
            #expect(try fixture.check(0) == .accepted)
        }
    }

    @Test("wrong codes count for five minutes, right ones between them do not wipe them out")
    func window() throws {
        try Self.withFixture { fixture throws in
            for left in [4, 3] { #expect(try fixture.check(5) == .wrong(left: left)) }
            #expect(try fixture.check(0) == .accepted)
            #expect(try fixture.check(5) == .wrong(left: 2))
            fixture.clock.advance(ExecutorLimits.wrongCodeWindow)
            #expect(try fixture.check(5) == .wrong(left: 4))
        }
    }

    @Test("without a secret the refusal says so and how to get one")
    func notEnrolled() throws {
        try Self.withFixture(enrolled: false) { fixture throws in
            let refusal = try #require(fixture.verifier.obstacle(for: fixture.agent))
            #expect(refusal.code == .approvalRequired && refusal.alternative.contains("executorctl totp enroll"))
            #expect(try fixture.check(0) == .unavailable(refusal))
        }
    }

    @Test(
        "a secret that others can read or change, that is somebody else's or no secret, and a broken step take no code")
    func badFiles() throws {
        let faults: [(String) throws -> Void] = [
            { chmod($0 + "/totp.secret", 0o640) }, { chmod($0 + "/totp.secret", 0o604) },
            { chmod($0 + "/totp.secret", 0o620) }, { chmod($0, 0o770) },
            { try SecretFile(path: $0 + "/totp.secret").write(Array("short".utf8)) },
            { try SecretFile(path: $0 + "/totp.step").write(Array("soon".utf8)) },
            { mkdir($0 + "/totp.step", 0o700) }, { mkdir($0 + "/totp.step.new", 0o700) },
            { if geteuid() == 0 { chown($0 + "/totp.secret", 12345, 0) } else { unlink($0 + "/totp.secret") } },
        ]
        for (number, spoil) in faults.enumerated() {
            try Self.withFixture { fixture throws in
                try spoil(fixture.directory)
                #expect(try fixture.isUnavailable, "fault \(number)")
            }
        }
    }
}

@Suite("Enrolling the secret of one-time codes")
struct CodeEnrolmentTests {
    @Test("the secret is new, for its owner alone, and replaced only when that is asked for")
    func enroll() throws {
        try withTemporaryDirectory { directory in
            let fixture = try VerifierFixture(directory, enrolled: false)
            let first = try #require(try fixture.verifier.enroll(replacing: false))
            var status = stat()
            #expect(stat(directory + "/totp.secret", &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600 && status.st_size == 20 && status.st_uid == geteuid())
            #expect(try fixture.verifier.enroll(replacing: false) == nil)
            let second = try #require(try fixture.verifier.enroll(replacing: true))
            #expect(first != second && first.hasPrefix("otpauth://totp/devops-executor:"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["totp.secret"])
        }
    }

    @Test("with a new secret the old one's codes end, and its last step counts no more")
    func replace() throws {
        try withTemporaryDirectory { directory in
            let fixture = try VerifierFixture(directory)
            #expect(try fixture.check(1) == .accepted)
            _ = try fixture.verifier.enroll(replacing: true)
            #expect(try fixture.check(1) == .wrong(left: 4))
            try SecretFile(path: directory + "/totp.secret").write(VerifierFixture.secret)
            #expect(try fixture.check(1) == .accepted)
        }
    }

    @Test("a secret that cannot be written is an error that names the file, and leaves the old one")
    func unwritable() throws {
        try withTemporaryDirectory { directory in
            let fixture = try VerifierFixture(directory)
            mkdir(directory + "/totp.secret.new", 0o700)
            let error = #expect(throws: ExecutorError.self) { try fixture.verifier.enroll(replacing: true) }
            #expect(error?.message.contains("totp.secret") == true)
            #expect(try fixture.check(0) == .accepted)
            let nowhere = CodeVerifier(directory: directory + "/none")
            #expect(throws: ExecutorError.self) { try nowhere.enroll(replacing: false) }
            #expect(throws: ExecutorError.self) { try SecretFile(path: directory).remove() }
            let inTheWay = SecretFile(path: directory + "/taken")
            mkdir(inTheWay.path, 0o700)
            #expect(throws: ExecutorError.self) { try inTheWay.write([1]) }
            #expect(!SecretFile(path: inTheWay.path + ".new").exists)
        }
    }
}
