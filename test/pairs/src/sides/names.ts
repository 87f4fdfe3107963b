import type { OpenSide } from "../side.ts";

/** For an adapter that calls models and fields as the schema does. */
export const sameNames: Pick<OpenSide, "model" | "field"> = { model: (name) => name, field: (_, name) => name };
