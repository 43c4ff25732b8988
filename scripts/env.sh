# Sourced by the other scripts: the project's folder, and an environment in which nothing
# of the caller's Python, pip or uv settings changes what is installed. How packages are
# reached (index, certificates, proxy) is the machine's business and stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for name in $(compgen -e | grep -E '^(PYTHON|PIP_|UV_|VIRTUAL_ENV|CONDA_PREFIX)' || true); do
    case "$name" in
    PIP_INDEX_URL | PIP_EXTRA_INDEX_URL | PIP_CERT | PIP_CLIENT_CERT | PIP_TRUSTED_HOST | PIP_PROXY) ;;
    UV_DEFAULT_INDEX | UV_INDEX | UV_INDEX_URL | UV_EXTRA_INDEX_URL | UV_INSECURE_HOST | UV_CACHE_DIR) ;;
    *) unset "$name" ;;
    esac
done
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# uv brings its own certificates; a company's are in the system's store.
export UV_SYSTEM_CERTS=1
# The registry that pip is set up for is the one uv asks as well.
if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
fi

die() {
    printf '\nmillrace: %s\n' "$*" >&2
    exit 2
}

# stage NAME COMMAND...: runs it, its output only when it fails, and prints the seconds it took.
stage() {
    local name="$1" begin end log
    shift
    exec 3>&2
    log=$(mktemp)
    trap 'rm -f "$log"; echo "interrupted; run it again, it goes on from here" >&3; exit 130' INT TERM
    begin=$(clock)
    printf '%-34s' "$name"
    if ! "$@" >"$log" 2>&1; then
        printf 'FAILED\n'
        cat "$log" >&2
        rm -f "$log"
        exit 2
    fi
    end=$(clock)
    printf '%5d.%d s  %s\n' $(((end - begin) / 10)) $(((end - begin) % 10)) "$(tail -n 1 "$log")"
    rm -f "$log"
    trap - INT TERM
}

# Tenths of a second since 1970 (the bash 3 of macOS knows only whole seconds).
clock() {
    local now="${EPOCHREALTIME:-$(date +%s).0}"
    now="${now/,/.}"
    local fraction="${now#*.}"
    echo "${now%.*}${fraction:0:1}"
}
