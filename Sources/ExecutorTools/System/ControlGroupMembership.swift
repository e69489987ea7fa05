/// What `/proc/PID/cgroup` says about whose process it is.
package struct ControlGroupMembership: Sendable, Hashable {
    /// The innermost systemd unit, such as `nginx.service` or `user@1000.service`.
    package let unit: String?
    /// The first 12 digits of a docker or podman container's id, as `docker ps` shows it.
    package let container: String?

    package init(unit: String?, container: String?) { (self.unit, self.container) = (unit, container) }

    /// - Parameter text: Lines of `number:controllers:path`; cgroups(7).
    package init(_ text: String) {
        let paths = text.split(separator: "\n").compactMap { line -> (controllers: Substring, path: Substring)? in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return parts.count == 3 ? (parts[1], parts[2]) : nil
        }
        container = paths.lazy.flatMap { $0.path.split(separator: "/") }.compactMap(Self.containerID).first
        // systemd keeps its tree in the named hierarchy beside the older controllers, or in the unified one; where both
        // are mounted, one of them may say nothing.
        let trees = paths.filter { $0.controllers == "name=systemd" } + paths.filter { $0.controllers.isEmpty }
        unit = trees.lazy.compactMap { Self.unit($0.path) }.first
    }

    private static func unit(_ path: Substring) -> String? {
        path.split(separator: "/").last { name in
            unitSuffixes.contains { name.hasSuffix($0) } && containerID(name) == nil
        }.map(String.init)
    }

    private static let unitSuffixes = [".service", ".scope", ".socket", ".mount", ".swap"]

    /// `docker-ID.scope`, `libpod-ID.scope`, `cri-containerd-ID.scope`, or the bare id beneath `docker/`.
    private static func containerID(_ name: Substring) -> String? {
        let core = name.hasSuffix(".scope") ? name.dropLast(6) : name
        let id = core.split(separator: "-").last ?? core
        guard id.utf8.count == 64, id.utf8.allSatisfy({ UInt8(hexadecimal: CollectionOfOne($0)) != nil }) else {
            return nil
        }
        return String(id.prefix(12))
    }
}
