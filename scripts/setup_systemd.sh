#!/bin/bash
# Gives the installed units their settings and secrets, starts them, and lets the bot say that it is there.
#
#   setup_systemd.sh [--token-file FILE] [--user-ids IDS] [--key-file FILE | --built-in]
#                    [--set NAME=VALUE]… [--offline] [--no-greeting]
#
# What is not given is kept as it is; what is missing then, or refused, is asked for on a terminal. --built-in does without
# Claude and a key. --set writes a line of agent.env. --offline does not ask Telegram and Anthropic whether they know the secrets.
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

# What was begun and not finished, should it be interrupted: a secret may be in it.
new=
trap 'rm -f ${new:+"$new"}' EXIT

write_setting() { # write_setting NAME VALUE: in place of the line, or of its comment, else at the end
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
    new=$(mktemp "$credentials/.new.XXXXXX")
    # Editors on Windows begin a file with a mark of its encoding.
    tr -d ' \t\r\n' | LC_ALL=C sed 's/^\xEF\xBB\xBF//' >"$new"
    [[ -s $new ]] || die "$1 is empty"
    mv "$new" "$credentials/$1"
}

declare -A questions=(
    [TELEGRAM_BOT_TOKEN]="The bot's token, from @BotFather (not shown)"
    [ALLOWED_USER_IDS]="Your Telegram user id, from @userinfobot"
    [ANTHROPIC_API_KEY]="The Anthropic API key (not shown; Enter alone: do without)"
)

ask() { # ask NAME: what is typed is stored; an empty line is no answer, but for the key
    local answer show=()
    [[ $1 == ALLOWED_USER_IDS ]] || show=(-s)
    read -r ${show[@]+"${show[@]}"} -p "${questions[$1]}: " answer || die "nothing was typed"
    if ((${#show[@]})); then echo >&2; fi
    case $1:${answer// /} in
    ANTHROPIC_API_KEY:)
        rm -f "$credentials/$1"
        write_setting MODEL built-in
        ;;
    *:) ;;
    ALLOWED_USER_IDS:*) write_setting "$1" "$answer" ;;
    *) write_secret "$1" <<<"$answer" ;;
    esac
}

# The agent says what is missing or wrong in sentences that begin with its name. On a terminal that is asked for, and said
# alone, until the agent is content.
check() {
    local said name check=(devops-agent check-config --env-file "$settings")
    if [[ $offline == no ]]; then check+=(--online); fi
    until { said=$(CREDENTIALS_DIRECTORY=$credentials "${check[@]}" 2>&1 >&3); } 3>&1; do
        name=$(sed -nE 's/^devops-agent: (TELEGRAM_BOT_TOKEN|ALLOWED_USER_IDS|ANTHROPIC_API_KEY) .*/\1/p' <<<"$said" | head -1)
        if [[ -z $name || ! -t 0 ]]; then
            echo "$said" >&2
            die "mend what is named above, and run this again"
        fi
        sed -n "s/^devops-agent: \($name .*\)/\1/p" <<<"$said" >&2
        ask "$name"
    done
}

mkdir -p "$credentials"
touch "$settings"
chmod 600 "$settings"
# Secrets that once stood among the settings move to files of their own.
for name in TELEGRAM_BOT_TOKEN ANTHROPIC_API_KEY; do
    if [[ -n $(setting $name) ]]; then
        [[ -s $credentials/$name ]] || write_secret $name < <(setting $name)
        write_setting $name ""
    fi
done
for line in ${lines[@]+"${lines[@]}"}; do
    [[ $line =~ ^[A-Z_]+= ]] || die "--set takes NAME=VALUE, not \"$line\""
    write_setting "${line%%=*}" "${line#*=}"
done
if [[ -n $token_file ]]; then write_secret TELEGRAM_BOT_TOKEN <"$token_file"; fi
if [[ -n $user_ids ]]; then write_setting ALLOWED_USER_IDS "$user_ids"; fi
if [[ $built_in == yes ]]; then
    write_setting MODEL built-in
elif [[ -n $key_file ]]; then
    write_secret ANTHROPIC_API_KEY <"$key_file"
fi
check

systemctl daemon-reload
systemctl enable --quiet "${units[@]}" devops-agent-backup.timer
systemctl start devops-agent-backup.timer
systemctl reset-failed "${units[@]}" 2>/dev/null || true
systemctl restart devops-executor.service devops-agent.service || true
wait_until_healthy 60 || { say_what_is_wrong && die "the daemons do not stay up; devops-agent doctor says more"; }
if [[ $greeting == yes && $offline == no ]]; then devops-agent greet --env-file "$settings"; fi
echo "The agent is there. Write to the bot; devops-agent doctor looks after the rest."
