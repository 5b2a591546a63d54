"""What the bench reads out of perf and callgrind, and what it says about instruction counts."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))

from driver.callgrind import total  # noqa: E402
from driver.instructions import report  # noqa: E402
from driver.stacks import from_callgrind, from_perf, plain  # noqa: E402

PERF = """loop-1 \n\t         1d2fcd [unknown] (/usr/lib/libcrypto.so.3)
\t         1d4b6c [unknown] (/usr/lib/libcrypto.so.3)
\t         1edd6c userd::(anonymous namespace)::Key<int>::verify (/opt/userd)
\t         1098eb clone3 (/usr/lib/libc.so.6)

loop-0 \n\t         1d0000 [unknown] (/usr/lib/libcrypto.so.3)
\t         1edd6c userd::(anonymous namespace)::Key<int>::verify (/opt/userd)
\t         1098eb clone3 (/usr/lib/libc.so.6)

sqlite-writer \n\t         1098eb clone3 (/usr/lib/libc.so.6)
"""

# `serve` calls `hash` for 30 and itself once; `tick` calls `hash` for 10.
CALLGRIND = """# callgrind format
version: 1
creator: callgrind-3.19.0
positions: line
events: Ir
summary: 100

ob=/opt/userd
fl=a.cpp
fn=serve(int)
3 40
cfn=serve(int)'2
calls=1 3
4 20
cob=/usr/lib/libcrypto.so.3
cfn=0x0000000000001234
calls=3 0
5 22
6

fn=serve(int)'2
3 12
cob=/usr/lib/libcrypto.so.3
cfn=0x0000000000001234
calls=1 0
5 8

fn=tick
9
cob=/usr/lib/libcrypto.so.3
cfn=0x0000000000001234
calls=1 0
9 10

ob=/usr/lib/libcrypto.so.3
fn=0x0000000000001234
0 40

totals: 92
"""


def test_samples_of_all_numbers_of_a_thread_are_one_stack_from_the_outermost_frame_on():
    verify = "userd::(anonymous namespace)::Key<…>::verify"
    assert from_perf(PERF) == {
        ("loop", "clone3", verify, "[libcrypto.so.3]"): 2, ("sqlite-writer", "clone3"): 1}


def test_no_samples_are_no_stacks():
    assert from_perf("") == {}


@pytest.mark.parametrize("symbol, name", [
    ("userd::run(std::function<void (int)>, a<b<c> >) const", "userd::run"),
    ("userd::(anonymous namespace)::Key<(A)1>::verify(int)", "userd::(anonymous namespace)::Key<…>::verify"),
    ("userd::me(userd::me(int)::_Z2mei.Frame*) [clone .actor]", "userd::me"),
    ("Each<int>::operator()(int) const [clone .isra.0]", "Each<…>::operator()"),
    ("std::operator<< <char>(std::ostream&)", "std::operator<< <…>"),
    ("Pointer<int>::operator->() const", "Pointer<…>::operator->"),
    ("userd::encode_jwt[abi:cxx11]", "userd::encode_jwt"),
    ("operator new(unsigned long)", "operator new"),
])
def test_a_name_has_no_arguments_and_keeps_its_operator(symbol, name):
    assert plain(symbol) == name


def test_what_callgrind_counted_is_shared_among_callers_and_nothing_is_lost():
    stacks = from_callgrind(CALLGRIND)
    assert stacks.total() == total(CALLGRIND)
    assert stacks[("tick", "[libcrypto.so.3]")] == 10
    assert stacks[("serve", "[libcrypto.so.3]")] == pytest.approx(30, abs=1)
    assert stacks[("serve",)] == pytest.approx(52, abs=1)


KEPT = {"date": "2026-01-02", "commit": "abc123", "counts": {"read": 1000, "refresh": 2000}}


def test_a_rise_of_over_a_tenth_is_told():
    told = report(KEPT, {"read": 1101, "refresh": 2200})
    assert "INSTRUCTIONS ROSE by more than 10%: read, 1000 -> 1101" in told
    assert told.count("INSTRUCTIONS ROSE") == 1
    assert "+10.0%" in told and "2026-01-02 at abc123" in told


def test_a_fall_is_no_rise():
    assert "ROSE" not in report(KEPT, {"read": 500, "refresh": 2000})


def test_a_count_that_was_never_kept_is_shown_beside_none():
    told = report({}, {"read": 1000})
    assert "none kept" in told and "ROSE" not in told


def test_a_dump_without_a_total_is_refused():
    with pytest.raises(RuntimeError, match="no total"):
        total("events: Ir\n")
