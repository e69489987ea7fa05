import CLinux
import Foundation
import TestSupport
import Testing

/// Where a filter refuses openat2(2), the same is kept step by step; both are asked for the same paths.
@Suite("Opening beneath a directory")
struct BeneathTests {
    private let tree: TemporaryDirectory
    private var root: String { tree.path + "/root" }

    init() throws {
        tree = try TemporaryDirectory()
        for file in ["outside", "root/file", "root/a/b/deep"] { try tree.write(file, file) }
        try FileManager.default.createSymbolicLink(atPath: root + "/link", withDestinationPath: "file")
        try FileManager.default.createSymbolicLink(atPath: root + "/up", withDestinationPath: "..")
    }

    private func open(_ path: String, _ body: (Int32, String, Int32) -> Int32) -> Result {
        let directory = Foundation.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(directory) }
        let descriptor = body(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .refused }
        defer { close(descriptor) }
        var status = stat()
        fstat(descriptor, &status)
        return .opened(inode: UInt64(status.st_ino))
    }

    private enum Result: Equatable {
        case refused
        case opened(inode: UInt64)
    }

    @Test(
        "what openat2 refuses or opens, the walk by steps refuses or opens",
        arguments: [
            ("..", false), ("../outside", false), ("a/../file", false), ("a/b/../../file", false),
            ("/etc/passwd", false),
            ("link", false), ("up/outside", false), ("up", false), ("", false), ("missing", false), ("file/x", false),
            ("file/", false), (String(repeating: "a/", count: 3000), false), (".", true), ("file", true),
            ("a/b/deep", true), ("a//b/./deep", true), ("a/b/", true), ("./file", true),
        ])
    func sameAnswers(path: String, opens: Bool) {
        let byKernel = open(path) { clinux_openat2($0, $1, $2, clinux_resolve_beneath()) }
        let bySteps = open(path) { clinux_open_beneath($0, $1, $2) }
        #expect((byKernel != .refused) == opens || path.contains(".."))
        #expect(bySteps == byKernel || (bySteps == .refused && path.contains("..")))
        #expect((bySteps != .refused) == opens)
    }
}
