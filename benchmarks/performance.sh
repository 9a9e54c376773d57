#!/bin/sh
# A row of docs/reference/performance.md: benchmarks/performance.sh "what changed" [DATA] [PEERS]
# About 20 minutes on two idle cores. DATA is a folder with clips/*.mp4, PEERS one with an environment per peer
# (`viapublica bench compare` says how to make them); without it the comparison is left out.
set -eu
change=$1
data=${2:-${VIAPUBLICA_DATA:-../shared/data}}
peers=${3:-$HOME/.cache/viapublica/peers}
results=$(dirname "$0")/results
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

clips=
for clip in "$data"/clips/*.mp4; do clips="$clips --clip $clip"; done
first=$(echo "$data"/clips/car-detection.mp4)
plates=$(echo "$data"/clips/traffic-plates-nz.mp4)

bench() { # NAME PAGE OPTIONS…
    name=$1 page=$2
    shift 2
    viapublica bench "$name" "$@" --json --markdown "$results/$page.md" >"$reports/$name.json"
}

# shellcheck disable=SC2086 (one word per option)
bench stages throughput $clips --clip-seconds 12 --seconds 5 --repeats 3
if [ -d "$peers" ]; then
    # shellcheck disable=SC2086
    bench compare compare $clips --clip-seconds 12 --repeats 2 --peers "$peers"
else
    echo "no $peers: the comparison with other programs is left out" >&2
fi
bench pipeline cameras --clip "$first" --rate 5 --seconds 5 --most-cameras 64
bench accuracy accuracy_under_load --clip "$plates" --clip-seconds 15 --rate 5 --cameras 1 --cameras 8
python -m benchmarks.performance add "$change" "$reports"
