#!/usr/bin/env bash
# Checks that sync/GO_CASES.md tells the truth: each of Go's cases that it calls rewritten is named in the docs of a test, the tests
# name no other, and the numbers of its table are those of its lists.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need python3 "apt-get install python3"

say "Go's cases in sync/GO_CASES.md and in the tests"
python3 - <<'PYTHON' || fail "sync/GO_CASES.md"
import pathlib, re, sys

wrong = []
table, kinds, section, kind = {}, {}, None, None
for line in pathlib.Path("sync/GO_CASES.md").read_text().splitlines():
    if row := re.fullmatch(r"\| (.+?) \| (\d+) \| (\d+) \| (\d+) \|", line):
        table[row[1]] = tuple(map(int, row.groups()[1:]))
    elif line.startswith("## "):
        section = line[3:]
        kinds[section] = {"rewritten": [], "differs": [], "cannot apply": []}
    elif section:
        if begin := re.match(r"- (rewritten|differs|cannot apply): ", line):
            kind = begin[1]
        kinds[section][kind] += re.findall(r"`((?:Test|Example)\w+|\w+\.go)`", line) if line else []

for name in table.keys() ^ kinds.keys():
    wrong.append(f"{name} has no row or no list")
for name in table.keys() & kinds.keys():
    counts = tuple(map(len, kinds[name].values()))
    if counts != table[name]:
        wrong.append(f"{name}: the row says {table[name]}, the lists {counts}")

# The docs of tests, and of files that are one case.
docs = []
for path in [*pathlib.Path("sync/src").rglob("*.rs"), *pathlib.Path("tests/ui/cases").glob("*.rs")]:
    if "tests" in str(path):
        docs += re.findall(r"^ *(?:///|//! Go:|//! \(Go:)(.*)$|^//! .*\(Go: (.*)$", path.read_text(), re.M)
docs = " ".join(a + b for a, b in docs)
named = set(re.findall(r"`((?:Test|Example)[A-Z]\w+)`|\b([a-z0-9]+\.go)\b", docs))
named = {a or b for a, b in named}
done = {case for lists in kinds.values() for case in lists["rewritten"] + lists["differs"]}
wrong += [f"no test names {case}" for case in sorted(done - named)]
wrong += [f"a test names {case}, which is not in the lists" for case in sorted(named - done)]
for line in wrong:
    print(line)
sys.exit(bool(wrong))
PYTHON
