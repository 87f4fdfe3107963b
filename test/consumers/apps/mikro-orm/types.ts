// Compiled only: the names of models and fields are checked where entities come from `defineEntity`, and on the entities.
import { Entity, PrimaryKey, Property, Unique } from "@mikro-orm/decorators/legacy";
import { defineEntity, MikroORM, p } from "@mikro-orm/sqlite";
import { createSync, fallback, fieldMerge, leftWins, mikroOrmDatabase, naturalKey, Synced, synced, syncProperties, type RunResult, type Sync } from "@sync/mikro-orm";

const Country = synced(
  defineEntity({ name: "Country", properties: { id: p.integer().primary(), code: p.string().unique(), name: p.string(), ...syncProperties } }),
  { match: naturalKey("code") },
);
const Other = defineEntity({ name: "Country", properties: { id: p.integer().primary(), code: p.string().unique(), title: p.string() } });
const Nation = defineEntity({ name: "Nation", properties: { id: p.integer().primary(), iso: p.string().unique() } });
const left = mikroOrmDatabase(new MikroORM({ entities: [Country], dbName: ":memory:" }));
const right = mikroOrmDatabase(new MikroORM({ entities: [Other, Nation], dbName: ":memory:" }));
const conflicts = fieldMerge({ otherwise: leftWins() });

const sync: Sync = createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { name: "title" } } }, conflicts });
createSync({ name: "typed", left, right, models: { Country: { right: "Nation", match: [naturalKey("code"), fallback(["name"])], fields: { code: "iso" }, omit: ["name"] } }, conflicts });
const counted = async (): Promise<number> => {
  const run: RunResult = await sync.run();
  return run.models.get("Country")?.created.right ?? 0;
};
void counted;

@Entity()
@Synced({ match: naturalKey("code") })
export class Place {
  @PrimaryKey({ type: "integer" }) id!: number;
  @Property({ type: "string" }) @Unique() code!: string;
}
// @ts-expect-error no such property
@Synced({ match: naturalKey("cod") })
export class Wrong extends Place {}

// @ts-expect-error no such model on the left
createSync({ name: "typed", left, right, models: { Contry: { match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such field in a match rule
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("cod") } }, conflicts });
// @ts-expect-error no such field on the left
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { nam: "title" } } }, conflicts });
// @ts-expect-error no such field on the right
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { name: "titel" } } }, conflicts });
// @ts-expect-error no such model on the right
createSync({ name: "typed", left, right, models: { Country: { right: "Nations", match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such option
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code") } }, conflicts, firstlink: "left" });
// @ts-expect-error no such property
synced(Other, { match: naturalKey("name") });
// @ts-expect-error no such entity to take
mikroOrmDatabase(new MikroORM({ entities: [Country], dbName: ":memory:" }), { models: ["Contry"] });
