import type { PlannedAction } from "../run/plan-sink.ts";
import type { Value } from "../value.ts";
import type { LiveField, LiveRecord } from "./look.ts";
import { pageScript, pageScriptHash, pageStyle } from "./page-assets.ts";
import { countRows, keysOf, kindOf, reasonsOf, Sampler, targetOf, type Reported } from "./sample.ts";

export interface PlanPageOptions {
  /**
   * Reads both rows of every shown action while the page is made, and puts their values in: the page is then as
   * confidential as the rows. A plan itself holds none.
   * @default false
   */
  readonly values?: boolean;
  /**
   * Actions of each kind in each model, at most; what is left out is counted.
   * @default 1000
   */
  readonly limit?: number;
}

/** A plan as one HTML page that needs nothing from elsewhere; in chunks, one page of the plan in memory at a time. */
export async function* planPage(plan: Reported & { readonly id: string }, { values = false, limit = 1000 }: PlanPageOptions = {}): AsyncGenerator<string> {
  const sampler = new Sampler(limit);
  yield head(plan);
  for await (const page of plan.actions()) {
    const shown = sampler.take(page);
    if (shown.length === 0) continue;
    const live = values ? await plan.look(shown) : [];
    yield shown.map((action, at) => row(action, live[at])).join("");
  }
  const more = sampler.kinds.filter(({ left }) => left > 0);
  yield `</tbody></table>\n${more.map(({ model, kind, left }) => `<p class="more">${left} more: ${text(model)}, ${text(kind)}</p>\n`).join("")}`;
  yield `</main>\n<script>${pageScript}</script>\n</body>\n</html>\n`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** As text or inside of a quoted attribute; what turns the direction of writing, or is no character at all, is named. */
const text = (content: string): string =>
  content.replaceAll(/[&<>"']/g, (character) => entities[character]!)
    .replaceAll(/[\p{Bidi_Control}\p{Surrogate}\0]/gu, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`);

const cells = (tag: "td" | "th", contents: readonly (string | number)[]): string =>
  contents.map((content) => (typeof content === "number" ? `<${tag} class="number">${content}</${tag}>` : `<${tag}>${text(content)}</${tag}>`)).join("");

function head(plan: Reported & { readonly id: string }): string {
  const counts = countRows(plan.models);
  const models = [...plan.models.keys()];
  const notes = [
    ...plan.deletesToConfirm.map(({ model, deletes, records }) => `${model}: ${deletes} deletes of ${records} records need confirmDeletes.`),
    ...plan.findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src '${pageScriptHash}'">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Plan ${text(plan.id)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>Plan <small>${text(plan.id)}</small></h1>
<table><thead><tr>${cells("th", counts.head)}</tr></thead>
<tbody>${counts.rows.map((each) => `<tr>${cells("td", each)}</tr>\n`).join("")}</tbody></table>
${notes.map((note) => `<p class="note">${text(note)}</p>\n`).join("")}<form>
<label>Model <select id="model"><option value="">all</option>${models.map((name) => `<option>${text(name)}</option>`).join("")}</select></label>
<label>Action <select id="kind"><option value="">all</option></select></label>
<output id="shown"></output>
</form>
<table id="actions"><thead><tr>${cells("th", ["model", "action", "key", "to", "reason"])}</tr></thead>
<tbody>
`;
}

function row(action: PlannedAction, live: LiveRecord | undefined): string {
  const kind = kindOf(action);
  const shown = [action.model, kind, keysOf(action), targetOf(action)];
  const reasons = `<td>${text(reasonsOf(action))}${live ? look(live) : ""}</td>`;
  return `<tr data-model="${text(action.model)}" data-kind="${text(kind)}">${cells("td", shown)}${reasons}</tr>\n`;
}

function look({ stale, fields }: LiveRecord): string {
  const note = stale ? `<p class="note">Changed since the plan was made: apply leaves it alone.</p>` : "";
  if (fields.every((field) => field.left === undefined && field.right === undefined)) return note;
  const lines = fields.map((field) => `<tr>${cells("td", [field.field])}${value(field, "base")}${value(field, "left")}${value(field, "right")}</tr>\n`);
  const heading = `<thead><tr>${cells("th", ["field", "base", "left", "right"])}</tr></thead>`;
  return `${note}<details><summary>values</summary><table>${heading}\n<tbody>${lines.join("")}</tbody></table></details>`;
}

function value(field: LiveField, of: "base" | "left" | "right"): string {
  const content: Value | undefined = field[of];
  const changed = of !== "base" && field.changed?.includes(of);
  return `<td${changed ? ` class="changed"` : ""}>${content === undefined ? "" : content === null ? "<i>null</i>" : text(content)}</td>`;
}
