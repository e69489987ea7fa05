import AgentCore
import AgentMemory
import ChatFrontEnd
import Claude
import ExecutorAPI
import HTTPClient
import Logging

/// The parts of the agent put together, whichever front end they serve.
struct AgentPieces: Sendable {
    let store: AgentStore
    let executor: ExecutorConnection
    let handler: ChatHandler
    let http: HTTPClient

    /// - Throws: ``AgentStoreError`` when the memory cannot be opened.
    init(_ settings: AgentSettings, _ directory: StateDirectory, audience: Audience, logger: Logger) throws {
        store = try AgentStore(path: directory.database)
        executor = ExecutorConnection(
            socket: settings.executorSocket, toolTimeout: settings.toolTimeout, logger: logger)
        http = HTTPClient()
        let agent = Agent(
            model: Self.model(settings, http), fallback: BuiltInBrain(), toolbox: executor,
            limits: AgentLimits(
                maximumIterations: settings.maxIterations, iterationTimeout: settings.iterationTimeout))
        handler = ChatHandler(
            agent: agent, store: store, executor: executor, audience: audience,
            language: settings.language ?? .russian, logger: logger)
    }

    private static func model(_ settings: AgentSettings, _ http: HTTPClient) -> any Model {
        guard let key = settings.anthropicKey, !settings.usesBuiltInBrain else { return BuiltInBrain() }
        return ClaudeModel(
            client: ClaudeClient(
                configuration: ClaudeConfiguration(
                    apiKey: key.value, model: settings.model, baseURL: settings.anthropicURL,
                    proxy: settings.anthropicProxy, maxTokens: settings.maxTokens), http: http))
    }

    func close() async {
        await executor.close()
        try? store.close()
    }
}
