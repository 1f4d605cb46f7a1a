"""Shows layers.py made-up packages and trees, and what it must say of each."""

import pathlib
import tempfile

import layers


def packages(name, *dependencies):
    return {"packages": [{"name": name, "dependencies": [{"name": other} for other in dependencies]}]}


def violations(check, files):
    """What `check` finds in a tree; `task__state` is task/state.rs."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder)
        for name, text in files.items():
            file = source / (name.replace("__", "/") + ".rs")
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return [line.split(": ", 1)[1] for line in check(source)]


def modules(**files):
    return violations(layers.module_violations, files)


def clocks(**files):
    return violations(layers.clock_violations, files)


WRONG_PACKAGES = [
    packages("gmp-executor", "libc", "gmp-sync"),
    packages("gmp-sync", "gmp-net"),
    packages("gmp-macros", "gmp"),
    packages("gmp-net", "gmp"),
    packages("gmp-benches", "gmp-executor"),
    packages("gmp-new"),
]
RIGHT_PACKAGES = [
    packages("gmp", "gmp", "gmp-macros", "gmp-net", "gmp-executor", "hyper"),
    packages("gmp-executor", "libc"),
    packages("gmp-benches", "gmp", "tokio"),
]
WRONG_MODULES = [
    dict(task="use crate::sched::Section;"),
    dict(task__state="use crate::{\n    slab::Slot,\n    sched::{idle::Idle, Section},\n};"),
    dict(time__heap="fn f() { super::super::sched::section::enter() }"),
    dict(slab__mod="use super::sched;"),
    dict(slab__span="fn f() -> crate :: sched :: Tick { 0 }"),
    dict(slab__span="use crate::{self as root, sched as s};"),
    dict(slab__span="const QUOTE: char = '\"'; use crate::sched; fn f<'a>(_: &'a str) {}"),
    dict(task__name="use crate::Handle;", lib="pub use sched::{Handle, Runtime as R};"),
    dict(task__name="fn f(_: &crate::Handle) {}", lib="pub use crate::sched::handle::Handle;"),
]
RIGHT_MODULES = [
    dict(sched__mod="use crate::task::Name; use crate::sched::Section;"),
    dict(task__state="//! Woken by [`crate::sched`].\n/* crate::sched */ const A: &str = \"crate::sched\";"),
    dict(task__state="use crate::{shim, task::Name}; use std::sched::Other;", lib="pub use sched::Handle;"),
]

WRONG_CLOCKS = [
    dict(time__interval="fn f() { Instant::now(); }"),
    dict(poller="fn f(at: Instant) { at.elapsed(); }"),
    dict(poller="fn f() { std::time::SystemTime :: now() }"),
    dict(sched__clock="fn f() { Instant::now(); }"),
]
RIGHT_CLOCKS = [
    dict(time__clock="fn now() { Instant::now() }"),
    dict(clock="fn now() { Instant::now() }"),
    dict(time__tests="fn f() { Instant::now() }"),
    dict(limit="/// Instant::now()\nfn f() {}\n#[cfg(test)]\nmod tests {\n fn f() { Instant::now() }\n}"),
]

for wrong in WRONG_PACKAGES:
    assert list(layers.package_violations(wrong)), f"not found: {wrong}"
for right in RIGHT_PACKAGES:
    assert not list(layers.package_violations(right)), f"false alarm: {right}"
for wrong in WRONG_MODULES:
    found = modules(**wrong)
    assert found, f"not found: {wrong}"
    print("found, as it must be:", found[0])
for wrong in WRONG_CLOCKS:
    found = clocks(**wrong)
    assert found, f"not found: {wrong}"
    print("found, as it must be:", found[0])
for right in RIGHT_CLOCKS:
    assert not clocks(**right), f"false alarm: {right}"
for right in RIGHT_MODULES:
    assert not modules(**right), f"false alarm: {right}"
print("the check finds each of", len(WRONG_PACKAGES) + len(WRONG_MODULES) + len(WRONG_CLOCKS), "violations and nothing else")
