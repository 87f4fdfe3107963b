import { stripVTControlCharacters, styleText } from "node:util";

/** Everything is printed on a page of fixed width: a gutter for the step, what it says, and the time it took. */
const width = 98;
const gutter = 13;
const timeColumn = 8;

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** In colour on a terminal only; `NO_COLOR` is honoured. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

const number = new Intl.NumberFormat("en-US");

export const figure = (value: number, columns = 0): string => number.format(value).padStart(columns);

/** `1 record`, `1,234 records`. */
export const counted = (value: number, noun: string): string => `${figure(value)} ${noun}${value === 1 ? "" : "s"}`;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

export function print(line = ""): void {
  console.log(line.trimEnd());
}

export function heading(text: string): void {
  print();
  print(`${paint("bold", text)} ${paint("dim", "─".repeat(width - text.length - 1))}`);
  print();
}

/** What one step has to say: its name in the gutter, its time at the end of the first line. */
export function block(step: string, rows: readonly (string | readonly string[])[], milliseconds?: number): void {
  const room = width - gutter - (milliseconds === undefined ? 0 : timeColumn);
  const lines = table(rows, room);
  lines.forEach((line, at) => {
    const name = (at === 0 ? paint("cyan", step) : "") + " ".repeat(gutter - 2 - (at === 0 ? step.length : 0));
    const time = at === 0 && milliseconds !== undefined ? paint("dim", seconds(milliseconds).padStart(room + timeColumn - lengthOf(line))) : "";
    print(`  ${name}${line}${time}`);
  });
}

/** Rows of cells become aligned columns, the last of which is wrapped; a text by itself takes the whole width. */
function table(rows: readonly (string | readonly string[])[], room: number): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    if (typeof row === "string") continue;
    row.slice(0, -1).forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, lengthOf(cell))));
  }
  return rows.flatMap((row) => {
    if (typeof row === "string") return wrap(row, room);
    const head = row.slice(0, -1).map((cell, at) => cell + " ".repeat(widths[at]! - lengthOf(cell) + 2)).join("");
    const before = lengthOf(head);
    return wrap(row.at(-1) ?? "", room - before).map((text, at) => (at === 0 ? head : " ".repeat(before)) + text);
  });
}

function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && lengthOf(`${line} ${word}`) > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Without the colours in it. */
const lengthOf = (text: string): number => stripVTControlCharacters(text).length;
