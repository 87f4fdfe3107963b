import { isSyncError } from "@sync/drizzle";
import type { Opened } from "./sync.ts";

/** Conflicts that are looked at and decided, one and all alike; a record that waits and is tried again. */
export async function conflicts({ sync, left, right }: Opened): Promise<void> {
  left.exec("update country set capital = upper(capital) where code in ('FR', 'IT'); update country set name = 'República Portuguesa' where code = 'PT'");
  right.exec("update country set capital = 'Ville de Paris' where code = 'FR'; update country set capital = 'Roma Capitale' where code = 'IT'");
  await sync.run();

  // #region list
  for await (const { id } of sync.conflicts({ open: true, model: "Country" })) {
    const { kind, rule, values } = await sync.conflict(id);
    for (const { field, base, left: ours, right: theirs } of values) console.log(kind, rule, field, { base, left: ours, right: theirs });
  }
  // #endregion

  const listed = sync.conflicts({ open: true });
  const { value: first } = await listed[Symbol.asyncIterator]().next();
  const id = first!.id;
  // #region decide
  await sync.decide(id, "left"); // this one
  const { decided } = await sync.decideAll({ model: "Country", fields: ["capital"] }, "left"); // and all others that are alike
  const { outdated } = await sync.run(); // carried out here
  console.log(decided, "decided,", outdated.length, "whose values had moved");
  // #endregion

  // #region outdated
  await sync.decide(id, "left").catch((error: unknown) => {
    if (!isSyncError(error) || error.code !== "CONFLICT.DECIDED") throw error;
    console.log("decided already");
  });
  // #endregion

  // #region quarantine
  for await (const { id: waiting, model, code, constraint, attempts } of sync.quarantine({ code: "WRITE.CHECK" })) {
    console.log(model, code, constraint, attempts);
    await sync.retry({ id: waiting }); // the next run tries it again, although nothing changed
  }
  await sync.run();
  await sync.drain({ model: "Country" }); // or let it be, until the record changes
  // #endregion

  left.exec("update country set name = 'Portugal' where code = 'PT'");
  await sync.run();
}
