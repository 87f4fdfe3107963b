export const pageStyle = `
:root { color-scheme: light dark; --line: #ccc; --dim: #666; --mark: #fff3c4; --warn: #a33; }
@media (prefers-color-scheme: dark) { :root { --line: #444; --dim: #999; --mark: #4a3d00; --warn: #f99; } }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; }
h1 small, .more, output { color: var(--dim); font-weight: normal; }
h1 small { font-size: 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.note { color: var(--warn); margin: .2rem 0; }
.changed { background: var(--mark); }
details table { margin: .3rem 0; font-size: 13px; }
details td { white-space: pre-wrap; }
form { display: flex; gap: 1.5rem; align-items: baseline; position: sticky; top: 0; padding: .5rem 0; background: Canvas; }
`;

/** Shows the rows of the chosen model and action; without it, all are shown. */
export const pageScript = `
const rows = [...document.querySelectorAll("#actions > tbody > tr")];
const [model, kind, shown] = ["model", "kind", "shown"].map((id) => document.getElementById(id));
for (const name of new Set(rows.map((row) => row.dataset.kind))) kind.add(new Option(name));
const filter = () => {
  let count = 0;
  for (const row of rows) {
    row.hidden = (model.value !== "" && row.dataset.model !== model.value) || (kind.value !== "" && row.dataset.kind !== kind.value);
    if (!row.hidden) count++;
  }
  shown.textContent = count + " of " + rows.length + " shown";
};
model.onchange = kind.onchange = filter;
filter();
`;

/** The one script that the page's own policy lets run: text that got in by mistake would not. */
export const pageScriptHash = "sha256-A6l/RTZ19/LQm6M4peAXNGOn5J2+Vop8VsCWdiRlHHA=";
