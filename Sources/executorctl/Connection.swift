import CommandArguments
import ExecutorAPI
import ExecutorClient
import Glibc
import StrictJSON
import Wire

/// The options every subcommand has, and the connection they lead to.
struct Connection {
    static let options = [socket, json]
    private static let socket = CommandOption.value(
        "--socket", proposing: .files,
        "The socket; else EXECUTOR_SOCKET, else the operator's, else the agent's in /run/devops-executor.")
    private static let json = CommandOption.flag("--json", "Print the executor's answer as JSON.")

    private let socket: String?
    let json: Bool

    init(_ given: GivenArguments) {
        socket = given[Self.socket]
        json = given.has(Self.json)
    }

    var path: String {
        if let socket { return socket }
        if let named = getenv("EXECUTOR_SOCKET") { return String(cString: named) }
        let operatorSocket = "/run/devops-executor/operator.sock"
        return access(operatorSocket, R_OK | W_OK) == 0 ? operatorSocket : "/run/devops-executor/executor.sock"
    }

    /// Runs `body` with a client; turns what can go wrong into a sentence and an exit code.
    func withClient(answersQuestions: Bool = false, _ body: (ExecutorClient) async throws -> Void) async throws {
        do {
            let client = try ExecutorClient(socket: path, name: "executorctl", answersQuestions: answersQuestions)
            defer { client.close() }
            try await body(client)
        } catch let error as SocketError {
            Terminal.printError("executorctl: \(error.message) Is devops-executor running?")
            throw ExitCode(3)
        } catch let error as RPCError {
            Terminal.printError("executorctl: \(error.message)")
            throw ExitCode(1)
        }
    }
}

extension Connection {
    /// Makes a call, asks the person its questions, and prints the answer.
    func finish(_ call: (ApprovalAnswer?) async throws -> ToolCallAnswer) async throws {
        var answer = try await call(nil)
        while case .question(let question, let message, let state) = answer {
            answer = try await call(ApprovalAnswer(Terminal.reply(to: question, message), state: state))
        }
        guard case .result(let result) = answer else { throw ExitCode(1) }
        Terminal.printLine(json ? result.structured.text : result.text)
        if !json, let undo = result.metadata["undo"]?.stringValue {
            Terminal.printLine("To put it back: executorctl undo \(undo)")
        }
        if !result.success { throw ExitCode(1) }
    }
}

enum Terminal {
    static func printError(_ line: String) { StandardStream.error.print(line) }
    static func printLine(_ line: String) { StandardStream.output.print(line) }

    /// Asks on standard error and reads one line; `nil` at the end of input.
    static func ask(_ question: String) -> String? {
        printError(question)
        return readLine()
    }

    /// What the person says to a question about a call.
    static func reply(to question: ApprovalQuestion, _ message: String) -> ApprovalReply {
        if question.asksForCode { return askForCode(message).map { .code($0) } ?? .no }
        let minutes = question.minutes.map { "/\($0): for so many minutes" } ?? ""
        let answer = ask(message + "\nRun it? [y/N\(minutes)]")
        if let minutes = question.minutes, answer == String(minutes) { return .yesFor(minutes: minutes) }
        return isYes(answer) ? .yes : .no
    }

    /// `nil` for anything but six digits.
    static func askForCode(_ message: String) -> OneTimeCode? {
        ask(message + "\nCode:").flatMap { OneTimeCode($0) }
    }

    static func isYes(_ answer: String?) -> Bool { ["y", "yes"].contains(answer?.lowercased()) }

    /// Values as `name: value` lines, indented by depth, for a person.
    static func describe(_ value: JSONValue, indent: String = "") -> [String] {
        guard let members = value.objectValue else { return [indent + scalar(value)] }
        return members.sorted { $0.key < $1.key }.flatMap { name, member -> [String] in
            switch member {
            case .object(let inner) where !inner.isEmpty:
                ["\(indent)\(name):"] + describe(member, indent: indent + "  ")
            case .array(let elements) where elements.contains { $0.objectValue != nil }:
                ["\(indent)\(name):"] + elements.flatMap { describe($0, indent: indent + "  - ") }
            default: ["\(indent)\(name): \(scalar(member))"]
            }
        }
    }

    private static func scalar(_ value: JSONValue) -> String { value.stringValue ?? value.text }
}
