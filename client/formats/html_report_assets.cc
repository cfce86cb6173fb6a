// SPDX-License-Identifier: Apache-2.0
#include "client/formats/html_report_assets.h"

namespace hexapla {

const char kHtmlReportStyle[] = R"css(
:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1b1f24; --quiet: #59636e; --line: #d9dee4; --head: #f3f5f7;
  --low: #fff3cf; --doubtful: #ffdcc2; --edge: #b35900; --gap: #eceff2; --mark: #dbeafe;
  --from: #bfdbfe; --ring: #1d4ed8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --ink: #e4e8ec; --quiet: #9aa5b1; --line: #343a41; --head: #1e2328;
    --low: #3d3414; --doubtful: #52301a; --edge: #ffa657; --gap: #23282e; --mark: #1c304f;
    --from: #274572; --ring: #79b0ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
}
header { padding: 1rem 1.25rem 0.75rem; max-width: 100vw; position: sticky; left: 0; }
h1 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 0.25rem; overflow-wrap: anywhere; }
p { margin: 0 0 0.4rem; }
p:last-child { margin-bottom: 0; }
.facts, .help { color: var(--quiet); }
.help { font-size: 0.85rem; }
.warnings { margin: 0.5rem 0; padding-left: 1.2rem; color: var(--edge); }
details { margin: 0.4rem 0; }
details td, details th { padding: 0 1rem 0 0; text-align: start; font-weight: normal; }
.legend {
  display: flex; flex-wrap: wrap; gap: 0.4rem 1.25rem; margin: 0.5rem 0; padding: 0; border: 0;
}
.legend label, .legend span { display: inline-flex; align-items: center; gap: 0.4rem; }
.swatch { width: 1.5rem; height: 1rem; border: 1px solid var(--line); display: inline-block; }
.show { display: none; }
.scripted .show { display: flex; }
#beads { border-collapse: separate; border-spacing: 0; table-layout: fixed; width: 100%; }
#beads { min-width: calc(6.5rem + var(--versions) * 12rem); }
#beads thead th {
  position: sticky; top: 0; z-index: 1; background: var(--head); text-align: start;
  border-block: 1px solid var(--line); padding: 0.5rem 0.75rem; overflow-wrap: anywhere;
}
#beads thead small { display: block; font-weight: normal; color: var(--quiet); }
#beads thead .rtl { text-align: right; }
#beads .number { width: 6.5rem; }
#beads tbody th { font-weight: normal; text-align: start; white-space: nowrap; }
#beads tbody th a { color: var(--quiet); text-decoration: none; margin-inline-end: 0.6rem; }
#beads tbody th, #beads tbody td {
  vertical-align: top; padding: 0.4rem 0.75rem; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; scroll-margin: 5rem 1rem;
}
#beads tbody th { font-variant-numeric: tabular-nums; }
#beads td { text-align: start; }
#beads .low, .swatch.low { background: var(--low); }
#beads .doubtful, .swatch.doubtful {
  background: var(--doubtful); box-shadow: inset 0.25rem 0 var(--edge);
}
#beads .doubtful[dir="rtl"] { box-shadow: inset -0.25rem 0 var(--edge); }
#beads .absent, .swatch.absent {
  color: var(--quiet);
  background: repeating-linear-gradient(135deg, var(--gap) 0 0.4rem, transparent 0.4rem 0.8rem);
}
#beads tbody tr:hover td, #beads tr.here td { background-color: var(--mark); }
#beads tbody td:hover, #beads tr.here td.from { background-color: var(--from); }
:focus-visible { outline: 0.15rem solid var(--ring); outline-offset: -0.15rem; }
[data-show="doubtful"] #beads tbody tr:not(.has-doubt),
[data-show="absent"] #beads tbody tr:not(.has-gap) { display: none; }
#reader {
  position: fixed; inset: auto 0 0 0; z-index: 2; max-height: 45vh; overflow: hidden;
  pointer-events: none;
  background: var(--head); border-top: 2px solid var(--ring); padding: 0.6rem 1.25rem;
  display: grid; gap: 0.3rem 1rem; grid-template-columns: minmax(6rem, max-content) 1fr;
}
#reader.above { inset: 0 0 auto 0; border-top: none; border-bottom: 2px solid var(--ring); }
#reader[hidden] { display: none; }
#reader dt { color: var(--quiet); overflow-wrap: anywhere; max-width: 30vw; }
#reader dd { margin: 0; }
@media print {
  :root {
    color-scheme: light; --page: #fff; --ink: #000; --quiet: #444; --line: #999; --head: #fff;
    --low: #fff3cf; --doubtful: #ffdcc2; --edge: #b35900; --gap: #e4e4e4; --mark: transparent;
    --from: transparent;
  }
  body { font-size: 9pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header, #beads thead th { position: static; }
  #beads { min-width: 0; }
  #beads tr { break-inside: avoid; }
  #beads .number { width: 5rem; }
  .show, .scripted .show, .help, #reader { display: none; }
}
)css";

const char kHtmlReportScript[] = R"js(
(() => {
  'use strict';
  const table = document.getElementById('beads');
  const reader = document.getElementById('reader');
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.dataset.name);
  const cellsOf = (row) => [...row.querySelectorAll('td')];
  let shown = null;
  let focused = table.querySelector('td');

  const hide = () => {
    if (shown) {
      shown.classList.remove('from');
      shown.parentNode.classList.remove('here');
    }
    shown = null;
    reader.hidden = true;
  };

  // Whether all of a cell can be seen, under the heads of the columns.
  const inView = (cell) => {
    const box = cell.getBoundingClientRect();
    return box.left >= 0 && box.right <= innerWidth &&
        box.top >= table.tHead.getBoundingClientRect().bottom - 1 && box.bottom <= innerHeight;
  };

  // Marks a cell and its counterparts; those out of sight are read at the foot, or at
  // the head where the foot would cover the cell.
  const show = (cell) => {
    if (shown === cell) return;
    hide();
    shown = cell;
    cell.classList.add('from');
    cell.parentNode.classList.add('here');
    const cells = cellsOf(cell.parentNode);
    reader.replaceChildren();
    cells.forEach((other, version) => {
      if (other === cell || inView(other)) return;
      const name = document.createElement('dt');
      name.textContent = names[version];
      const text = document.createElement('dd');
      text.lang = other.lang;
      text.dir = other.dir;
      text.append(...[...other.childNodes].map((node) => node.cloneNode(true)));
      reader.append(name, text);
    });
    reader.classList.toggle('above', cell.getBoundingClientRect().bottom > innerHeight * 0.55);
    reader.hidden = reader.childElementCount === 0;
  };

  const visibleRows = () =>
      [...table.tBodies[0].rows].filter((row) => row.getClientRects().length > 0);

  const focus = (cell) => {
    if (!cell) return;
    if (focused) focused.tabIndex = -1;
    focused = cell;
    cell.tabIndex = 0;
    cell.focus();
    cell.scrollIntoView({block: 'nearest', inline: 'nearest'});
  };

  table.addEventListener('pointerover', (event) => {
    const cell = event.target.closest('tbody td');
    if (cell) show(cell);
  });
  table.addEventListener('pointerleave', () => {
    hide();
    if (document.activeElement === focused) show(focused);
  });
  table.addEventListener('focusin', (event) => {
    const cell = event.target.closest('tbody td');
    if (!cell) return;
    if (cell !== focused) focus(cell);
    show(cell);
  });
  table.addEventListener('focusout', hide);

  table.addEventListener('keydown', (event) => {
    const cell = event.target.closest('tbody td');
    if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = visibleRows();
    const row = rows.indexOf(cell.parentNode);
    const cells = cellsOf(cell.parentNode);
    const column = cells.indexOf(cell);
    const at = (index) => rows[index] && cellsOf(rows[index])[column];
    const targets = {
      ArrowDown: () => at(row + 1),
      ArrowUp: () => at(row - 1),
      ArrowRight: () => cells[column + 1],
      ArrowLeft: () => cells[column - 1],
      Home: () => at(0),
      End: () => at(rows.length - 1),
    };
    if (event.key === 'Escape') {
      cell.blur();
    } else if (Object.hasOwn(targets, event.key)) {
      event.preventDefault();
      focus(targets[event.key]());
    }
  });

  // These work wherever the focus is; outside of the table they begin with the first
  // row in sight.
  document.addEventListener('keydown', (event) => {
    const name = {d: 'has-doubt', a: 'has-gap'}[event.key];
    if (!name || event.ctrlKey || event.altKey || event.metaKey) return;
    const cell = event.target.closest('#beads tbody td');
    const head = table.tHead.getBoundingClientRect().bottom;
    const rows = visibleRows();
    const begin = cell ? rows.indexOf(cell.parentNode) + 1 :
        rows.findIndex((row) => row.getBoundingClientRect().bottom > head);
    const row = begin < 0 ? null : rows.slice(begin).find((other) => other.classList.contains(name));
    event.preventDefault();
    if (row) focus(cellsOf(row)[focused.cellIndex - 1]);
  });

  document.body.classList.add('scripted');
  for (const choice of document.querySelectorAll('input[name=show]')) {
    choice.addEventListener('change', () => {
      document.body.dataset.show = choice.value;
      const first = visibleRows()[0];
      // Tab must lead to a row that is there.
      if (first && !focused.getClientRects().length) {
        focused.tabIndex = -1;
        focused = cellsOf(first)[0];
        focused.tabIndex = 0;
      }
    });
  }
})();
)js";

}  // namespace hexapla
