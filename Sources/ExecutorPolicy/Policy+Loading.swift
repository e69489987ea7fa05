import ExecutorAPI
import StrictJSON

extension Policy {
    /// Rules of one file.
    static let maximumRules = 20_000
    /// Of these, rules with options: they are tried one by one.
    static let maximumRulesWithOptions = 200

    /// Reads an allowlist: categories, each a list of entries; an entry is a string or an object.
    ///
    /// Every entry's `match` and `not_match` examples are tried; one that fails refuses the file.
    ///
    /// - Parameter ownCommands: Those of the administrator's own tools.
    /// - Throws: ``PolicyError`` naming the first entry that is wrong, why, and what would be right.
    package init(
        allowlist: [UInt8], allowlistName: String, settings: PolicySettings,
        ownCommands: [OwnCommand] = [], digest: String
    ) throws(PolicyError) {
        let categories: [String: JSONValue]
        do throws(JSONError) {
            guard case .object(let object) = try JSONValue(parsing: allowlist) else {
                throw JSONError(reason: "it is no object of categories", offset: 0)
            }
            categories = object
        } catch {
            throw PolicyError(
                file: allowlistName, entry: nil, problem: "\(error)",
                remedy: "write one JSON object, such as {\"system\": [\"uptime\"]}")
        }
        var rules: [Rule] = []
        var withOptions = 0
        var ids: Set<RuleID> = []
        for (category, value) in categories.sorted(by: { $0.key < $1.key }) {
            guard let entries = value.arrayValue else {
                throw PolicyError(
                    file: allowlistName, entry: category, problem: "the category is no list",
                    remedy: "write \"\(category)\": [\"uptime\"]")
            }
            for (index, entry) in entries.enumerated() {
                do throws(CommandPattern.Fault) {
                    let rule = try RuleReader(category: category, settings: settings).read(entry)
                    guard ids.insert(rule.id).inserted else {
                        throw .init(problem: "the id \"\(rule.id)\" is another rule's too", remedy: "give each its own")
                    }
                    guard rules.count < Self.maximumRules else {
                        throw .init(problem: "a file has at most \(Self.maximumRules) rules", remedy: "remove some")
                    }
                    if !rule.options.isEmpty {
                        withOptions += 1
                        guard withOptions <= Self.maximumRulesWithOptions else {
                            throw .init(
                                problem: "a file has at most \(Self.maximumRulesWithOptions) rules with options",
                                remedy: "write its forms out")
                        }
                    }
                    rules.append(rule)
                } catch {
                    throw PolicyError(
                        file: allowlistName, entry: "\(category)[\(index)]", problem: error.problem,
                        remedy: error.remedy)
                }
            }
        }
        self.init(digest: digest, settings: settings, rules: rules, ownCommands: ownCommands)
    }
}
