/// Redirections of one server, followed to see whether they come to an end.
struct RedirectChain {
    /// Asks for an address; `nil` where the rules do not let it.
    let ask: (String) -> ProbeAnswer?

    /// A browser gives up after 20; more than a few are a fault already.
    private static let limit = 6

    /// The first answer, or the same with the circle that it leads into.
    ///
    /// Another server's addresses are not asked for: whether they answer says nothing of this one.
    func judge(_ first: ProbeAnswer, from url: String) -> ProbeAnswer {
        var (answer, seen) = (first, [Self.plain(url)])
        while let next = answer.redirect, Self.server(next) == Self.server(url) {
            let isCircle = seen.contains(Self.plain(next))
            seen.append(Self.plain(next))
            if isCircle || seen.count > Self.limit { return first.circling(seen) }
            guard let following = ask(next) else { return first }
            answer = following
        }
        return first
    }

    /// `http://a` and `http://a/` are one address.
    private static func plain(_ url: String) -> String {
        url.split(separator: "/").count == 2 ? server(url) + "/" : url
    }

    /// `http://localhost:8080` of `http://localhost:8080/a`.
    private static func server(_ url: String) -> String {
        url.split(separator: "/", omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }
}
