/** The list by Max Woolf. */
declare module "big-list-of-naughty-strings" {
  const list: readonly string[];
  export default list;
}
