#!/usr/bin/env bash
# The review step of action.yml. Everything it is told comes in variables, never in the text of a command.
set -euo pipefail

reviewbot="$TARGET/bin/reviewbot"
mkdir -p "$OUT"

if [ "$EVENT" = pull_request_target ]; then
  echo "::error::reviewbot does not run on pull_request_target: it would read a stranger's code beside your secrets. Use pull_request."
  exit 2
fi
if [ -z "${BASE:-}" ]; then
  echo "::error::This run is of no pull request: use reviewbot in a workflow with 'on: pull_request'."
  exit 2
fi

arguments=(review --base "$BASE")
if [ -n "$MODEL" ] && [ -n "$API_KEY" ]; then
  case "$MODEL" in
    anthropic:*) export ANTHROPIC_API_KEY="$API_KEY" ;;
    openai:*) export OPENAI_API_KEY="$API_KEY" ;;
    *) echo "::error::model: expected anthropic:NAME or openai:NAME, found $MODEL"; exit 2 ;;
  esac
  arguments+=(--reviewer static --reviewer llm --model "$MODEL")
elif [ -n "$MODEL" ] && [ "${MODEL#scripted:}" != "$MODEL" ]; then
  arguments+=(--reviewer llm --model "$MODEL")
else
  if [ -n "$MODEL" ]; then
    echo "::notice::No key for $MODEL is there, as in every run of a fork: the static reviewers work alone."
  fi
  arguments+=(--reviewer static)
fi
unset API_KEY
if [ -n "${BUDGET:-}" ]; then export REVIEWBOT_BUDGET_PER_REVIEW_USD="$BUDGET"; fi
export REVIEWBOT_DATABASE_URL="sqlite:///$OUT/reviewbot.db"

if [ -n "${FAIL_ON:-}" ]; then arguments+=(--fail-on "$FAIL_ON"); fi

sarif="$OUT/review.sarif" json="$OUT/review.json"
status=0
"$reviewbot" "${arguments[@]}" --format markdown --write "sarif=$sarif" --write "json=$json" \
  >> "$GITHUB_STEP_SUMMARY" || status=$?
if [ ! -s "$json" ]; then
  echo "::error::reviewbot could not review this change; the lines above say why."
  exit "$status"
fi
count='import json, sys; print(len(json.load(open(sys.argv[1]))["findings"]))'
findings=$("$TARGET/bin/python" -c "$count" "$json")
{ echo "findings=$findings"; echo "sarif=$sarif"; } >> "$GITHUB_OUTPUT"
exit "$status"
