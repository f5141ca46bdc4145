# What the other scripts share: the root of the clone, a Python that fits, one way to stop.
# Sourced, never run. Changes nothing.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

case "$(uname -s)" in
    MINGW* | MSYS* | CYGWIN* | Windows*)
        stop "Factotum does not run on Windows itself. Install WSL 2 (wsl --install) and run it there."
        ;;
esac

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Prints the name of a Python that is new enough. $PYTHON, if set, is the only candidate.
find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_new_enough "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
    name=${PYTHON:-python3}
    command -v "$name" >/dev/null || stop "There is no $name here. Factotum needs Python 3.11 or newer."
    stop "$name is $("$name" -c 'import platform; print(platform.python_version())'). Factotum needs Python 3.11 or newer."
}

# Stops with the one line that helps where a distribution keeps venv in a package of its own.
need_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    if command -v apt-get >/dev/null; then
        local package
        package=$(basename "$1")-venv
        stop "Python cannot make an environment here. Run: sudo apt install $package"
    fi
    stop "$1 has no venv and ensurepip modules. Install them with your system's package manager."
}
