#!/bin/bash
# Gives the installed units their settings and secrets, starts them, and lets the bot say that it is there.
#
#   setup_systemd.sh [--token-file FILE] [--user-ids IDS] [--key-file FILE | --built-in]
#                    [--set NAME=VALUE]… [--offline] [--no-greeting]
#
# What is not given is kept as it is; what is missing then is asked for on a terminal. --built-in does without Claude and
# a key. --set writes a line of agent.env. --offline does not ask Telegram and Anthropic whether they know the secrets.
# Secrets go to files of root's, never into an argument, a log or the environment.
set -euo pipefail
# shellcheck source=scripts/installed.sh
. "$(dirname "$(realpath "$0")")/installed.sh"

token_file='' key_file='' user_ids='' built_in=no offline=no greeting=yes lines=()
while (($#)); do
    case $1 in
    --token-file) token_file=${2:?} && shift ;;
    --key-file) key_file=${2:?} && shift ;;
    --user-ids) user_ids=${2:?} && shift ;;
    --built-in) built_in=yes ;;
    --set) lines+=("${2:?}") && shift ;;
    --offline) offline=yes ;;
    --no-greeting) greeting=no ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
    shift
done
need_root
umask 077

write_setting() { # write_setting NAME VALUE: in place of the line, or of its comment, else at the end
    local new
    new=$(mktemp "$settings.XXXXXX")
    NAME=$1 VALUE=$2 awk '
        BEGIN { line = ENVIRON["NAME"] "=" ENVIRON["VALUE"] }
        !done && (index($0, ENVIRON["NAME"] "=") == 1 || index($0, "#" ENVIRON["NAME"] "=") == 1) {
            print line; done = 1; next }
        index($0, ENVIRON["NAME"] "=") != 1 { print }
        END { if (!done) print line }' "$settings" >"$new"
    mv "$new" "$settings"
}

setting() { sed -n "s/^$1=//p" "$settings" | tail -1; }

write_secret() { # write_secret NAME, from standard input
    local new
    new=$(mktemp "$credentials/.new.XXXXXX")
    tr -d ' \r\n' >"$new"
    [[ -s $new ]] || { rm "$new" && die "$1 is empty"; }
    mv "$new" "$credentials/$1"
}

ask() { # ask QUESTION [-s]
    local answer
    [[ -t 0 ]] || die "$1 is missing, and there is no terminal to ask on; see --help"
    read -r ${2:+"$2"} -p "$1: " answer
    if [[ -n ${2:-} ]]; then echo >&2; fi
    printf %s "$answer"
}

mkdir -p "$credentials"
touch "$settings"
chmod 600 "$settings"
# Secrets that once stood among the settings move to files of their own.
for name in TELEGRAM_BOT_TOKEN ANTHROPIC_API_KEY; do
    if [[ -n $(setting $name) ]]; then
        [[ -s $credentials/$name ]] || setting $name | write_secret $name
        write_setting $name ""
    fi
done
for line in ${lines[@]+"${lines[@]}"}; do
    [[ $line =~ ^[A-Z_]+= ]] || die "--set takes NAME=VALUE, not \"$line\""
    write_setting "${line%%=*}" "${line#*=}"
done
if [[ -n $token_file ]]; then
    write_secret TELEGRAM_BOT_TOKEN <"$token_file"
elif [[ ! -s $credentials/TELEGRAM_BOT_TOKEN ]]; then
    ask "The bot's token, from @BotFather (not shown)" -s | write_secret TELEGRAM_BOT_TOKEN
fi
if [[ -n $user_ids ]]; then write_setting ALLOWED_USER_IDS "$user_ids"; fi
if [[ -z $(setting ALLOWED_USER_IDS) ]]; then
    write_setting ALLOWED_USER_IDS "$(ask "Your Telegram user id, from @userinfobot")"
fi
if [[ $built_in == yes ]]; then
    write_setting MODEL built-in
elif [[ -n $key_file ]]; then
    write_secret ANTHROPIC_API_KEY <"$key_file"
elif [[ ! -s $credentials/ANTHROPIC_API_KEY && $(setting MODEL) != built-in ]]; then
    ask "The Anthropic API key (not shown)" -s | write_secret ANTHROPIC_API_KEY
fi

check=(devops-agent check-config --env-file "$settings")
if [[ $offline == no ]]; then check+=(--online); fi
CREDENTIALS_DIRECTORY=$credentials "${check[@]}" || die "mend what is named above, and run this again"

systemctl daemon-reload
systemctl enable --quiet "${units[@]}" devops-agent-backup.timer
systemctl start devops-agent-backup.timer
systemctl reset-failed "${units[@]}" 2>/dev/null || true
systemctl restart devops-executor.service devops-agent.service || true
wait_until_healthy 60 || { say_what_is_wrong && die "the daemons do not stay up; devops-agent doctor says more"; }
if [[ $greeting == yes && $offline == no ]]; then devops-agent greet --env-file "$settings"; fi
echo "The agent is there. Write to the bot; devops-agent doctor looks after the rest."
