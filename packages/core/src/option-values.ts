import type { Finding } from "./endpoint.ts";
import { hintFor } from "./names.ts";
import type { SyncOptions } from "./options.ts";

const atLeast = (least: number) => (value: unknown): boolean => typeof value === "number" && value >= least;
const whole = (least: number) => (value: unknown): boolean => Number.isInteger(value) && (value as number) >= least;
const oneOf = (...words: readonly string[]) => (value: unknown): boolean => typeof value === "string" && words.includes(value);
const isPolicy = (value: unknown): boolean => typeof value === "object" && value !== null && typeof (value as { decide?: unknown }).decide === "function";

export const syncOptionNames: readonly string[] = [
  "name", "left", "right", "models", "direction", "drift", "mirror", "mapper", "differ", "cloudIds", "conflicts", "firstLink", "onEditDelete",
  "state", "deleteGuard", "pageSize", "quarantineLimit", "lease", "retry", "retention", "runtime",
];
export const modelOptionNames: readonly string[] = [
  "right", "match", "fields", "only", "omit", "constants", "together", "outside", "narrow", "mapper", "differ", "conflicts", "onEditDelete", "softDelete",
  "keepBase",
];

type Check = readonly [accepts: (value: unknown) => boolean, what: string];
const policy: Check = [isPolicy, "a policy, such as leftWins(), newest(\"updatedAt\") or ask()"];
const has = (method: string) => (value: unknown): boolean =>
  typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function" && typeof Reflect.get(value, "name") === "string";
const mapper: Check = [has("between"), "a mapper: an object with `name` and `between`"];
const differ: Check = [has("formOf"), "a differ: an object with `name` and `formOf`"];
const onEditDelete: Check = [oneOf("delete", "edit", "ask"), '"delete", "edit" or "ask"'];

const days: Check = [atLeast(0), "a number of days, or `Infinity`"];

const checks: Readonly<Record<string, Check | Readonly<Record<string, Check>>>> = {
  conflicts: policy,
  firstLink: [(value) => isPolicy(value) || oneOf("left", "right", "ask")(value), '"left", "right", "ask" or a policy'],
  onEditDelete,
  cloudIds: [(value) => value === "random" || has("idOf")(value), '"random", deterministic(key), or an object with `name` and `idOf`'],
  mapper,
  differ,
  drift: [oneOf("report", "keep", "overwrite"), '"report", "keep" or "overwrite"'],
  mirror: [(value) => typeof value === "boolean", "true or false"],
  pageSize: [whole(1), "a whole number of rows, at least 1"],
  quarantineLimit: [whole(0), "a whole number of records"],
  deleteGuard: { count: [atLeast(0), "a number of records"], share: [(value) => atLeast(0)(value) && (value as number) <= 1, "a share between 0 and 1"] },
  lease: { seconds: [(value) => atLeast(0)(value) && value !== 0, "a number of seconds above 0"], holder: [(value) => typeof value === "string", "a text"] },
  retention: { conflicts: days, preImages: days, runs: days },
  retry: { attempts: [whole(1), "a whole number, at least 1"], firstDelay: [atLeast(0), "a number of milliseconds"] },
};
const modelChecks: typeof checks = { conflicts: policy, mapper, differ, onEditDelete, softDelete: [(value) => typeof value === "string", "a field's name"], keepBase: [oneOf("hashes", "values"), '"hashes" or "values"'] };

/** Options whose names are known but whose values make no sense. Says what would, never what was given. */
export function checkValues(options: SyncOptions, models: Readonly<Record<string, object>>): Finding[] {
  const oneWayOnly = (["drift", "mirror"] as const).filter((name) => options[name] !== undefined && (options.direction ?? "both") === "both");
  return [
    ...findingsIn(options, checks, ""),
    ...oneWayOnly.map((name): Finding => ({ severity: "error", code: "OPTIONS.VALUE", message: `\`${name}\` is for one-way pairs: say \`direction: "left-to-right"\` or \`"right-to-left"\`.` })),
    ...Object.entries(models).flatMap(([name, model]) => findingsIn(model, modelChecks, ` of model \`${name}\``).map((finding) => ({ ...finding, model: name }))),
  ];
}

function findingsIn(given: object, known: typeof checks, where: string): Finding[] {
  const error = (code: string, message: string): Finding => ({ severity: "error", code, message });
  return Object.entries(known).flatMap(([name, check]) => {
    const value: unknown = Reflect.get(given, name);
    if (value === undefined) return [];
    if (isCheck(check)) return check[0](value) ? [] : [error("OPTIONS.VALUE", `\`${name}\`${where} must be ${check[1]}.`)];
    if (typeof value !== "object" || value === null) return [error("OPTIONS.VALUE", `\`${name}\`${where} must be an object with ${Object.keys(check).join(" and ")}.`)];
    const names = Object.keys(check);
    const unknown = Object.keys(value).filter((key) => !names.includes(key)).map((key) => error("OPTIONS.UNKNOWN_KEY", `Unknown option \`${key}\` of \`${name}\`${where}.${hintFor(key, names)}`));
    return [...unknown, ...findingsIn(value, check, ` of \`${name}\`${where}`)];
  });
}

const isCheck = (check: (typeof checks)[string]): check is Check => Array.isArray(check);
