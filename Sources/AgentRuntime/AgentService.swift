import AgentCore
import AgentMemory
import CLinux
import ChatFrontEnd
package import Logging
import ServiceLifecycle
import Systemd
import Telegram
import UnixSignals

/// The agent as a service: Telegram until SIGTERM.
package enum AgentService {
    /// - Throws: What ended it: ``TelegramError`` when the token is not accepted, ``AgentStoreError``.
    package static func run(_ settings: AgentSettings, _ directory: StateDirectory, logger: Logger) async throws {
        let pieces = try AgentPieces(settings, directory, audience: .users(settings.allowedUserIDs), logger: logger)
        let client = TelegramClient(
            token: settings.telegramToken?.value ?? "", url: settings.telegramURL, proxy: settings.telegramProxy,
            http: pieces.http)
        let checks = ScheduledChecks(
            plan: settings.checks, store: pieces.store, executor: pieces.executor,
            words: Words(settings.language ?? .russian), logger: logger)
        let frontEnd = TelegramFrontEnd(
            client: client, handler: pieces.handler, store: pieces.store, checks: checks, logger: logger)
        await pieces.executor.askPeople { await frontEnd.ask($0, actor: $1) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: TelegramService(frontEnd: frontEnd)),
                    .init(service: LivenessService(pieces: pieces)),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        logger.info("The agent serves Telegram", metadata: ["model": "\(settings.model)"])
        defer { Notifier().stopping() }
        do {
            try await group.run()
        } catch {
            await pieces.close()
            throw error
        }
        await pieces.close()
        logger.info("The agent has stopped")
    }
}

private struct TelegramService: Service {
    let frontEnd: TelegramFrontEnd

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await frontEnd.run()
        } onGracefulShutdown: {
            frontEnd.stop()
        }
    }
}

/// Says READY, and feeds the watchdog while the memory answers; keeps no more of the machine's memory than it uses.
private struct LivenessService: Service {
    /// Where no watchdog says how often.
    private static let upkeepInterval = Duration.seconds(60)

    let pieces: AgentPieces

    func run() async throws {
        let notifier = Notifier()
        notifier.ready(status: "Listening to Telegram")
        let interval = notifier.watchdogInterval.map { $0 / 2 } ?? Self.upkeepInterval
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                _ = try await pieces.store.statistics()
                clinux_give_back_memory()
                notifier.watchdog()
                // Ends early, and then the loop does, when the agent stops.
                try? await Task.sleep(for: interval)
            }
        }
    }
}
