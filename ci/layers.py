"""Finds dependencies that point the wrong way; see layers.sh.

Reads `cargo metadata --no-deps` from standard input; the arguments are the folders of the executor's sources, and of
others that read the clock in one place only.
"""

import json
import pathlib
import re
import sys

# What each package of the workspace may depend on. Whoever adds a package writes down its layer here.
PACKAGES = {
    "gmp-executor": set(),
    "gmp-sync": {"gmp-executor", "gmp-macros"},
    "gmp-net": {"gmp-executor", "gmp-sync"},
    "gmp-macros": set(),
    # `gmp` names itself as a dev-dependency, to have every feature in its tests.
    "gmp": {"gmp", "gmp-executor", "gmp-sync", "gmp-net", "gmp-macros"},
    "gmp-benches": {"gmp"},
    "gmp-ui": {"gmp"},
}

# The modules of the executor that know nothing of UPPER.
LOWER = ("task", "slab", "time")
UPPER = "sched"

# Where the clock may be read, and whose names are those of tests.
CLOCKS = ("clock.rs", "time/clock.rs")
TESTS = re.compile(r"(^|/)(tests?|models|testing|test_kit)(/|\.rs$)")


def package_violations(metadata):
    """One line for each dependency of ours that its package may not have."""
    for package in metadata["packages"]:
        name = package["name"]
        if name not in PACKAGES:
            yield f"package {name} has no layer in ci/layers.py"
            continue
        for dependency in package["dependencies"]:
            other = dependency["name"]
            if other in PACKAGES and other not in PACKAGES[name]:
                yield f"package {name} may not depend on {other}"


def code_of(text):
    """The text with comments and strings blanked, so that prose may name what it likes. Lines stay where they are."""
    comment = r"//[^\n]*|/\*.*?\*/"
    character = r"'(?:\\[^']+|[^\\'])'"
    string = r'\br(#*)".*?"\1|"(?:\\.|[^"\\])*"'
    pattern = "|".join((comment, character, string))
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.S)


def expanded(tree):
    """The paths of a `use` tree: `a::{b, c::d}` gives `a::b` and `a::c::d`."""
    tree = tree.strip()
    if "{" not in tree:
        return [re.split(r"\s+as\s+", tree)[0].strip()] if tree else []
    prefix, inside = tree.split("{", 1)
    depth, start, paths = 0, 0, []
    inside = inside.rstrip().removesuffix("}") + ","
    for at, letter in enumerate(inside):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            paths += [prefix.strip() + path for path in expanded(inside[start:at])]
            start = at + 1
    return paths


def paths_of(code):
    """(line, path) of each path that begins at the crate or above the module, in `use` trees and elsewhere."""
    for found in re.finditer(r"\buse\s+([^;]+);", code):
        line = code.count("\n", 0, found.start()) + 1
        for path in expanded(found[1]):
            yield line, re.sub(r"\s+", "", path)
    for found in re.finditer(r"\b(?:crate|super)(?:\s*::\s*\w+)+", code):
        yield code.count("\n", 0, found.start()) + 1, re.sub(r"\s+", "", found[0])


def reexported(lib):
    """What the crate's root gives a second name to: `pub use sched::Handle` makes `crate::Handle` one of sched."""
    for found in re.finditer(r"\buse\s+([^;]+);", code_of(lib)):
        for path in expanded(found[1]):
            parts = re.sub(r"\s+", "", path).split("::")
            if UPPER in parts:
                yield parts[-1]


def module_violations(source):
    """One line for each path in a lower module that leads to the upper one."""
    lib = source / "lib.rs"
    names = set(reexported(lib.read_text())) if lib.exists() else set()
    for module in LOWER:
        for file in sorted([*source.glob(f"{module}.rs"), *source.glob(f"{module}/**/*.rs")]):
            for line, path in paths_of(code_of(file.read_text())):
                parts = path.split("::")
                root_name = parts[1] if parts[0] == "crate" and len(parts) > 1 else None
                if parts[0] in ("crate", "super", "self") and (UPPER in parts or root_name in names):
                    yield f"{file}:{line}: {module} names {path}"


def clock_violations(source):
    """One line for each reading of the clock that goes past the clock module. Tests may read it."""
    for file in sorted(source.glob("**/*.rs")):
        name = file.relative_to(source).as_posix()
        if name in CLOCKS or TESTS.search(name):
            continue
        code = re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", code_of(file.read_text()))[0]
        for found in re.finditer(r"\b(?:Instant|SystemTime)\s*::\s*now\b|\.\s*elapsed\s*\(", code):
            yield f"{file}:{code.count(chr(10), 0, found.start()) + 1}: {found[0]} reads the clock past its module"


def main():
    sources = [pathlib.Path(source) for source in sys.argv[1:]]
    violations = [*package_violations(json.load(sys.stdin)), *module_violations(sources[0])]
    violations += [line for source in sources for line in clock_violations(source)]
    print("\n".join(violations) or "all dependencies point one way")
    sys.exit(bool(violations))


if __name__ == "__main__":
    main()
