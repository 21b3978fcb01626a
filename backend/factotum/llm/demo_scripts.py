"""The programs that the demo tasks write into the workspace. Data: nothing here runs in this process."""

from typing import Final

PRIMES: Final = '''"""Write the first 20 primes to primes.csv and plot them to primes.png."""

import csv
import struct
import zlib


def primes(count):
    """Return the first `count` primes."""
    found = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def plot_with_matplotlib(values, path):
    """Plot with matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    axes.plot(range(1, len(values) + 1), values, marker="o")
    axes.set_title(f"The first {len(values)} primes")
    axes.set_xlabel("position")
    axes.set_ylabel("prime")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


def plot_by_hand(values, path, width=640, height=400, margin=20):
    """Draw a bar chart as a PNG with the standard library alone."""
    pixels = [[(255, 255, 255)] * width for _ in range(height)]
    step = (width - 2 * margin) // len(values)
    for index, value in enumerate(values):
        top = height - margin - value * (height - 2 * margin) // max(values)
        for y in range(top, height - margin):
            for x in range(margin + index * step, margin + index * step + step - 4):
                pixels[y][x] = (37, 99, 235)
    raw = b"".join(b"\\0" + bytes(part for pixel in row for part in pixel) for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header))
        file.write(chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


values = primes(20)
with open("primes.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["position", "prime"])
    writer.writerows(enumerate(values, 1))
try:
    plot_with_matplotlib(values, "primes.png")
    print("plotted with matplotlib")
except ImportError:
    plot_by_hand(values, "primes.png")
    print("plotted by hand: matplotlib is not installed")
print(", ".join(map(str, values)))
'''

SALES: Final = """month,region,units,revenue
2026-01,North,120,2400.00
2026-01,South,95,1995.00
2026-02,North,132,2640.00
2026-02,South,101,2121.00
2026-03,North,87,1740.00
2026-03,South,143,3003.00
2026-04,North,156,3120.00
2026-04,South,139,2919.00
"""

ANALYSE: Final = '''"""Describe a CSV file in report.md: its columns, and the usual measures of numbers."""

import csv
import statistics
import sys

path = sys.argv[1]
with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
    rows = list(csv.DictReader(file))
columns = list(rows[0]) if rows else []


def numbers(column):
    """Return the column as numbers, or nothing if any value is not one."""
    try:
        return [float(row[column]) for row in rows if row[column] not in ("", None)]
    except (ValueError, TypeError):
        return []


lines = [f"# Report on {path}", "", f"{len(rows)} rows, {len(columns)} columns: {', '.join(columns)}.", ""]
lines += ["| column | sum | mean | median | smallest | largest |", "|---|---|---|---|---|---|"]
for column in columns:
    values = numbers(column)
    if values:
        found = (sum(values), statistics.fmean(values), statistics.median(values), min(values), max(values))
        lines.append(f"| {column} | " + " | ".join(f"{value:,.2f}" for value in found) + " |")
lines += ["", "## Other columns", ""]
for column in columns:
    if not numbers(column):
        kinds = {row[column] for row in rows}
        example = sorted(map(str, kinds))[0]
        lines.append(f"- **{column}**: {len(kinds)} different values, for example {example}")
with open("report.md", "w", encoding="utf-8") as file:
    file.write("\\n".join(lines) + "\\n")
print("\\n".join(lines))
'''

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ margin: 0; font: 18px/1.6 system-ui, sans-serif; background: {paper}; color: {ink}; }}
  header {{ padding: 18vh 8vw 12vh; background: {accent}; color: #fff; }}
  h1 {{ margin: 0; font-size: clamp(2rem, 7vw, 4.5rem); line-height: 1.1; }}
  main {{ max-width: 42rem; margin: 0 auto; padding: 3rem 8vw; }}
</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main>
<p>This page was made to order: you asked for &ldquo;{title}&rdquo;.</p>
<p>It is one file without any scripts. Change the words in index.html and open it again.</p>
</main>
</body>
</html>
"""

CHECK_PAGE: Final = """python3 - <<'END'
from html.parser import HTMLParser

class Check(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "br", "img", "link"}:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

check = Check()
check.feed(open("index.html", encoding="utf-8").read())
assert not check.open, check.open
print("index.html: every tag is closed")
END"""
