import { batches, rows, withValue, written, type Fault } from "./fault.ts";

export const valuesFaults: readonly Fault[] = [
  {
    law: "values/written-exactly",
    wrong: "New texts are brought into one Unicode form.",
    of: (session) => written(session, "insert", "Thing", "text", (value) => value?.normalize("NFC") ?? null),
  },
  {
    law: "values/read-exactly",
    wrong: "Blanks at the end of a text are not read.",
    of: (session) => rows(session, (row, { fields }, model) => (model === "Thing" ? withValue(row, fields, "text", (value) => value?.trimEnd() ?? null) : row)),
  },
  {
    law: "values/updated-exactly",
    wrong: "An update writes times with milliseconds only.",
    of: (session) => written(session, "update", "Thing", "moment", (value) => value?.replace(/(\.\d{3})\d+Z$/, "$1Z") ?? null),
  },
  {
    law: "values/null-is-not-empty",
    wrong: "An empty text is stored as null.",
    of: (session) => written(session, "insert", "Parent", "name", (value) => (value === "" ? null : value)),
  },
  {
    law: "values/not-supplied",
    wrong: "What an update does not supply is written as null.",
    of: (session) => batches(session, (batch) =>
      batch.op === "update" ? { ...batch, rows: batch.rows.map((row) => ({ ...row, values: row.values.map((value) => value ?? null) })) } : batch),
  },
  {
    law: "values/left-out",
    wrong: "A text that an insert leaves out is empty.",
    of: (session) => batches(session, (batch) =>
      batch.op === "insert" && batch.model === "Parent" && !batch.fields.includes("name")
        ? { ...batch, fields: [...batch.fields, "name"], rows: batch.rows.map((row) => ({ ...row, values: [...row.values, ""] })) }
        : batch),
  },
  {
    law: "values/defaults",
    wrong: "What an insert leaves out is sent as zero.",
    of: (session) => batches(session, (batch) =>
      batch.op === "insert" && batch.model === "Child" && !batch.fields.includes("rank")
        ? { ...batch, fields: [...batch.fields, "rank"], rows: batch.rows.map((row) => ({ ...row, values: [...row.values, "0"] })) }
        : batch),
  },
  {
    law: "values/fault-of-its-field",
    wrong: "What is not of its kind is read as null, without a word.",
    of: (session) => rows(session, ({ key, cloudId, revision, values }) => ({ key, cloudId, revision, values })),
  },
  {
    law: "values/never-another",
    wrong: "What is no number is written as the number that it begins with.",
    of: (session) => written(session, "insert", "Thing", "small", (value) => (value === null ? null : String(Number.parseInt(value, 10) || 0))),
  },
];
