export { insert, prepare, rowsOf, valuesOf } from "./copy.ts";
export { hammer, tables, type Application } from "./hammer.ts";
