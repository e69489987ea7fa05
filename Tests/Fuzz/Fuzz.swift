import Foundation

/// libFuzzer's loop; the corresponding C function is `LLVMFuzzerRunDriver`. It ends the process itself.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Feeds one reader of untrusted bytes with what libFuzzer finds: `Fuzz TARGET [LIBFUZZER ARGUMENTS…]`, or
/// `Fuzz TARGET --seeds DIRECTORY` to write what it begins with. `scripts/fuzz.sh` runs them all.
@main
enum Fuzz {
    nonisolated(unsafe) private static var target = FuzzTarget.json  // set once, before the loop begins

    static func main() {
        let words = CommandLine.arguments
        guard words.count > 1, let chosen = FuzzTarget(rawValue: words[1]) else {
            fail("usage: Fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [ARGUMENTS…]")
        }
        target = chosen
        if words.count == 4, words[2] == "--seeds" { return chosen.writeSeeds(to: words[3]) }
        var arguments = ([words[0]] + words.dropFirst(2)).map { strdup($0) } + [nil]
        var count = Int32(arguments.count - 1)
        arguments.withUnsafeMutableBufferPointer { buffer in
            guard var base = buffer.baseAddress else { return }
            _ = runDriver(&count, &base) { bytes, count in
                Fuzz.target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            }
        }
    }

    static func fail(_ message: String) -> Never {
        try? FileHandle.standardError.write(contentsOf: Data((message + "\n").utf8))
        exit(2)
    }
}

/// Ends the run with the input kept, when a property does not hold.
func require(_ holds: Bool, _ property: @autoclosure () -> String) {
    if !holds { fatalError(property()) }
}
