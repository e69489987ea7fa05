import ExecutorRunner
import Testing

/// The lengths from which on a word is a secret by its form: shorter ones are words, and stay.
@Suite("Masking: how long a secret is")
struct SecretLengthTests {
    fileprivate static func word(_ count: Int) -> String { String((0..<count).map { $0 % 2 == 0 ? "a" : "7" }) }

    enum Form: CaseIterable {
        case addressUser, bearer, botKey, botNumber, crypt, signature, webhook, webToken

        var least: Int {
            switch self {
            case .botNumber: 8
            case .signature, .webToken: 10
            case .bearer, .webhook: 16
            case .addressUser: 20
            case .crypt: 24
            case .botKey: 34
            }
        }

        func line(_ count: Int) -> String {
            switch self {
            case .bearer: "sent bearer \(SecretLengthTests.word(count)) to it"
            case .webhook: "to https://hooks.slack.com/services/\(SecretLengthTests.word(count)) it"
            case .crypt: "of $1$ab$\(SecretLengthTests.word(count - 6)) it"
            case .addressUser: "from https://\(SecretLengthTests.word(count))@example.org/ it"
            case .webToken:
                "got eyJ\(SecretLengthTests.word(count - 3)).eyJ\(SecretLengthTests.word(9)).\(SecretLengthTests.word(12)) back"
            case .signature:
                "got eyJ\(SecretLengthTests.word(9)).eyJ\(SecretLengthTests.word(9)).\(SecretLengthTests.word(count)) back"
            case .botNumber: "at \(String(repeating: "7", count: count)):\(SecretLengthTests.word(35)) it"
            case .botKey: "at 77777777:\(SecretLengthTests.word(count)) it"
            }
        }
    }

    @Test("a word of a secret's form is masked from its least length on", arguments: Form.allCases)
    func least(_ form: Form) {
        #expect(SecretMasker.mask(form.line(form.least - 1)).0 == form.line(form.least - 1))
        #expect(SecretMasker.mask(form.line(form.least)).1 == 1)
    }

    @Test("a bot token's number has twelve digits at most, and its key 36 characters")
    func most() {
        func line(_ digits: Int, _ key: Int) -> String {
            "at \(String(repeating: "7", count: digits)):\(Self.word(key)) it"
        }
        for (digits, key) in [(13, 35), (12, 37)] { #expect(SecretMasker.mask(line(digits, key)).1 == 0) }
        #expect(SecretMasker.mask(line(12, 36)).1 == 1)
    }

    @Test("a line without an end is passed on once it has 64 KiB, and not before")
    func endlessLine() {
        let text = Array(String(repeating: "x ", count: 32 << 10).utf8)
        var masker = SecretMasker()
        #expect(masker.feed(text.dropLast()).isEmpty)
        #expect(!masker.feed(text.suffix(1)).isEmpty)
    }
}
