# Completion of devops-executor's command line, which no argument parser writes.
_devops_executor() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words="run check-config --help --version"
    case $previous in
    --*-dir)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    esac
    case ${COMP_WORDS[1]} in
    run) words="--config-dir --runtime-dir --logs-dir --state-dir" ;;
    check-config) words="--config-dir" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _devops_executor devops-executor
