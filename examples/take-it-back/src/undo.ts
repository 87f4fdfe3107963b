import type { Opened } from "./sync.ts";

/** A run that should not have been: looked at, taken back, and the way cleared for the next one. */
export async function undo({ sync, left, right }: Opened): Promise<void> {
  left.exec("update country set name = 'x'; delete from country where code = 'PT'; insert into country (code, name) values ('ES', 'Spain')");
  await sync.run();
  right.exec("update country set name = 'Italia' where code = 'IT'"); // somebody's edit since

  // #region find
  let last = "";
  for await (const run of sync.runs()) if (run.kind === "run") last = run.id;
  // #endregion

  // #region plan
  const planned = await sync.undo(last, { dryRun: true }); // writes nothing
  for (const [model, { restored, recreated, removed, kept }] of planned.models) console.log(model, { restored, recreated, removed, kept });
  for (const { model, reason } of planned.kept) console.log(model, "stays as it is:", reason);
  // #endregion

  // #region undo
  const done = await sync.undo(last);
  console.log(done.status, done.kept.length, "kept");
  // #endregion

  left.exec("update country set name = case code when 'FR' then 'France' else 'Italy' end where name = 'x'");

  // #region release
  await sync.release(); // until here every run is refused as PAIR.HELD
  await sync.run();
  // #endregion
}
