import ExecutorAPI
import ExecutorTools
import Glibc
import StrictJSON
import TestSupport

/// A service of the test's own: a script that starts and stops a real process and keeps its pid file.
final class ServiceFixture {
    let run: RunCommandFixture
    let directory: String
    private let scripts: TemporaryDirectory

    /// - Parameters:
    ///   - rules: More rules beside those of the service.
    ///   - startRule: More members of the rule that starts it, after a comma; the others likewise.
    init(
        rules: [String] = [], startRule: String = "", stopRule: String = "", statusRule: String = "",
        program: String? = "sleep"
    ) throws {
        let scripts = try TemporaryDirectory()
        try scripts.write("standin", Self.script(scripts.path))
        chmod("\(scripts.path)/standin", 0o755)
        // The way to it may be passed, whoever runs it.
        chmod(scripts.path, 0o755)
        let own = [
            #"{"command": "systemctl status *"\#(statusRule)}, "systemctl restart *", "systemctl start *", "systemctl stop *""#,
            #"{"command": "standin start", "effect": "change", "run_as": "root"\#(startRule)}"#,
            #"{"command": "standin stop", "effect": "change", "run_as": "root"\#(stopRule)}"#,
            #"{"command": "standin status", "effect": "read", "run_as": "root"}"#,
        ]
        let run = try RunCommandFixture(
            rules: "{\"system\": [\((own + rules).joined(separator: ", "))]}",
            settings: "{\"programs\": {\"standin\": \"\(scripts.path)/standin\", \"sleeper\": \"/bin/sleep\"}}")
        directory = scripts.path
        self.run = run
        self.scripts = scripts
    }

    deinit {
        if let pid = SystemFile.number("\(directory)/pid").flatMap({ Int32(exactly: $0) }), pid > 1 {
            kill(pid, SIGKILL)
        }
    }

    func write(_ name: String, _ text: String = "") throws { try scripts.write(name, text) }

    /// The machine on which `standin` is defined.
    func machine(pidFile: Bool = true, status: Bool = false, program: String? = nil) -> Machine {
        var settings = ToolSettings()
        settings.services["standin"] = ServiceDefinition(
            name: "standin", start: "standin start", stop: "standin stop", status: status ? "standin status" : nil,
            pidFile: pidFile ? "\(directory)/pid" : nil, program: program, log: "\(directory)/error.log")
        return Machine(runner: run.runner, settings: settings)
    }

    /// `broken`: does not start; `fragile`: dies half a second after its start.
    private static func script(_ directory: String) -> String {
        """
        #!/bin/sh
        cd \(directory) || exit 9
        case $1 in
        start)
            if [ -e broken ]; then echo "bind() to 0.0.0.0:80 failed (98: Address already in use)" >&2; exit 1; fi
            time=1000; if [ -e fragile ]; then time=0.5; fi
            setsid sleep $time </dev/null >/dev/null 2>&1 &
            echo $! > pid ;;
        stop) kill "$(cat pid)"; rm pid ;;
        status) kill -0 "$(cat pid)" ;;
        esac
        """
    }
}
