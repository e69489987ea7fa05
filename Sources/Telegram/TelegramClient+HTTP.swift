package import HTTPClient

extension TelegramClient {
    package init(token: String, url: String, proxy: String? = nil, http: HTTPClient) {
        self.init(token: token, url: url, proxy: proxy) { request in
            let response = try await http.send(request)
            return (response.status, try await response.body.collect(upTo: Self.maximumAnswerBytes))
        }
    }
}
