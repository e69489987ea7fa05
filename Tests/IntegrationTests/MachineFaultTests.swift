import ExecutorAPI
import ExecutorClient
import Foundation
import StrictJSON
import TestSupport
import Testing

/// Faults made for real in a mount namespace of the executor's own, each to be recognised by `system_health` alone.
@Suite("Faults of the machine", .enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(1)))
struct MachineFaultTests {
    /// What `system_health` answers after `setup` was done in the executor's mounts.
    ///
    /// - Parameter setup: A shell's words; `D` is a directory of the test's own.
    private func look(_ setup: String, tools: String = "{}") async throws -> ToolResult {
        try await withTemporaryDirectory { directory in
            let config = directory + "/config"
            try FileManager.default.createDirectory(atPath: config, withIntermediateDirectories: true)
            try ExecutorFixture.write(#"{"a": ["uptime"]}"#, to: config + "/allowlist.json")
            try ExecutorFixture.write(
                tools.replacingOccurrences(of: "DIR", with: directory), to: config + "/tools.json")
            let notify = try NotifySocket(directory: directory)
            let daemon = """
                exec \(Program.path("devops-executor")) run --config-dir \(config) --runtime-dir \(directory)/run \
                --logs-dir \(directory)/log --state-dir \(directory)/state
                """
            let program = try Program(
                "/usr/bin/unshare", ["--mount", "/bin/sh", "-c", "set -e; D=\(directory); \(setup)\n\(daemon)"],
                environment: ["NOTIFY_SOCKET": notify.path])
            _ = await notify.wait(for: "READY=1")
            let client = try ExecutorClient(socket: directory + "/run/executor.sock", name: "test")
            defer { client.close() }
            guard case .result(let result) = try await client.callTool("system_health", [:]) else {
                throw POSIXError(.EPROTO)
            }
            program.send(signal: SIGTERM)
            _ = await program.exitStatus()
            return result
        }
    }

    private func finding(_ result: ToolResult, _ check: String, subject suffix: String) -> JSONValue? {
        result.metadata["findings"]?.arrayValue?.first {
            $0["code"]?.stringValue == check && $0["subject"]?.stringValue?.hasSuffix(suffix) == true
        }
    }

    @Test("a disk that is full is critical, with its place, how full it is and the threshold")
    func diskFull() async throws {
        let result = try await look(
            "mkdir $D/full; mount -t tmpfs -o size=1m none $D/full; head -c 1048576 /dev/zero >$D/full/x || true")
        let found = finding(result, "disk_percent", subject: "/full")
        #expect(found?["grade"] == "critical" && found?["value"] == 100 && found?["threshold"] == 95, "\(result.text)")
        #expect(result.output.contains("/full is 100% full, 0 B free (threshold 95%)"), "\(result.text)")
        #expect(result.metadata["grade"] == "critical")
    }

    @Test("a disk whose inodes are used up is told from one that is full")
    func inodesFull() async throws {
        let result = try await look(
            "mkdir $D/many; mount -t tmpfs -o size=1m,nr_inodes=20 none $D/many; i=0; while : >$D/many/$i; do i=$((i+1)); [ $i -lt 19 ] || break; done"
        )
        let found = finding(result, "inodes_percent", subject: "/many")
        #expect(found?["grade"] == "critical", "\(result.text)")
        #expect(finding(result, "disk_percent", subject: "/many") == nil)
        #expect(result.output.contains("new files will fail although there is space"))
    }

    @Test("a disk that is mounted read-only is a warning", .enabled(if: access("/dev/loop-control", R_OK) == 0))
    func readOnly() async throws {
        let result = try await look(
            """
            mkdir $D/ro; head -c 4194304 /dev/zero >$D/image; mkfs.ext4 -q $D/image
            mount -o loop,ro $D/image $D/ro
            """)
        let found = finding(result, "read_only", subject: "/ro")
        #expect(found?["grade"] == "warn" || found?["grade"] == "critical", "\(result.text)")
        #expect(result.output.contains("read-only"))
    }

    @Test("a certificate that has expired is critical, with the day; one that is missing says so")
    func expiredCertificate() async throws {
        let result = try await look(
            "cat >$D/old.pem <<'E'\n\(Self.expired)\nE",
            tools: #"{"certificates": ["DIR/old.pem", "DIR/none.pem"]}"#)
        let found = finding(result, "certificate_days", subject: "/old.pem")
        #expect(found?["grade"] == "critical", "\(result.text)")
        #expect(found?["text"]?.stringValue?.contains("days ago (2020-02-01); threshold 7 days") == true)
        let missing = finding(result, "certificate_days", subject: "/none.pem")
        #expect(missing?["grade"] == "warn" && missing?["text"]?.stringValue?.contains("missing") == true)
    }

    /// Valid in January 2020.
    private static let expired = """
        -----BEGIN CERTIFICATE-----
        MIIBIDCBx6ADAgECAgEHMAoGCCqGSM49BAMCMBoxGDAWBgNVBAMMD2V4cGlyZWQu
        ZXhhbXBsZTAeFw0yMDAxMDEwMDAwMDBaFw0yMDAyMDEwMDAwMDBaMBoxGDAWBgNV
        BAMMD2V4cGlyZWQuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIDV
        6XeWbLBtV07XifhkK/BMxouEWdZXKzPEkg7e+brIoqG42pX7aRvh2NCEShbhLTHG
        dXKMJV1q+pfwIvLavOwwCgYIKoZIzj0EAwIDSAAwRQIgYAEHQ4rBpag4fxiqEl39
        KZHetVd4Ahzs5FHUtK43FFICIQDpHXzk2YIFDZByYVJQH701BdViDPSLFKO6HAOd
        99U0OA==
        -----END CERTIFICATE-----
        """
}
