export { insert, prepare, rowsOf, valuesOf } from "./copy.ts";
export { refused } from "./refused.ts";
export { hammer, tables, throughRecords, type Application } from "./hammer.ts";
