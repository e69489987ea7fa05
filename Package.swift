// swift-tools-version: 6.2
import PackageDescription

var strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
]
/// Glibc shows `accept4`, `ucred`, `O_PATH`, `memfd_create` and their kind only with this.
let gnu: [CSetting] = [.define("_GNU_SOURCE")]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

// Warnings are errors where CI builds; elsewhere a newer compiler may warn of what this one does not.
if Context.environment["WARNINGS_AS_ERRORS"] != nil { strict.append(.treatAllWarnings(as: .error)) }  // SE-0443

// libFuzzer: scripts/fuzz.sh alone sets this, for a build of its own.
let isFuzzing = Context.environment["FUZZING"] != nil
if isFuzzing { strict.append(.unsafeFlags(["-sanitize=fuzzer,address"])) }

let package = Package(
    name: "devops-agent",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "devops-agent", targets: ["devops-agent"]),
        .executable(name: "devops-executor", targets: ["devops-executor"]),
        .executable(name: "executorctl", targets: ["executorctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: C — headers and shims over the system's libraries
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "CLinux", cSettings: gnu),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        // MARK: StrictJSON — one JSON value: strict reader, deterministic writer
        .target(name: "StrictJSON", swiftSettings: strict),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"], swiftSettings: strict),

        // MARK: CommandArguments — reads a program's arguments; its help and completions
        .target(name: "CommandArguments", swiftSettings: strict),
        .testTarget(
            name: "CommandArgumentsTests", dependencies: ["CommandArguments", "TestSupport"], swiftSettings: strict),

        // MARK: Wire — JSON lines, JSON-RPC 2.0, Unix sockets; knows no verb
        .target(name: "Wire", dependencies: ["CLinux", "StrictJSON"], cSettings: gnu, swiftSettings: strict),
        .testTarget(name: "WireTests", dependencies: ["StrictJSON", "TestSupport", "Wire"], swiftSettings: strict),

        // MARK: ExecutorAPI — the words both daemons speak
        .target(name: "ExecutorAPI", dependencies: ["StrictJSON", "Wire"], swiftSettings: strict),
        .testTarget(name: "ExecutorAPITests", dependencies: ["ExecutorAPI", "StrictJSON"], swiftSettings: strict),

        // MARK: ExecutorClient — the side of the socket that asks
        .target(name: "ExecutorClient", dependencies: ["ExecutorAPI", "StrictJSON", "Wire"], swiftSettings: strict),

        // MARK: ExecutorPolicy — judges a request; reads nothing, runs nothing, imports no C
        .target(name: "ExecutorPolicy", dependencies: ["ExecutorAPI", "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "ExecutorPolicyTests", dependencies: ["ExecutorAPI", "ExecutorPolicy", "StrictJSON"],
            resources: [.copy("Corpus")], swiftSettings: strict),

        // MARK: ExecutorAudit — the hash-chained log: append, rotate, verify, query
        .target(
            name: "ExecutorAudit", dependencies: ["CCrypto", "ExecutorAPI", "StrictJSON", "Wire"],
            cSettings: gnu, swiftSettings: strict),
        .testTarget(
            name: "ExecutorAuditTests",
            dependencies: ["ExecutorAPI", "ExecutorAudit", "StrictJSON", "TestSupport", "Wire"],
            cSettings: gnu, swiftSettings: strict),

        // MARK: ExecutorRunner — runs what a Grant allows, contained; masks what comes out
        .target(
            name: "ExecutorRunner", dependencies: ["CLinux", "ExecutorAPI", "ExecutorPolicy", "StrictJSON", "Wire"],
            cSettings: gnu, swiftSettings: strict),
        .testTarget(
            name: "ExecutorRunnerTests",
            dependencies: [
                "CLinux", "ExecutorAPI", "ExecutorPolicy", "ExecutorRunner", "StrictJSON", "TestSupport", "Wire",
            ],
            resources: [.copy("Corpora")], swiftSettings: strict),

        // MARK: Systemd — sd_notify, watchdog, journal, bus, socket activation
        .target(name: "Systemd", dependencies: ["CLinux", "CSystemd"], cSettings: gnu, swiftSettings: strict),
        .testTarget(
            name: "SystemdTests", dependencies: ["StrictJSON", "Systemd", "TestSupport"], swiftSettings: strict),

        // MARK: ExecutorTools — the ten tools, over the machine's real interfaces
        .target(
            name: "ExecutorTools",
            dependencies: [
                "CLinux", "ExecutorAPI", "ExecutorPolicy", "ExecutorRunner", "StrictJSON", "Systemd", "Wire",
            ],
            cSettings: gnu, swiftSettings: strict),
        .testTarget(
            name: "ExecutorToolsTests",
            dependencies: [
                "ExecutorAPI", "ExecutorPolicy", "ExecutorRunner", "ExecutorTools", "StrictJSON", "Systemd",
                "TestSupport", "Wire",
            ],
            cSettings: gnu, swiftSettings: strict),

        // MARK: ExecutorCore — the table of verbs, sessions, approvals, operations
        .target(
            name: "ExecutorCore",
            dependencies: [
                "CCrypto", "CLinux", "ExecutorAPI", "ExecutorAudit", "ExecutorPolicy", "ExecutorRunner",
                "ExecutorTools", "StrictJSON", "Systemd", "Wire",
            ],
            cSettings: gnu, swiftSettings: strict),
        .testTarget(
            name: "ExecutorCoreTests",
            dependencies: [
                "ExecutorAPI", "ExecutorAudit", "ExecutorClient", "ExecutorCore", "ExecutorPolicy", "ExecutorRunner",
                "ExecutorTools", "StrictJSON", "TestSupport", "Wire",
            ],
            swiftSettings: strict),

        // MARK: HTTPClient — async HTTP over libcurl's multi interface
        .target(name: "HTTPClient", dependencies: ["CCurl"], swiftSettings: strict),
        .testTarget(name: "HTTPClientTests", dependencies: ["HTTPClient", "TestSupport"], swiftSettings: strict),

        // MARK: Claude, Telegram — typed clients of the two services
        .target(name: "Claude", dependencies: ["HTTPClient", "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "ClaudeTests", dependencies: ["Claude", "HTTPClient", "StrictJSON", "TestSupport"],
            swiftSettings: strict),
        .target(name: "Telegram", dependencies: ["HTTPClient", "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "TelegramTests", dependencies: ["HTTPClient", "StrictJSON", "Telegram", "TestSupport"],
            swiftSettings: strict),

        // MARK: AgentMemory — SQLite: sessions, messages, incidents, inbox, outbox
        .target(name: "AgentMemory", dependencies: [grdb, "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "AgentMemoryTests", dependencies: ["AgentMemory", grdb, "StrictJSON", "TestSupport"],
            swiftSettings: strict),

        // MARK: AgentCore — the loop, the built-in brain; knows no Telegram, no SQLite, no socket
        .target(name: "AgentCore", dependencies: ["ExecutorAPI", "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "AgentCoreTests", dependencies: ["AgentCore", "ExecutorAPI", "StrictJSON"], swiftSettings: strict),

        // MARK: Monitoring — what checks found, and what of it people are told; knows no clock, no chat, no store
        .target(name: "Monitoring", dependencies: ["AgentCore", "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "MonitoringTests", dependencies: ["AgentCore", "Monitoring", "StrictJSON"], swiftSettings: strict),

        // MARK: ChatFrontEnd — commands, sessions, rate limit; Telegram and terminal
        .target(
            name: "ChatFrontEnd",
            dependencies: ["AgentCore", "AgentMemory", "ExecutorAPI", logging, "Monitoring", "StrictJSON", "Telegram"],
            swiftSettings: strict),
        .testTarget(
            name: "ChatFrontEndTests",
            dependencies: [
                "AgentCore", "AgentMemory", "ChatFrontEnd", "ExecutorAPI", grdb, "HTTPClient", logging, "Monitoring",
                "StrictJSON", "Telegram", "TestSupport",
            ],
            swiftSettings: strict),

        // MARK: AgentRuntime — the agent's settings, and its pieces put together
        .target(
            name: "AgentRuntime",
            dependencies: [
                "AgentCore", "AgentMemory", "ChatFrontEnd", "Claude", "CLinux", "ExecutorAPI", "ExecutorClient",
                "HTTPClient", lifecycle, logging, "Monitoring", "StrictJSON", "Systemd", "Telegram", unixSignals,
                "Wire",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "AgentRuntimeTests",
            dependencies: [
                "AgentCore", "AgentMemory", "AgentRuntime", "ChatFrontEnd", "Claude", "ExecutorAPI", "Monitoring",
                "StrictJSON", "Telegram", "TestSupport", "devops-executor", logging,
            ],
            swiftSettings: strict),

        // MARK: The three programs
        .executableTarget(
            name: "devops-agent", dependencies: ["AgentRuntime", argumentParser], swiftSettings: strict),
        .executableTarget(
            name: "devops-executor", dependencies: ["CommandArguments", "ExecutorAPI", "ExecutorCore", "Wire"],
            swiftSettings: strict),
        .executableTarget(
            name: "executorctl",
            dependencies: ["CommandArguments", "ExecutorAPI", "ExecutorClient", "StrictJSON", "Wire"],
            swiftSettings: strict),

        // MARK: Tests of the whole, and what tests share
        .target(
            name: "TestSupport", dependencies: ["CLinux", "StrictJSON"], path: "Tests/TestSupport",
            exclude: ["Schemas"], cSettings: gnu, swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "devops-agent", "devops-executor", "ExecutorAPI", "ExecutorClient", "ExecutorCore", "executorctl",
                "StrictJSON", "TestSupport", "Wire",
            ],
            exclude: ["Clients"], swiftSettings: strict),
        .testTarget(
            name: "SystemTests", dependencies: ["StrictJSON", "TestSupport"], exclude: ["Clock"], cSettings: gnu,
            swiftSettings: strict),
        .executableTarget(
            name: "Benchmarks",
            dependencies: ["ExecutorAPI", "ExecutorClient", "StrictJSON", "Systemd", "TestSupport", "Wire"],
            path: "Tests/Benchmarks", swiftSettings: strict),
    ]
)

if isFuzzing {
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "ExecutorAPI", "ExecutorAudit", "ExecutorPolicy", "ExecutorRunner", "ExecutorTools", "StrictJSON",
                "Systemd", "TestSupport", "Wire",
            ],
            path: "Tests/Fuzz", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}
