"""Stacks with how often they were met: from `perf script`, and from what callgrind counted."""
import collections
import re

# Of what callgrind counted: the rest is too little to see.
MOST_STACKS = 5000
Stacks = collections.Counter  # of tuples of frames, the outermost first

_FRAME = re.compile(r"\s+[0-9a-f]+ (.+) \(([^()]*)\)$")
# Brackets that enclose no arguments.
_WHOLE = re.compile(r"operator(?:<=>|<<=|>>=|->\*|<<|>>|<=|>=|->|<|>|\(\))|\(anonymous namespace\)|->")
_APPENDED = re.compile(r" \[clone [^]]*\]|\[abi:[^]]*\]| const(?= \[|$)")


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
    return f"[{binary.rpartition('/')[2]}]" if symbol == "[unknown]" else plain(symbol)


def plain(symbol: str) -> str:
    """Without its arguments, those of templates too, and without what the compiler appends."""
    kept, depth, position = [], 0, 0
    symbol = _APPENDED.sub("", symbol)
    while position < len(symbol):
        whole = _WHOLE.match(symbol, position)
        text = whole[0] if whole else symbol[position]
        if depth == 0 and text not in ("(", ")", "<", ">"):
            kept.append(text)
        if text in ("<", "("):
            depth += 1
        if text in (">", ")"):
            depth -= 1
        if depth == 1 and text == "<":
            kept.append("<…>")
        position += len(text)
    return "".join(kept)


class _Function:
    def __init__(self) -> None:
        self.own = 0
        self.calls: collections.Counter[str] = collections.Counter()

    def whole(self) -> int:
        return self.own + self.calls.total()


def from_callgrind(profile: str) -> Stacks:
    """Of a file without compressed names. Callgrind counts calls, not stacks: what a function spent is shared among
    its callers as they spent it in all, and a function within itself counts as one."""
    functions = _functions(profile)
    called = sum((function.calls for function in functions.values()), collections.Counter())
    least = sum(function.own for function in functions.values()) / MOST_STACKS
    spread: dict[tuple, float] = collections.defaultdict(float)
    for name, function in functions.items():
        from_outside = function.whole() - called[name]
        if from_outside > 0:
            _spread(functions, (name,), from_outside, least, spread)
    return Stacks({stack: round(cost) for stack, cost in spread.items() if round(cost)})


def _spread(functions: dict[str, _Function], stack: tuple, cost: float, least: float, spread: dict) -> None:
    function = functions[stack[-1]]
    whole = function.whole()
    if cost < least or not whole:
        spread[stack] += cost
        return
    spread[stack] += cost * function.own / whole
    for callee, spent in function.calls.items():
        if callee in stack:
            spread[stack] += cost * spent / whole
        else:
            _spread(functions, (*stack, callee), cost * spent / whole, least, spread)


def _functions(profile: str) -> dict[str, _Function]:
    """A line of figures after a cfn= is what that call cost, else the function's own."""
    functions: dict[str, _Function] = collections.defaultdict(_Function)
    current, binary, callee, its_binary = functions[""], "", None, None
    for line in profile.splitlines():
        key, _, value = line.partition("=")
        if key == "ob":
            binary = value
        elif key == "cob":
            its_binary = value
        elif key == "fn":
            current = functions[_called(value, binary)]
        elif key == "cfn":
            callee, its_binary = _called(value, its_binary or binary), None
        elif line[:1].isdigit():
            spent = int((line.split() + ["0"])[1])
            if callee is None:
                current.own += spent
            elif functions[callee] is not current:
                current.calls[callee] += spent
            callee = None
    return functions


def _called(name: str, binary: str) -> str:
    without_recursion = name.partition("'")[0]
    return _name("[unknown]" if without_recursion.startswith(("0x", "???")) else without_recursion, binary)
