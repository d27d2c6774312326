#!/bin/sh
# An upgrade weekend with cucm-audit: what is compared afterwards has to be seen before.
#
#   ./upgrade.sh before lab 15     Friday: go or no-go for release 15; keeps lab-before.db
#   ./upgrade.sh after lab         after the switch: what is different, again and again while phones still come back
#
# TRIES (6) times, PAUSE (600) seconds apart. Options for cucm-audit (--config, --state-dir) go into OPTIONS.
# Exit: that of the checklist: 0 go, 1 no-go, 3 not known, 2 it could not be done.
set -u

step=${1:-} cluster=${2:-} target=${3:-}
before="$cluster-before.db"

say() { printf '%s\n' "$*" >&2; }

case "$step/$cluster" in
before/?*)
    [ -n "$target" ] || { say "which release do you go to? $0 before $cluster 15"; exit 2; }
    [ ! -e "$before" ] || { say "$before is there already: move it away, it may be what you compare with"; exit 2; }
    # OPTIONS is a list of words.
    # shellcheck disable=SC2086
    exec cucm-audit checklist before-upgrade --node "$cluster" --target "$target" --save "$before" --no-input ${OPTIONS:-}
    ;;
after/?*)
    [ -e "$before" ] || { say "$before is missing: $0 before $cluster 15 writes it, before the upgrade"; exit 2; }
    try=1
    while :; do
        # shellcheck disable=SC2086
        cucm-audit checklist after-upgrade --node "$cluster" --before "$before" --no-input ${OPTIONS:-}
        code=$?
        case $code in 0 | 2 | 130) break ;; esac
        [ "$try" -lt "${TRIES:-6}" ] || break
        say "look $try of ${TRIES:-6}: not yet (exit $code); the next in ${PAUSE:-600} seconds, Ctrl-C ends it"
        sleep "${PAUSE:-600}"
        try=$((try + 1))
    done
    # The evidence, whatever the verdict: a snapshot of now, and what is different in it.
    # One that is not whole (3) is evidence too: the difference says what could not be compared.
    # shellcheck disable=SC2086
    cucm-audit snapshot save "$cluster-after.db" --node "$cluster" --force --no-input ${OPTIONS:-}
    case $? in
    0 | 3)
        cucm-audit diff "$before" "$cluster-after.db" >"$cluster-difference.txt"
        case $? in
        0 | 1 | 3) say "what changed is in $cluster-difference.txt" ;;
        *) say "what changed is not known: the snapshots could not be compared" ;;
        esac
        ;;
    *) say "what changed is not known: no snapshot of now could be kept" ;;
    esac
    exit $code
    ;;
*)
    say "usage: $0 before CLUSTER RELEASE | $0 after CLUSTER"
    exit 2
    ;;
esac
