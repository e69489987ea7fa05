package struct SecretMasker: Sendable {
    package private(set) var count = 0
    package init(extraNames: [String] = []) {}
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [UInt8] { Array(bytes) }
    package mutating func finish() -> [UInt8] { [] }
    package static func mask(_ text: String) -> (String, Int) { (text, 0) }
}
