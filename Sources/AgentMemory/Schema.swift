import GRDB

/// The schema, one migration after another: appended to, never edited (a released one has run somewhere).
///
/// Times are whole milliseconds since 1970. What must hold always stands in the tables themselves
/// (`STRICT`, `CHECK`, `UNIQUE`, foreign keys, triggers), so that no code path can get round it.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try $0.execute(sql: version1) }
        migrator.registerMigration("2") { try $0.execute(sql: version2) }
        migrator.registerMigration("3") { try $0.execute(sql: version3) }
        return migrator
    }()

    /// Messages kept of one session; the trigger below removes older ones.
    static let messagesPerSession = 100

    private static let version1 = """
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL,
            chat_id INTEGER NOT NULL,
            started INTEGER NOT NULL,
            last_activity INTEGER NOT NULL CHECK (last_activity >= started),
            context TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(context)),
            status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'ended'))
        ) STRICT;
        CREATE UNIQUE INDEX one_active_session ON sessions(chat_id, user_id) WHERE status = 'active';

        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
            time INTEGER NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
            text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX messages_of_session ON messages(session_id, id);
        CREATE TRIGGER messages_kept AFTER INSERT ON messages BEGIN
            DELETE FROM messages WHERE session_id = NEW.session_id AND id <= (
                SELECT id FROM messages WHERE session_id = NEW.session_id
                ORDER BY id DESC LIMIT 1 OFFSET 100);
        END;

        CREATE TABLE incidents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            time INTEGER NOT NULL,
            user_id INTEGER NOT NULL,
            query TEXT NOT NULL,
            resolution TEXT NOT NULL,
            tools TEXT NOT NULL CHECK (json_valid(tools)),
            success INTEGER NOT NULL CHECK (success IN (0, 1)),
            duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0)
        ) STRICT;
        CREATE INDEX incidents_by_time ON incidents(time);

        CREATE TABLE inbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            update_id INTEGER NOT NULL UNIQUE,
            payload TEXT NOT NULL,
            received INTEGER NOT NULL,
            answered INTEGER
        ) STRICT;
        CREATE INDEX inbox_pending ON inbox(number) WHERE answered IS NULL;
        CREATE TRIGGER inbox_answered_once BEFORE UPDATE OF answered ON inbox WHEN OLD.answered IS NOT NULL BEGIN
            SELECT RAISE(ABORT, 'this update has been answered');
        END;

        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            update_id INTEGER,
            part INTEGER NOT NULL DEFAULT 0,
            chat_id INTEGER NOT NULL,
            text TEXT NOT NULL,
            options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(options)),
            queued INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'abandoned')),
            message_id INTEGER,
            failure TEXT,
            UNIQUE (update_id, part),
            CHECK ((status = 'abandoned') = (failure IS NOT NULL))
        ) STRICT;
        CREATE INDEX outbox_pending ON outbox(id) WHERE status = 'pending';

        CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """

    /// Full-text search over incidents, kept in step by triggers; what is there already is indexed too.
    private static let version2 = """
        CREATE VIRTUAL TABLE incident_words USING fts5(
            query, resolution, content='incidents', content_rowid='id', prefix='3 4 5',
            tokenize='unicode61 remove_diacritics 2');
        CREATE TRIGGER incident_words_insert AFTER INSERT ON incidents BEGIN
            INSERT INTO incident_words(rowid, query, resolution) VALUES (NEW.id, NEW.query, NEW.resolution);
        END;
        CREATE TRIGGER incident_words_delete AFTER DELETE ON incidents BEGIN
            INSERT INTO incident_words(incident_words, rowid, query, resolution)
            VALUES ('delete', OLD.id, OLD.query, OLD.resolution);
        END;
        CREATE TRIGGER incident_words_update AFTER UPDATE ON incidents BEGIN
            INSERT INTO incident_words(incident_words, rowid, query, resolution)
            VALUES ('delete', OLD.id, OLD.query, OLD.resolution);
            INSERT INTO incident_words(rowid, query, resolution) VALUES (NEW.id, NEW.query, NEW.resolution);
        END;
        INSERT INTO incident_words(incident_words) VALUES ('rebuild');
        """

    /// What was being sent when the program ended may have arrived; alerts, and the messages that carried them.
    private static let version3 = """
        ALTER TABLE outbox ADD COLUMN begun INTEGER;

        CREATE TABLE alerts (key TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (json_valid(state))) STRICT, WITHOUT ROWID;

        CREATE TABLE alert_posts (
            id TEXT PRIMARY KEY,
            time INTEGER NOT NULL,
            question TEXT NOT NULL,
            taken_by INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER alert_post_taken_once BEFORE UPDATE OF taken_by ON alert_posts
        WHEN OLD.taken_by IS NOT NULL AND OLD.taken_by IS NOT NEW.taken_by BEGIN
            SELECT RAISE(ABORT, 'this alert has been taken up');
        END;
        """
}
