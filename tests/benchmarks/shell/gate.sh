#!/usr/bin/env bash
# The gate's checks as a shell step with `gh`, as they are written today: one question after the other.
set -euo pipefail

failed=()
tag=${GITHUB_REF#refs/tags/}
stack=repos/$GITHUB_REPOSITORY
production_tag='^[0-9]+\.[0-9]+\.[0-9]+$'
manifests='application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json'
manifests+=', application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'

check() { # RULE SUBJECT CONDITION...
  local rule=$1 subject=$2
  shift 2
  if ! "$@"; then
    failed+=("$rule:$subject")
    echo "::error title=$rule ($subject)::$rule failed for $subject"
  fi
}

# The commit of a tag, nothing where there is none; any other error ends the script.
commit_of() { # REPOSITORY TAG
  local answer type sha
  if ! answer=$(gh api "$1/git/ref/tags/$2" 2>&1); then
    [[ $answer == *'HTTP 404'* ]] && return 0
    echo "$answer" >&2
    return 1
  fi
  read -r type sha < <(jq -r '"\(.object.type) \(.object.sha)"' <<<"$answer")
  while [[ $type == tag ]]; do
    read -r type sha < <(gh api "$1/git/tags/$sha" --jq '"\(.object.type) \(.object.sha)"')
  done
  echo "$sha"
}

is_on() { # REPOSITORY BRANCH COMMIT
  [[ $(gh api "$1/compare/$2...$3?per_page=1" --jq .status) =~ ^(identical|behind)$ ]]
}

branch_exists() { # REPOSITORY BRANCH
  local answer
  answer=$(gh api "$1/git/ref/heads/$2" 2>&1) && return 0
  [[ $answer == *'HTTP 404'* ]] || exit 1
  return 1
}

is_missing() { ! branch_exists "$@"; }

ci_passed() { # REPOSITORY TAG COMMIT
  gh api "$1/actions/runs?branch=$2&event=push&exclude_pull_requests=true&per_page=100" | jq -e \
    --arg tag "$2" --arg sha "$3" '[.workflow_runs[] | select(.head_branch == $tag and .head_sha == $sha)]
      | length > 0 and all(.conclusion == "success")' >/dev/null
}

digest_of() { # IMAGE TAG
  curl --silent --show-error --head --header "Accept: $manifests" "$REGISTRY_URL/v2/$1/manifests/$2" |
    tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }'
}

workflow_at() { # REF
  gh api "$stack/contents/$WORKFLOW_FILE?ref=$1" --jq .content | base64 --decode
}

value_of() { # VARIABLE, from the workflow on standard input
  sed -nE "s/^  $1: *['\"]?([^ '\"#]+).*/\1/p"
}

check_component() { # NAME REPOSITORY BRANCH TAG NAMESPACE
  local name=$1 repository=repos/$2 branch=$3 pin=$4 namespace=$5 commit digest
  check pin-grade "$name" test "$(grep -cE "$production_tag" <<<"$pin")" = 1
  commit=$(commit_of "$repository" "$pin")
  check pin-exists "$name" test -n "$commit"
  check pin-shadowed "$name" is_missing "$repository" "$pin"
  if [[ -n $commit ]]; then
    check pin-on-branch "$name" is_on "$repository" "$branch" "$commit"
    check pin-ci "$name" ci_passed "$repository" "$pin" "$commit"
  fi
  digest=$(digest_of "$namespace/${2#*/}" "$pin")
  check pin-image "$name" test -n "$digest"
  printf '%s\n' "$name-tag=$pin" "$name-commit=$commit" "$name-digest=$digest" >>"$GITHUB_OUTPUT"
}

commit=$(commit_of "$stack" "$tag")
check tag-commit stack test "$commit" = "$GITHUB_SHA"
check tag-on-stack-branch stack is_on "$stack" "$STACK_BRANCH" "$GITHUB_SHA"

releases=$(gh api --paginate "$stack/git/matching-refs/tags/20?per_page=100" --jq '.[].ref' |
  sed 's#refs/tags/##' | grep -E "$production_tag" | sort -t. -k1,1n -k2,2n -k3,3n)
without_zeros() { sed -E 's/(^|\.)0+([0-9])/\1\2/g' <<<"$1"; }
twins=$(without_zeros "$releases" | grep -cFx "$(without_zeros "$tag")")
check tag-unique stack test "$twins" -le 1
higher=$(sed "1,/^$tag\$/d" <<<"$releases" | tail -20)
for name in $higher; do
  if is_on "$stack" "$STACK_BRANCH" "$(commit_of "$stack" "$name")"; then
    check tag-order stack false
    break
  fi
done

workflow=$(workflow_at "$GITHUB_SHA")
backend_tag=$(value_of BE_IMAGE_TAG <<<"$workflow")
frontend_tag=$(value_of FE_IMAGE_TAG <<<"$workflow")
check_component backend "$BACKEND_REPOSITORY" "$BACKEND_BRANCH" "$backend_tag" "$(value_of BE_NAMESPACE <<<"$workflow")"
check_component frontend "$FRONTEND_REPOSITORY" "$FRONTEND_BRANCH" "$frontend_tag" \
  "$(value_of FE_NAMESPACE <<<"$workflow")"

for name in $(sed "/^$tag\$/,\$d" <<<"$releases" | tac | head -5); do
  if is_on "$stack" "$STACK_BRANCH" "$(commit_of "$stack" "$name")"; then
    before=$(workflow_at "refs/tags/$name")
    old="$(value_of BE_IMAGE_TAG <<<"$before") $(value_of FE_IMAGE_TAG <<<"$before")"
    [[ $old == "$backend_tag $frontend_tag" ]] && echo "::warning::the pair is that of $name"
    for pair in "$backend_tag ${old% *}" "$frontend_tag ${old#* }"; do
      [[ $(tr ' ' '\n' <<<"$pair" | sort -t. -k1,1n -k2,2n -k3,3n | tail -1) == "${pair% *}" ]] ||
        echo "::warning::${pair% *} is older than ${pair#* }"
    done
    break
  fi
done

if ((${#failed[@]})); then verdict=blocked; else verdict=deploy; fi
rules=$(IFS=, && echo "${failed[*]:-}")
printf '%s\n' "verdict=$verdict" "failed-rules=$rules" >>"$GITHUB_OUTPUT"
printf '## %s\n\n%s\n' "$verdict" "$rules" >>"$GITHUB_STEP_SUMMARY"
[[ $verdict == deploy ]]
