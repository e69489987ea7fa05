import Foundation

/// One of this package's programs, or any other, running for a test; killed when the test lets go of it.
package final class Program: Sendable {
    private let process: Process
    private let output = OutputCollector()
    private let errors = OutputCollector()
    private let input = Pipe()
    private let ended = AsyncStream<Int32>.makeStream()

    /// Where `swift build` put the programs: beside the test bundle.
    package static func path(_ name: String) -> String {
        let test = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return test.deletingLastPathComponent().appending(path: name).path
    }

    /// - Parameters:
    ///   - program: A name beside the test bundle, or an absolute path.
    ///   - environment: All of it, but for where `scripts/test.sh --coverage` has what was run written to.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil
    ) throws {
        process = Process()
        process.executableURL = URL(filePath: program.hasPrefix("/") ? program : Self.path(program))
        process.arguments = arguments
        let inherited = ProcessInfo.processInfo.environment.filter { $0.key == "LLVM_PROFILE_FILE" }
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
            .merging(inherited) { $1 }.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(filePath: directory) }
        process.standardInput = input
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        let ended = ended
        process.terminationHandler = { process in
            // As a shell says it: 128 and the signal.
            let isSignal = process.terminationReason == .uncaughtSignal
            ended.continuation.yield(isSignal ? 128 + process.terminationStatus : process.terminationStatus)
            ended.continuation.finish()
        }
        try process.run()
        output.start()
        errors.start()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    package var processID: Int32 { process.processIdentifier }

    package func send(signal: Int32) { kill(process.processIdentifier, signal) }

    package func write(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    package func closeInput() { try? input.fileHandleForWriting.close() }

    /// Waits for the end; the exit status, or 128 and the signal.
    package func exitStatus() async -> Int32 {
        for await status in ended.stream { return status }
        return process.terminationStatus
    }

    /// All of standard output, once it has ended.
    package func standardOutput() async -> String { await output.all() }
    package func standardError() async -> String { await errors.all() }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> (status: Int32, output: String, error: String) {
        let program = try Program(program, arguments, environment: environment)
        if !input.isEmpty { program.write(input) }
        program.closeInput()
        let output = await program.standardOutput()
        let error = await program.standardError()
        return (await program.exitStatus(), output, error)
    }
}

/// Reads a pipe to its end on a thread of its own, so that a full pipe stops nobody.
private final class OutputCollector: Sendable {
    let pipe = Pipe()
    private let whole = AsyncStream<Data>.makeStream()

    /// To be called once the program runs, and this process has let go of the writing end.
    func start() {
        let (handle, continuation) = (pipe.fileHandleForReading, whole.continuation)
        Thread.detachNewThread {
            continuation.yield((try? handle.readToEnd()) ?? Data())
            continuation.finish()
        }
    }

    func all() async -> String {
        for await data in whole.stream { return String(decoding: data, as: UTF8.self) }
        return ""
    }
}
