import Testing

@testable import AgentCore

@Suite("What a person wants, told by words")
struct IntentTests {
    @Test(
        "a change that is forbidden, negated, asked about or doubled is none",
        arguments: [
            ("не перезапускай nginx", Intent.status("nginx")), ("nginx не трогай, не перезапускай", .status("nginx")),
            ("не надо ничего перезапускать, nginx жив?", .status("nginx")),
            ("перезапускать nginx нельзя", .status("nginx")), ("перезапускать nginx пока не надо", .status("nginx")),
            ("не останавливай apache2", .status("apache2")), ("не запускай nginx", .status("nginx")),
            ("nginx не отвечает, но не перезапускай его", .status("nginx")),
            ("do not restart nginx", .status("nginx")), ("please don't stop nginx", .status("nginx")),
            ("don't start nginx", .status("nginx")), ("never ever restart postgresql", .status("postgresql")),
            ("do not under any circumstances restart nginx", .status("nginx")),
            ("no need to restart nginx", .status("nginx")), ("не выполняй rm -rf /", .help),
            ("почему nginx перезапустился?", .diagnose("nginx")), ("почему nginx перезапускается", .diagnose("nginx")),
            ("кто останавливал nginx вчера", .help), ("why did nginx stop?", .diagnose("nginx")),
            ("how do I restart nginx?", .help), ("как перезапустить nginx?", .help),
            ("останови apache2 и запусти nginx", .help), ("restart nginx and stop apache2", .help),
            ("nginx keeps restarting", .diagnose("nginx")),
        ])
    func noChange(_ text: String, _ intent: Intent) {
        #expect(Intent(text) == intent)
    }

    @Test(
        "what an owner writes has an answer to it, and what cannot be done has none that looks like one",
        arguments: [
            ("кто слушает 443", Intent.port(443)), ("what is listening on 8080?", .port(8080)),
            ("systemctl status nginx", .run("systemctl status nginx")),
            ("journalctl -u nginx -n 5", .run("journalctl -u nginx -n 5")),
            ("ping google.com", .run("ping google.com")),
            ("rm -rf /", .run("rm -rf /")),
            ("покажи ошибки в логах за сегодня", .run("journalctl -p err -n 20 --no-pager")),
            ("есть ошибки в журнале?", .run("journalctl -p err -n 20 --no-pager")), ("сайт лежит!!!", .health),
            ("почини сайт", .health), ("что сломалось", .health), ("покажи упавшие сервисы", .health),
            ("failed services", .health), ("load average", .health), ("swap", .health), ("своп забит?", .health),
            ("аптайм", .run("uptime")), ("uptime?", .run("uptime")), ("сколько ядер", .health),
            ("top processes", .health),
            ("сертификат когда истекает", .health), ("ssl certificate expires when", .health),
            ("покажи последние ошибки", .run("journalctl -p err -n 20 --no-pager")),
            ("show me the last errors", .run("journalctl -p err -n 20 --no-pager")),
            ("покажи ошибки nginx за последний час", .logs("nginx")), ("nginx отдаёт 502", .diagnose("nginx")),
            ("nginx работает, но сайт отдаёт 502", .diagnose("nginx")), ("is port 443 open?", .port(443)),
            ("проверь nginx и postgresql", .statuses(["nginx", "postgresql"])),
            ("nginx, redis и mysql живы?", .statuses(["nginx", "redis", "mysql"])),
            ("are nginx and redis running?", .statuses(["nginx", "redis"])),
            ("nginx работает? а то redis упал", .diagnose("nginx")),
            ("the website is down", .health), ("how long is the server up?", .health),
            ("is the database up?", .help), ("спасибо", .thanks),
            ("thanks", .thanks), ("спасибо, а теперь перезапусти nginx", .restart("nginx")),
        ])
    func natural(_ text: String, _ intent: Intent) {
        #expect(Intent(text) == intent)
    }

    @Test(
        "work this brain does not do is called so, and is neither a question nor somebody's name",
        arguments: [
            "обнови систему", "обнови nginx", "поставь обновления безопасности", "очисти место на диске",
            "добавь пользователя vasya", "открой порт 8080", "закрой порт 22", "сделай бэкап базы",
            "удали старые логи", "установи htop", "смени пароль root", "отмени последнее действие",
            "перезагрузи сервер", "выключи сервер", "перезапусти все контейнеры", "update the system", "install docker",
            "clean up disk space", "please delete old logs", "can you add user bob", "backup the database",
            "open port 8080", "undo the last change", "reboot the server", "restart everything",
        ])
    func beyond(_ text: String) {
        #expect(Intent(text) == .unable)
    }

    @Test(
        "what such a word is not the wish of stays what it is",
        arguments: [
            ("не обновляй nginx, он работает?", Intent.status("nginx")), ("не могу открыть сайт", .health),
            ("перезапусти nginx на сервере", .restart("nginx")), ("restart nginx on the server", .restart("nginx")),
            ("all containers", .containers), ("перезагрузи nginx", .restart("nginx")),
        ])
    func notBeyond(_ text: String, _ intent: Intent) {
        #expect(Intent(text) == intent)
    }

    @Test(
        "part of a word is not the word",
        arguments: [
            ("импорт 8080 завис", Intent.health), ("портал 443 открыт?", .help), ("транспорт 22", .help),
            ("логин пользователя 7", .help), ("вместо этого", .help), ("дискуссия окончена", .help),
            ("login is broken for everybody", .diagnose("login")), ("the blog nginx", .help),
            ("важное сообщение", .help), ("начало стоп-листа", .help),
        ])
    func parts(_ text: String, _ intent: Intent) {
        #expect(Intent(text) == intent)
    }

    @Test(
        "hostile text is at most a command or a name, which the executor judges",
        arguments: [
            ("выполни rm -rf /", Intent.run("rm -rf /")), ("run curl x | sh", .run("curl x | sh")),
            ("перезапусти --force", .help), ("перезапусти ;reboot", .help), ("перезапусти ../../etc", .help),
            ("перезапусти $(id)", .restart("id")), ("статус nginx`id`", .status("nginx")), ("логи /etc/shadow", .help),
            ("порт 99999999999999999999", .help), ("порт -1", .help), ("порт 0", .help), ("", .help), ("🙂", .help),
            ("\u{202E}nginx", .help),
        ])
    func hostile(_ text: String, _ intent: Intent) {
        #expect(Intent(text) == intent)
    }

    @Test(
        "Russian wishes",
        arguments: [
            ("перезапусти nginx", Intent.restart("nginx")), ("Перезапусти, пожалуйста, Nginx!", .restart("nginx")),
            ("сделай рестарт нгинкса", .restart("nginx")),
            ("можешь перезапустить NetworkManager?", .restart("NetworkManager")),
            ("nginx не отвечает перезапусти его", .restart("nginx")),
            ("почему nginx упал? перезапусти его", .restart("nginx")),
            ("останови и запусти nginx", .restart("nginx")), ("перезапусти docker", .restart("docker")),
            ("перезапусти контейнер web", .restartContainer("web")), ("останови apache2", .stop("apache2")),
            ("запусти php8.2-fpm.service", .start("php8.2-fpm")), ("подними апач", .start("apache2")),
            ("nginx не отвечает", .diagnose("nginx")), ("nginx не запускается, порт 80 занят", .diagnose("nginx")),
            ("почини nginx", .diagnose("nginx")), ("упал postgresql@15-main", .diagnose("postgresql@15-main")),
            ("nginx больше не работает", .diagnose("nginx")), ("nginx остановился", .diagnose("nginx")),
            ("nginx не упал?", .status("nginx")), ("какой статус nginx?", .status("nginx")),
            ("nginx работает?", .status("nginx")), ("запущен ли redis", .status("redis")), ("nginx", .status("nginx")),
            ("что с nginx", .status("nginx")), ("покажи логи nginx", .logs("nginx")), ("журнал ssh", .logs("ssh")),
            ("логи контейнера web", .containerLogs("web")), ("покажи контейнеры", .containers),
            ("кто занимает порт 8080?", .port(8080)), ("что на 443-м порту", .port(443)), ("порт :53", .port(53)),
            ("проверь 80 порт", .port(80)), ("сколько места на диске?", .disk), ("как дела у сервера?", .health),
            ("состояние системы", .health), ("какая нагрузка", .health), ("привет", .help),
        ])
    func russian(_ text: String, _ intent: Intent) {
        #expect(Intent(text) == intent)
    }

    @Test(
        "English wishes",
        arguments: [
            ("restart nginx", Intent.restart("nginx")), ("can you restart nginx, please?", .restart("nginx")),
            ("docker restart web", .restartContainer("web")), ("stop apache2.", .stop("apache2")),
            ("start nginx.service", .start("nginx")), ("nginx is down", .diagnose("nginx")),
            ("nginx is not responding", .diagnose("nginx")), ("nginx doesn’t work", .diagnose("nginx")),
            ("nginx does not start", .diagnose("nginx")), ("nginx won't start", .diagnose("nginx")),
            ("fix nginx", .diagnose("nginx")), ("what is the status of nginx?", .status("nginx")),
            ("is nginx running?", .status("nginx")), ("show nginx logs", .logs("nginx")),
            ("logs of container web", .containerLogs("web")), ("docker ps", .containers),
            ("who is using port 8080?", .port(8080)), ("show 50 lines about port 443", .port(443)),
            ("how much disk space is left?", .disk), ("system health", .health), ("server load?", .health),
            ("hello", .help),
        ])
    func english(_ text: String, _ intent: Intent) {
        #expect(Intent(text) == intent)
    }
}
