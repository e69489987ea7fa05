import ExecutorTools
import StrictJSON
import Testing

@Suite("What docker prints")
struct ContainerTests {
    private static let running =
        #"{"Command":"\"nginx\"","CreatedAt":"2026-11-20 10:00:00 +0000 UTC","ID":"4c01db0b339c7d4a5f6f0d3b","Image":"nginx:1.27","Labels":"com.docker.compose.project=shop,a=b","LocalVolumes":"0","Mounts":"","Names":"web","Networks":"bridge","Ports":"0.0.0.0:80->80/tcp","RunningFor":"3 days ago","Size":"0B","State":"running","Status":"Up 3 days (healthy)"}"#
    private static let exited =
        #"{"Command":"\"sh\"","ID":"99","Image":"busybox","Labels":"","Names":"job","Ports":"","State":"exited","Status":"Exited (137) 2 minutes ago"}"#
    private static let podman =
        #"{"Id":"abcdef0123456789","Image":"docker.io/library/redis","Names":["cache"],"State":"running","Status":"Up 2 hours","Labels":{"com.docker.compose.project":"shop"},"Ports":[{"host_ip":"","container_port":6379,"host_port":16379,"range":1,"protocol":"tcp"}]}"#

    @Test("a listed container has its state, health, ports, image and compose project")
    func runningContainer() throws {
        let container = try #require(Container.list(Self.running).first)
        #expect(container.name == "web")
        #expect(container.id == "4c01db0b339c")
        #expect(container.state == "running")
        #expect(container.health == "healthy")
        #expect(container.exitCode == nil)
        #expect(container.ports == "0.0.0.0:80->80/tcp")
        #expect(container.composeProject == "shop")
        #expect(container.isWell)
    }

    @Test("an exited container has its code, and stands before the well ones")
    func exitedContainer() throws {
        let containers = Container.list("\(Self.running)\n\(Self.exited)\n")
        #expect(containers.last?.exitCode == 137)
        #expect(containers.last?.isWell == false)
        let lines = ContainerListing.text(containers).split(separator: "\n")
        #expect(lines.first == "2 containers, 1 running:")
        #expect(lines.dropFirst().first?.hasPrefix("job (99): exited") == true)
    }

    @Test("podman's form is read as docker's")
    func podmanContainer() throws {
        let container = try #require(Container.list(Self.podman).first)
        #expect(container.name == "cache")
        #expect(container.composeProject == "shop")
        #expect(container.ports == "0.0.0.0:16379->6379/tcp")
    }

    @Test("a line that is no container is left out", arguments: ["", "hello", "[]", "{}", #"{"ID":7}"#])
    func otherLine(_ line: String) {
        #expect(Container.list(line).isEmpty)
    }

    @Test("an inspected container says why it ended")
    func inspected() throws {
        let json =
            #"{"Id":"99","Name":"/job","RestartCount":4,"Config":{"Image":"busybox","Labels":{"com.docker.compose.project":"shop"}},"HostConfig":{"RestartPolicy":{"Name":"always"}},"State":{"Status":"restarting","Running":false,"OOMKilled":true,"ExitCode":137,"Error":"","StartedAt":"2026-11-24T10:00:00Z","FinishedAt":"2026-11-24T10:00:01Z"}}"#
        let detail = try #require(ContainerDetail(json))
        #expect(
            detail.summary
                == "restarting, code 137 (SIGKILL), killed for lack of memory (OOM), 4 restarts by its policy")
        #expect(detail.json["oom_killed"] == true)
        #expect(detail.json["restarts"] == 4)
        #expect(detail.name == "job")
    }

    @Test("an unhealthy container says what its check printed, on one line")
    func unhealthy() throws {
        let json =
            #"{"Name":"/web","State":{"Status":"running","Running":true,"Health":{"Status":"unhealthy","Log":[{"ExitCode":1,"Output":"curl: (7) refused\n"}]}}}"#
        let detail = try #require(ContainerDetail(json))
        #expect(detail.summary == "running (unhealthy), last check said: curl: (7) refused")
    }

    @Test(
        "what is wrong with a container follows from its state; one that is well, or ended as it should, has nothing",
        arguments: [
            (#""Status":"running","Running":true"#, 0, nil), (#""Status":"exited","ExitCode":0"#, 0, nil),
            (#""Status":"running","Running":true,"StartedAt":"2026-01-01T00:00:00Z""#, 9, nil),
            (#""Status":"running","Running":true,"StartedAt":"2999-01-01T00:00:00Z""#, 9, .restartLoop),
            (#""Status":"restarting","Running":true,"ExitCode":1"#, 2, .exited),
            (#""Status":"restarting","Running":true,"ExitCode":1"#, 3, .restartLoop),
            (#""Status":"exited","ExitCode":137"#, 0, .exited),
            (#""Status":"exited","ExitCode":137,"OOMKilled":true"#, 0, .oomKill),
            (#""Status":"created","ExitCode":127,"Error":"exec: not found""#, 0, .cannotStart),
            (
                #""Status":"created","ExitCode":128,"Error":"Bind for 0.0.0.0:80 failed: port is already allocated""#,
                0, .portTaken
            ),
            (#""Status":"paused","Running":true"#, 0, .paused),
            (#""Status":"running","Running":true,"Health":{"Status":"unhealthy"}"#, 0, .unhealthy),
            (#""Status":"running","Running":true,"Health":{"Status":"starting"}"#, 0, nil),
        ] as [(String, Int, ContainerFinding.Code?)])
    func findings(_ state: String, _ restarts: Int, _ cause: ContainerFinding.Code?) throws {
        var container = try #require(Container.list(Self.exited).first)
        container.detail = ContainerDetail(#"{"Name":"/job","RestartCount":\#(restarts),"State":{\#(state)}}"#)
        #expect(container.detail != nil && ContainerFinding(container)?.code == cause)
    }

    @Test("podman's list of all is read as docker's line of each")
    func podmanList() {
        #expect(Container.list("[\n\(Self.podman),\n\(Self.podman)\n]").map(\.name) == ["cache", "cache"])
        #expect(ContainerDetail("[\n{\"Name\": \"web\",\n\"State\": {\"Status\": \"running\"}}\n]")?.name == "web")
    }
}
