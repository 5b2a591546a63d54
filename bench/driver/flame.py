"""A flame graph: stacks as nested bars, each as wide as what was met in it. The outermost frame is at the bottom."""
import dataclasses
import zlib
from xml.sax.saxutils import escape

from driver.stacks import Stacks

WIDTH, MARGIN, BAR, HEAD = 1200, 10, 17, 44
LETTER = 6.6  # of the 11 px monospace
LEAST_WIDTH = 0.4
STYLE = ("text{font:11px monospace;fill:#222}.title{font:bold 14px sans-serif}.about{font:12px sans-serif;fill:#555}"
         "rect{stroke:#fff;stroke-width:.5}g:hover rect{stroke:#000;stroke-width:1}")


@dataclasses.dataclass
class Frame:
    name: str
    cost: int = 0
    calls: dict[str, "Frame"] = dataclasses.field(default_factory=dict)

    def depth(self) -> int:
        return 1 + max((call.depth() for call in self.calls.values()), default=0)


def tree(stacks: Stacks) -> Frame:
    root = Frame("all")
    for stack, cost in stacks.items():
        frame = root
        frame.cost += cost
        for name in stack:
            frame = frame.calls.setdefault(name, Frame(name))
            frame.cost += cost
    return root


def flame_graph(stacks: Stacks, title: str, unit: str) -> str:
    root = tree(stacks)
    height = HEAD + root.depth() * BAR + MARGIN
    bars: list[str] = []
    if root.cost:
        _draw(root, MARGIN, height - MARGIN - BAR, (WIDTH - 2 * MARGIN) / root.cost, root.cost, unit, bars)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{height}" fill="#fdfdf8"/>',
        f'<text class="title" x="{MARGIN}" y="18">{escape(title)}</text>',
        f'<text class="about" x="{MARGIN}" y="35">{root.cost} {unit}; the pointer on a bar shows its name and share</text>',
        *bars, "</svg>", ""])


def _draw(frame: Frame, x: float, y: float, scale: float, whole: int, unit: str, bars: list[str]) -> None:
    width = frame.cost * scale
    if width < LEAST_WIDTH:
        return
    shown = _fitting(frame.name, int((width - 4) / LETTER))
    text = f'<text x="{x + 2:.1f}" y="{y + 12:.1f}">{escape(shown)}</text>' if shown else ""
    bars.append(
        f"<g><title>{escape(frame.name)}: {frame.cost} {unit}, {frame.cost / whole:.1%}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAR}" fill="{_colour(frame.name)}"/>{text}</g>')
    for name in sorted(frame.calls):
        _draw(frame.calls[name], x, y - BAR, scale, whole, unit, bars)
        x += frame.calls[name].cost * scale


def _fitting(name: str, letters: int) -> str:
    """Without the outer namespaces that are too much, and cut off at last."""
    while len(name) > letters and "::" in name:
        name = name.partition("::")[2]
    if len(name) <= letters:
        return name
    return name[:letters - 1] + "…" if letters > 3 else ""


def _colour(name: str) -> str:
    """Warm; our own functions yellow, the same name always the same."""
    shade = zlib.crc32(name.encode()) % 20
    return f"hsl({48 if name.startswith('userd::') else 18 + shade % 10},{75 + shade}%,{72 - shade % 8}%)"
