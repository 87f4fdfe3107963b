import { median, type Line, type Unit } from "./measure.ts";

/** The lines as one aligned table: medians, the spread of what is judged, and what the judgement is. */
export function report(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const { measure, ours, unit, baseline, figure, goal, note } = line;
    return [
      measure,
      shown(median(ours), unit),
      baseline ? `${shown(median(baseline.values), unit)} ${baseline.name}` : "",
      figure ? `${number(median(figure.values))}${figure.unit}` : "",
      figure ? spread(figure.values) : "",
      goalText(line),
      goal ? (passes(line) ? "pass" : "MISS") : "",
      note ?? "",
    ];
  });
  const head = ["measure", "ours", "beside it", "figure", "spread", "goal (aim)", "", ""];
  const right = new Set([1, 3]);
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  return all.map((row) => row.map((cell, at) => (right.has(at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!))).join("  ").trimEnd()).join("\n");
}

export function passes({ figure, goal }: Line): boolean {
  if (!figure || !goal) return true;
  const value = median(figure.values);
  return !(value < (goal.atLeast ?? -Infinity)) && !(value > (goal.atMost ?? Infinity));
}

function goalText({ goal, figure }: Line): string {
  if (!goal) return "";
  const unit = figure?.unit ?? "";
  const bound = goal.atLeast === undefined ? `≤ ${number(goal.atMost!)}${unit}` : `≥ ${number(goal.atLeast)}${unit}`;
  return goal.aim === undefined ? bound : `${bound} (${number(goal.aim)}${unit})`;
}

function spread(values: readonly number[]): string {
  return values.length < 2 ? "" : `${number(Math.min(...values))} – ${number(Math.max(...values))}`;
}

function shown(value: number, unit: Unit): string {
  if (unit !== "ms") return `${number(value)} ${unit}`;
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${number(value)} ms`;
}

function number(value: number): string {
  const size = Math.abs(value);
  return Number.isInteger(value) ? String(value) : size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
