import ExecutorTools
import StrictJSON
import Testing

@Suite("Rows of commands")
struct CommandRowsTests {
    @Test("df's percentages are numbers")
    func df() throws {
        let rows = try #require(
            CommandRows.parse(
                """
                Filesystem      Size  Used Avail Use% Mounted on
                /dev/vda         30G   12G   17G  43% /
                tmpfs           1.0G     0  1.0G   0% /mnt/two words

                """, of: ["df", "-h"]))
        #expect(rows.count == 2)
        #expect(rows[0]["use_percent"] == 43)
        #expect(rows[0]["mounted_on"] == "/")
        #expect(rows[1]["mounted_on"] == "/mnt/two words")
    }

    @Test("df's other forms have their own columns")
    func dfForms() throws {
        let typed = try #require(
            CommandRows.parse(
                "Filesystem Type Size Used Avail Use% Mounted on\n/dev/vda ext4 30G 12G 17G 43% /\n", of: ["df", "-hT"])
        )
        #expect(typed[0]["type"] == "ext4")
        #expect(typed[0]["size"] == "30G")
        let inodes = try #require(
            CommandRows.parse(
                "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vda 100 7 93 7% /\n", of: ["df", "-i"]))
        #expect(inodes[0]["inodes"] == 100)
        #expect(inodes[0]["use_percent"] == 7)
    }

    @Test("free's figures stand under their titles")
    func free() throws {
        let rows = try #require(
            CommandRows.parse(
                """
                               total        used        free      shared  buff/cache   available
                Mem:           48209         987       40000           1        7221       46700
                Swap:              0           0           0
                """, of: ["free", "-m"]))
        #expect(rows[0]["kind"] == "mem")
        #expect(rows[0]["buff_cache"] == 7221)
        #expect(rows[1]["total"] == 0)
        #expect(rows[1]["available"] == nil)
    }

    @Test("ps keeps a command's blanks")
    func ps() throws {
        let rows = try #require(
            CommandRows.parse(
                """
                USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
                root           1  0.5  0.1  16812 10104 ?        Ss   10:00   0:01 /sbin/init -x  -y
                """, of: ["ps", "aux"]))
        #expect(rows[0]["pid"] == 1)
        #expect(rows[0]["cpu_percent"] == 0.5)
        #expect(rows[0]["command"] == "/sbin/init -x  -y")
    }

    @Test("ss has a row for each socket, with its process where it is shown")
    func ss() throws {
        let rows = try #require(
            CommandRows.parse(
                """
                State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
                LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    users:(("nginx",pid=7,fd=6))
                LISTEN 0      128             [::]:22           [::]:*
                """, of: ["ss", "-tlnp"]))
        #expect(rows[0]["local"] == "0.0.0.0:80")
        #expect(rows[0]["process"] == #"users:(("nginx",pid=7,fd=6))"#)
        #expect(rows[1]["process"] == "")
    }

    @Test("docker ps is cut at its columns")
    func dockerPs() throws {
        let rows = try #require(
            CommandRows.parse(
                """
                CONTAINER ID   IMAGE     COMMAND   CREATED         STATUS         PORTS     NAMES
                4c01db0b339c   busybox   "sh"      2 minutes ago   Up 2 minutes             web
                """, of: ["docker", "ps"]))
        #expect(rows[0]["id"] == "4c01db0b339c")
        #expect(rows[0]["created"] == "2 minutes ago")
        #expect(rows[0]["ports"] == "")
        #expect(rows[0]["names"] == "web")
    }

    @Test(
        "what is no table of these has no rows",
        arguments: [
            ("uptime", "12:00 up"), ("df", ""), ("df", "df: x"), ("ss", "State"), ("free", "x\ny"), ("ps", "a\nb"),
        ])
    func noRows(_ program: String, _ output: String) {
        #expect(CommandRows.parse(output, of: [program]) == nil)
    }
}
