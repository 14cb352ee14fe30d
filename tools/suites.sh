# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# The suites of ./dev test, which reads this file: how each is built and run, and how what its runner says becomes
# numbers. The last line is "N passed, N failed" over all of them.

passed=0
failed=0

# tally SUITE PASSED FAILED
tally()
{
    echo "$1: $2 passed, $3 failed"
    passed=$((passed + $2))
    failed=$((failed + $3))
}

# tally_line SUITE LOG: the last line of the log is "N passed, N failed".
tally_line()
{
    line=$(tail -n 1 "$logs/$2.log")
    case $line in
    *[0-9]" passed, "*[0-9]" failed") ;;
    *) line='0 passed, 1 failed' ;;
    esac
    sed '$d' "$logs/$2.log"
    tally "$1" "${line%% *}" "$(echo "${line#*, }" | cut -d' ' -f1)"
}

quietly()
{
    mkdir -p "$logs"
    log_name=$1
    shift
    attend "$@" >"$logs/$log_name.log" 2>&1
}

test_check()
{
    packages build || return
    quietly check tools/check || true
    tally_line "check" check
    quietly self-test tools/check --self-test || true
    tally_line "check of the check" self-test
}

# What cmocka and meson say, in numbers. A test program that ends badly counts as one failure
# even when it could not say so itself; so does one that was skipped.
tally_meson()
{
    text=build/$2/meson-logs/testlog.txt
    [ -f "$text" ] || text=/dev/null
    # shellcheck disable=SC2046
    tally "$1" $(awk '
        function close_program() { if (bad && !told) failed++ }
        /^=+ [0-9]+\/[0-9]+ =+$/ { close_program(); bad = told = 0 }
        /^result: / { bad = $0 !~ /(exit status 0|OK)/ }
        /\[  PASSED  \] [0-9]+ test/ { passed += $4 }
        /\[  (FAILED|SKIPPED)  ?\] [0-9]+ test/ { failed += $4; told = 1 }
        END { close_program(); print passed + 0, failed + 0 }' "$text")
    # Something failed that no line above tells of.
    [ "$3" = 0 ] || [ "$failed" != 0 ] || tally "$1 (the run itself)" 0 1
}

meson_suite()
{
    suite=$1
    kind=$2
    shift 2
    rm -f "build/$kind/meson-logs/testlog.txt"
    runner=
    # The thread sanitizer needs the memory map that it was made for.
    [ "$kind" != tsan ] || runner="setarch $(uname -m) -R"
    [ "$suite" != integration ] || runner="tools/servers run --tls -- $runner"
    status=0
    # shellcheck disable=SC2086
    step "$suite tests on build/$kind" "$suite" \
        $runner meson test -C "build/$kind" --no-rebuild --print-errorlogs --suite "$suite" "$@" ||
        status=$?
    tally_meson "$suite" "$kind" "$status"
}

build_c_tests()
{
    packages build unit || return
    build "${kind_wanted:-asan}" all meson-test-prereq
}

test_unit()
{
    build_c_tests || return
    meson_suite unit "$kind" "$@"
}

test_integration()
{
    packages servers || return
    build_c_tests || return
    meson_suite integration "$kind" "$@"
}

# vitest_suite SUITE KIND FILTER...
vitest_suite()
{
    suite=$1
    kind=$2
    shift 2
    packages servers manual || return
    node_modules || return
    build "$kind" || return
    [ -x "build/$kind/tieline" ] || die "build/$kind/tieline was not built"
    report=$PWD/build/log/$suite.json
    rm -f "$report"
    filters=
    for name in "$@"; do
        filters="$filters $suite/$name"
    done
    status=0
    # shellcheck disable=SC2086
    attend env TIELINE_BIN="$PWD/build/$kind/tieline" \
        ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 \
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        tools/servers run --tls -- \
        "$node" tests/node_modules/vitest/vitest.mjs run --root tests \
        --reporter=default --reporter=json --outputFile.json="$report" ${filters:-$suite/} || status=$?
    tally_vitest "$suite" "$status"
}

# tally_vitest SUITE STATUS: from the report of that suite.
tally_vitest()
{
    report=$PWD/build/log/$1.json
    number()
    {
        sed -n "s/^{.*\"$1\":\([0-9]*\).*/\1/p" "$report" 2>/dev/null | head -n 1
    }
    good=$(number numPassedTests)
    bad=$(($(number numFailedTests || true) + $(number numPendingTests || true) + 0))
    [ "$2" = 0 ] || [ "$bad" != 0 ] || bad=1
    tally "$1" "${good:-0}" "$bad"
}

# judge TITLE LOGNAME COMMAND...: one thing that must succeed, and be silent unless it does not.
judge()
{
    title=$1
    log_name=$2
    shift 2
    if quietly "$log_name" "$@"; then
        tally "$title" 1 0
    else
        cat "$logs/$log_name.log"
        tally "$title" 0 1
    fi
}

test_types()
{
    node_modules || return
    judge 'types of the tests' types "$node" tests/node_modules/typescript/bin/tsc -p tests
}

# Of the page: types, style, what is pure in it, sizes.
test_page()
{
    page_modules
    modules=web/node_modules
    judge 'types of the page' page-types "$node" $modules/typescript/bin/tsc -p web
    judge 'style of the page' page-style env -C web "$PWD/$node" node_modules/@biomejs/biome/bin/biome ci \
        --error-on-warnings --vcs-enabled=false .
    mkdir -p "$logs"
    rm -f "$logs/page.json"
    status=0
    attend "$node" $modules/vitest/vitest.mjs run --root web --reporter=default --reporter=json \
        --outputFile.json="$PWD/$logs/page.json" "$@" || status=$?
    tally_vitest page "$status"
    quietly budget tools/page --budget || true
    tally_line 'sizes of the page' budget
}

# The whole, as people see it.
test_browser()
{
    packages browser || return
    vitest_suite browser "${kind_wanted:-release}" "$@"
}

test_api()
{
    test_types || return
    vitest_suite api "${kind_wanted:-asan}" "$@" || return
    quietly generated tools/check --generated "build/$kind/tieline" || true
    tally_line 'generated files' generated
}

# What stands on the store, once more, on PostgreSQL; or what is asked for.
on_postgresql='auth executions history invitations overview projects resting rights statistics watch workflows'

test_postgresql()
{
    [ $# != 0 ] || {
        # shellcheck disable=SC2086
        set -- $on_postgresql
    }
    export TIELINE_TEST_STORE=postgresql
    status=0
    vitest_suite api "${kind_wanted:-asan}" "$@" || status=$?
    unset TIELINE_TEST_STORE
    return "$status"
}

test_crash()
{
    vitest_suite crash "${kind_wanted:-release}" "$@"
}

# Sanitizers and valgrind exclude each other: this is what people run.
test_memcheck()
{
    packages build servers sample memcheck || return
    build "${kind_wanted:-release}" || return
    quietly memcheck tools/servers run -- tools/memcheck "build/$kind/tieline" || true
    tally_line memcheck memcheck
}

there()
{
    case $1 in
    check | memcheck) true ;;
    unit) [ -n "$(find tests/unit -name meson.build 2>/dev/null)" ] ;;
    integration) [ -f tests/integration/meson.build ] ;;
    page) [ -f web/package.json ] ;;
    postgresql) there api ;;
    api | browser | crash) [ -n "$(find "tests/$1" -name '*.test.ts' 2>/dev/null)" ] ;;
    *) false ;;
    esac
}

run_tests()
{
    kind_wanted=
    if [ "${1:-}" = --build ]; then
        kind_wanted=${2:?dev: --build needs a kind}
        shift 2
    fi
    suites='check unit integration page api postgresql browser crash memcheck'
    case ${1:-all} in
    all) set -- ;;
    check | unit | integration | page | api | postgresql | browser | crash | memcheck)
        suites=$1
        shift
        there "$suites" || die "there are no $suites tests yet"
        ;;
    *) die "unknown suite \"$1\" (all, check, unit, integration, page, api, postgresql, browser, crash, memcheck)" ;;
    esac
    for one in $suites; do
        if there "$one"; then
            "test_$one" "$@" || tally "$one (preparing it)" 0 1
        fi
    done
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
}
