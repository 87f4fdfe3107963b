import { stripVTControlCharacters, styleText } from "node:util";

/** Where everything is printed: a page of fixed width, with a gutter for the name of each step. */
const width = 98;
const gutter = 13;

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** In colour on a terminal only; `NO_COLOR` is honoured. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

const number = new Intl.NumberFormat("en-US");

export const figure = (value: number, columns = 0): string => number.format(value).padStart(columns);

/** `1 record`, `1,234 records`. */
export const counted = (value: number, noun: string): string => `${figure(value)} ${noun}${value === 1 ? "" : "s"}`;

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

export function print(line = ""): void {
  console.log(line.trimEnd());
}

export function heading(text: string): void {
  print();
  print(`${paint("bold", text)} ${paint("dim", "─".repeat(width - text.length - 1))}`);
  print();
}

/** Lines of one step: its name in the gutter before the first, the time it took at the end of the last. */
export function block(step: string, lines: readonly string[], milliseconds?: number): void {
  const time = milliseconds === undefined ? "" : seconds(milliseconds);
  lines.forEach((line, at) => {
    const name = at === 0 ? paint("cyan", step.padEnd(gutter - 2)) : " ".repeat(gutter - 2);
    const end = at === lines.length - 1 && time !== "" ? paint("dim", time.padStart(width - gutter - plain(line).length)) : "";
    print(`  ${name}${line}${end}`);
  });
}

/** Rows as aligned columns; the last one is wrapped to the width of the page. */
export function columns(rows: readonly (readonly string[])[], room = width - gutter): string[] {
  const last = Math.max(...rows.map((row) => row.length)) - 1;
  const widths = Array.from({ length: last }, (_, at) => Math.max(...rows.map((row) => plain(row[at] ?? "").length)));
  const before = widths.reduce((total, each) => total + each + 2, 0);
  return rows.flatMap((row) => {
    const head = widths.map((each, at) => (row[at] ?? "") + " ".repeat(each - plain(row[at] ?? "").length + 2)).join("");
    return wrap(row[last] ?? "", room - before).map((text, at) => (at === 0 ? head + text : " ".repeat(before) + text));
  });
}

function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && plain(`${line} ${word}`).length > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function plain(text: string): string {
  return stripVTControlCharacters(text);
}
