"""Stacks with how often they were met: from `perf script`, and from what callgrind counted."""
import collections
import re

Stacks = collections.Counter  # of tuples of frames, the outermost first

_FRAME = re.compile(r"\s+[0-9a-f]+ (.+) \(([^()]*)\)$")
_OPERATOR = re.compile(r"operator(?:<=>|<<=|>>=|->\*|<<|>>|<=|>=|->|<|>)")


def from_perf(script: str) -> Stacks:
    """Of `perf script -F comm,ip,sym,dso`. The outermost frame is the thread's name, without its number."""
    stacks: Stacks = Stacks()
    for sample in script.split("\n\n"):
        thread, *frames = sample.strip("\n").split("\n")
        if not frames:
            continue
        named = [_name(match[1], match[2]) for match in map(_FRAME.match, reversed(frames)) if match]
        # Several frames of a library without symbols tell no more than one.
        calls = [name for number, name in enumerate(named) if number == 0 or not name.startswith("[") or name != named[number - 1]]
        stacks[(thread.strip().rstrip("0123456789").rstrip("-"), *calls)] += 1
    return stacks


def _name(symbol: str, binary: str) -> str:
    return f"[{binary.rpartition('/')[2]}]" if symbol == "[unknown]" else without_template_arguments(symbol)


def without_template_arguments(symbol: str) -> str:
    kept, depth, position = [], 0, 0
    while position < len(symbol):
        operator = _OPERATOR.match(symbol, position)
        text = operator[0] if operator else symbol[position]
        if text == ">":
            depth -= 1
        if depth == 0:
            kept.append(text)
        if text == "<":
            depth += 1
            if depth == 1:
                kept.append("…")
        position += len(text)
    return "".join(kept)


class _Function:
    def __init__(self) -> None:
        self.own = 0
        self.calls: dict[str, int] = collections.defaultdict(int)


def from_callgrind(profile: str) -> Stacks:
    """Of a file without compressed names. Callgrind counts calls, not stacks: what a function spent is shared among
    its callers as they spent it in all, and a function within itself is cut off."""
    functions = _functions(profile)
    called = collections.Counter()
    for function in functions.values():
        called.update(function.calls)
    stacks: Stacks = Stacks()
    for name, function in functions.items():
        alone = function.own + sum(function.calls.values()) - called[name]
        if alone > 0:
            _spread(functions, (name,), alone, stacks)
    least = sum(stacks.values()) / 10000
    return Stacks({stack: round(cost) for stack, cost in stacks.items() if cost >= least})


def _spread(functions: dict[str, _Function], stack: tuple, cost: float, stacks: Stacks) -> None:
    function = functions[stack[-1]]
    whole = function.own + sum(function.calls.values())
    if whole == 0 or cost < 1000:
        return
    stacks[stack] += cost * function.own / whole
    for callee, spent in function.calls.items():
        if callee in stack:
            stacks[stack] += cost * spent / whole
        else:
            _spread(functions, (*stack, callee), cost * spent / whole, stacks)


def _functions(profile: str) -> dict[str, _Function]:
    functions: dict[str, _Function] = collections.defaultdict(_Function)
    current, callee = functions[""], None
    for line in profile.splitlines():
        key, equals, value = line.partition("=")
        if equals and key == "fn":
            current = functions[without_template_arguments(value)]
        elif equals and key == "cfn":
            callee = without_template_arguments(value)
        elif line[:1].isdigit() or line[:1] in "+-*":
            spent = int(line.split()[1])
            if callee is None:
                current.own += spent
            else:
                current.calls[callee] += spent
                functions[callee]
            callee = None
    return functions
