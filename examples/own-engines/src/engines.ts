import type { Conflict, ConflictPolicy, Differ, Identity, Mapper, Patcher } from "@sync/postgres-jsonb";

// #region identity
/** A product has had a name of its own for years: its article number. Everything else gets a random cloudId. */
export const byArticleNumber: Identity = {
  name: "by article number",
  idOf(model, form) {
    const [number] = JSON.parse(form) as string[];
    return model === "Product" ? number : undefined;
  },
};
// #endregion

// #region mapper
/** Amounts are whole cents on the one side and decimals on the other, in every model. */
export const cents: Mapper = {
  name: "cents",
  between(left, right) {
    if (left.kind.type !== "integer" || right.kind.type !== "decimal") return undefined; // carried as they are
    return {
      toRight: (amount: number | null) => (amount === null ? null : (amount / 100).toFixed(2)),
      toLeft: (amount: string | null) => (amount === null ? null : Math.round(Number(amount) * 100)),
    };
  },
};
// #endregion

// #region differ
/** How many blanks a text has, and where, is no difference. */
export const blindToBlanks: Differ = {
  name: "blind to blanks",
  formOf: ({ kind }) => (kind.type === "text" ? (text) => text.replaceAll(/\s+/g, " ").trim() : undefined),
};
// #endregion

// #region patcher
/** A document is always written whole, so that whoever listens to the log of the database gets all of it. */
export const alwaysWhole: Patcher = { name: "always whole", patch: () => "whole" };
// #endregion

// #region policy
const lengthOn = ({ fields, ...sides }: Conflict, side: "left" | "right"): number =>
  fields.reduce((sum, field) => sum + (sides[side].value(field)?.length ?? 0), 0);

/** Who has written more stands. */
export const longerText: ConflictPolicy = {
  name: "longer text",
  reads: [],
  decide: (conflict) => (lengthOn(conflict, "left") >= lengthOn(conflict, "right") ? "left" : "right"),
};
// #endregion
