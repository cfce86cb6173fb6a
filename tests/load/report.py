# SPDX-License-Identifier: Apache-2.0
"""Tables and pictures of docs/load.md from the figures of tests/load/run."""

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RESULTS = ROOT / "build" / "load" / "results.json"


def machine():
    """The machine and its state, in a line."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    return (f"{model[1] if model else 'unknown processor'}, {os.cpu_count()} cores, "
            f"{memory / 2**20:.0f} GiB")


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def number(value):
    """Three digits that say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(values):
    """The median, and between which the rounds lie."""
    return f"**{values['median']:.2f}** ({values['min']:.2f}–{values['max']:.2f})"


def milliseconds(microseconds):
    return number(microseconds / 1000)


def calls_table(rows):
    columns = ["call", "bytes there, back", "calls/s", "echo's", "ratio", "ratio by processor time",
               "server µs a call", "echo's", "h2load: calls/s", "ratio", "server µs", "echo's"]
    lines = []
    for call, row in rows.items():
        line = [call, "{:,}, {:,}".format(*row["sizes"]), number(row["rate"]["ours"]["median"]),
                number(row["rate"]["echo"]["median"]), ratio(row["rate"]["ratio"]),
                ratio(row["per_processor_second"]["ratio"]),
                number(row["server_us"]["ours"]["median"]),
                number(row["server_us"]["echo"]["median"])]
        if "h2load_rate" in row:
            line += [number(row["h2load_rate"]["ours"]["median"]),
                     ratio(row["h2load_rate"]["ratio"]),
                     number(row["h2load_server_us"]["ours"]["median"]),
                     number(row["h2load_server_us"]["echo"]["median"])]
        lines.append(line + [""] * (len(columns) - len(line)))
    return table(columns, lines)


def clients_table(rows):
    return table(
        ["clients", "calls/s", "echo's", "ratio", "ratio by processor time", "p50 ms", "echo's",
         "p99 ms", "echo's"],
        [[row["clients"], number(row["rate"]["ours"]["median"]),
          number(row["rate"]["echo"]["median"]), ratio(row["rate"]["ratio"]),
          ratio(row["per_processor_second"]["ratio"]),
          milliseconds(row["p50"]["ours"]["median"]), milliseconds(row["p50"]["echo"]["median"]),
          milliseconds(row["p99"]["ours"]["median"]), milliseconds(row["p99"]["echo"]["median"])]
         for row in rows])


def percentile(histogram, percent):
    total = sum(count for _, count in histogram)
    seen = 0
    for bound, count in histogram:
        seen += count
        if seen >= total * percent / 100:
            return bound
    return 0


def open_table(rows):
    lines = []
    for row in rows:
        line = [f"{row['rate']:,.0f}", f"{row['share']:.0%}"]
        for percent in (50, 99, 99.9):
            line += [milliseconds(percentile(row["ours"], percent)),
                     milliseconds(percentile(row["echo"], percent))]
        line.append(milliseconds(row["late_p99_us"]))
        line += [milliseconds(row["h2load"][p]["median"]) if row["h2load"] else ""
                 for p in ("p50_us", "p99_us")]
        lines.append(line)
    return table(["calls/s due", "of the most", "p50 ms", "echo's", "p99", "echo's", "p99.9",
                  "echo's", "driver late, p99", "h2load: p50", "p99"], lines)


def mixed_table(rows):
    return table(
        ["long alignments at a time", "of them a second", "p50 ms", "p90", "p99",
         "p99 of the rounds", "p99.9"],
        [[row["heavy"], number(row["heavy_rate"]) if row["heavy_rate"] else "",
          milliseconds(row["p50"]), milliseconds(row["p90"]), f"**{milliseconds(row['p99'])}**",
          f"{milliseconds(row['spread_p99']['min'])}–{milliseconds(row['spread_p99']['max'])}",
          milliseconds(row["p99.9"])] for row in rows])


def step_table(result):
    return table(
        ["batches/s due", "answered/s", "answered", "refused", "lost", "p50 ms", "p99"],
        [[f"{row['rate']:,.0f}", number(row["answers_per_second"]), row["ok"], row["refused"],
          row["due"] - row["ok"] - row["refused"], milliseconds(row["latency_us"]["p50"]),
          milliseconds(row["latency_us"]["p99"])] for row in result["phases"]])


def replicas_table(rows):
    return table(
        ["call", "spread by", "replicas", "calls/s", "to one, round robin", "server µs a call",
         "HAProxy's", "client's", "p99 ms"],
        [[row["call"], row["way"], row["replicas"], number(row["rate"]["median"]),
          ratio(row["ratio"]), number(row["server_us"]["median"]),
          number(row["proxy_us"]["median"]) if row["proxy_us"]["max"] else "",
          number(row["client_us"]["median"]), milliseconds(row["p99_us"]["median"])]
         for row in rows])


def start_table(result):
    return table(["what", "goal", "median", "most"], [
        ["start to `listening on`", "≤ 1 s", f"{result['seconds']['median']:.2f} s",
         f"{result['seconds']['max']:.2f} s"],
        ["memory at its peak until then", "≤ 250 MiB",
         f"{result['resident_mib']['median']:.0f} MiB", f"{result['resident_mib']['max']:.0f} MiB"]])


TABLES = {"calls": calls_table, "clients": clients_table, "open": open_table,
          "mixed": mixed_table, "step": step_table, "replicas": replicas_table,
          "start": start_table}


def curve(histogram):
    """Points (1 / (1 - share), milliseconds) of a histogram, as gnuplot reads them."""
    total = sum(count for _, count in histogram)
    seen = 0
    last = 0
    points = []
    for bound, count in histogram:
        seen += count
        left = total - seen
        # Enough for a smooth line; where few calls are left, chance would draw it.
        if left >= 5 and total / left >= last * 1.03:
            last = total / left
            points.append(f"{last:.4g} {bound / 1000:.4g}")
    return "\n".join(points)


STYLE = """set terminal svg size 860,{height} font "sans-serif,13" background "white"
set output "{path}"
set grid lw 0.5 lc "#dddddd"
set key left top
set border lw 0.8
"""


def draw_latency(rows, path):
    script = [STYLE.format(height=420, path=path), 'set logscale xy', 'set yrange [0.05:*]',
              'set xlabel "percentile"', 'set ylabel "milliseconds, from when a call was due"',
              'set xtics ("0" 1, "50" 2, "90" 10, "99" 100, "99.9" 1000, "99.99" 10000)',
              'set title "A language call and an echo of its size, Poisson arrivals"']
    shown = [row for row in rows if row["share"] in (0.3, 0.7, 0.9)]
    plots = []
    for index, row in enumerate(shown):
        for dash, name in ((1, "ours"), (3, "echo")):
            script += [f"${name}{index} << EOD", curve(row[name]), "EOD"]
            plots.append(f"${name}{index} with lines lw 2 dt {dash} lc {index + 1} title "
                         f'"{name}, {row["rate"]:,.0f} calls/s"')
    gnuplot("\n".join(script + ["plot " + ", ".join(plots)]))


def draw_clients(rows, path):
    script = [STYLE.format(height=620, path=path), "$data << EOD"]
    for row in rows:
        values = [row["clients"]]
        for figure, scale in (("rate", 1e-3), ("p50", 1e-3), ("p99", 1e-3)):
            values += [row[figure][name]["median"] * scale for name in ("ours", "echo")]
        script.append(" ".join(f"{value:.6g}" for value in values))
    ticks = ", ".join(f'"{row["clients"]}" {row["clients"]}' for row in rows)
    script += ["EOD", "set multiplot layout 2,1", "set logscale x", "set xrange [1:256]", f"set xtics ({ticks})",
               'set yrange [0:*]', 'set ylabel "thousand calls a second"',
               'plot $data u 1:2 w lp lw 2 pt 7 ps 0.6 lc 1 title "ours", '
               '$data u 1:3 w lp lw 2 dt 3 pt 7 ps 0.6 lc 2 title "echo"',
               "set logscale y", "set yrange [*:*]", 'set ylabel "milliseconds"',
               'set xlabel "clients, each with one language call at a time"',
               'plot $data u 1:4 w lp lw 2 pt 7 ps 0.6 lc 1 title "ours, p50", '
               '$data u 1:5 w lp lw 2 dt 3 pt 7 ps 0.6 lc 2 title "echo, p50", '
               '$data u 1:6 w lp lw 2 pt 5 ps 0.6 lc 3 title "ours, p99", '
               '$data u 1:7 w lp lw 2 dt 3 pt 5 ps 0.6 lc 4 title "echo, p99"',
               "unset multiplot"]
    gnuplot("\n".join(script))


def gnuplot(script):
    subprocess.run(["gnuplot"], input=script + "\n", text=True, check=True, timeout=120)


def write(results):
    """Adds the results to those of earlier runs, and puts them into the documentation."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**known, **results}))
    page = DOCS / "load.md"
    text = page.read_text()
    now = datetime.datetime.now(datetime.timezone.utc)
    about = (f"{results['machine']}; {now:%Y-%m-%d %H:%M} UTC; {results['rounds']} rounds of "
             f"{results['seconds']:g} s each; load average before and after "
             f"{results['load_average'][0]:.1f}, {results['load_average'][1]:.1f}")
    for part in TABLES:
        if part in results:
            body = f"{TABLES[part](results[part])}\n\n*{about}*"
            text = re.sub(rf"(<!-- {part} -->\n).*?(<!-- /{part} -->)",
                          lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text,
                          flags=re.S)
    page.write_text(text)
    if shutil.which("gnuplot") is None:
        print("no pictures: gnuplot is not installed")
        return
    if "open" in results:
        draw_latency(results["open"], DOCS / "load-latency.svg")
    if "clients" in results:
        draw_clients(results["clients"], DOCS / "load-clients.svg")
