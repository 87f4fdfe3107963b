import type { EntitySchema } from "typeorm";
import { Column, DeleteDateColumn, Entity, JoinColumn, JoinTable, ManyToMany, ManyToOne, OneToOne, PrimaryColumn, PrimaryGeneratedColumn, UpdateDateColumn, VersionColumn } from "typeorm";
import { EntitySchema as Schema } from "typeorm";
import { naturalKey, Synced, synced } from "../../src/index.ts";

// The same shop twice: decorated classes with numbers for keys on SQLite, schemas with uuids and other names on PostgreSQL.

@Entity()
@Synced({ match: naturalKey("code") })
export class Country {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: "varchar", unique: true }) code!: string;
  @Column({ type: "varchar" }) name!: string;
  @UpdateDateColumn() changed!: Date;
  @VersionColumn() version!: number;
}

@Entity()
@Synced({ match: naturalKey("name") })
export class Tag {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: "varchar", unique: true }) name!: string;
}

@Entity()
@Synced({ match: naturalKey("ident") })
export class Airport {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: "varchar", unique: true }) ident!: string;
  @Column({ type: "decimal", nullable: true }) height!: number | null;
  @ManyToOne(() => Country, { nullable: false, onDelete: "CASCADE" }) country!: Country;
  @ManyToOne(() => Airport, { nullable: true }) hub!: Airport | null;
  @OneToOne(() => Tag, { nullable: true }) @JoinColumn() mainTag!: Tag | null;
  @ManyToMany(() => Tag) @JoinTable({ name: "airport_tags" }) tags!: Tag[];
  @DeleteDateColumn() gone!: Date | null;
}

@Entity()
@Synced({ match: naturalKey(["airportId", "number"]) })
export class Runway {
  @PrimaryColumn({ type: "int" }) number!: number;
  @ManyToOne(() => Airport, { onDelete: "CASCADE" }) @JoinColumn({ name: "airport_id" }) airport!: Airport;
  @PrimaryColumn({ type: "int", name: "airport_id" }) airportId!: number;
  @Column({ type: "simple-array" }) surfaces!: string[];
}

export const classes = [Country, Tag, Airport, Runway];

export interface RightAirport {
  id: string;
  ident: string;
  height: string | null;
  countryId: string;
  country: object;
  hub: RightAirport | null;
  mainTag: object | null;
  tags: object[];
  gone: Date | null;
}
const uuid = { type: "uuid", primary: true, generated: "uuid" } as const;
const nations = synced(
  new Schema<{ id: string; code: string; name: string }>({ name: "Nation", tableName: "nations", columns: { id: uuid, code: { type: String, unique: true }, name: { type: String } } }),
  { as: "Country" },
);
const tags = new Schema({ name: "Tag", tableName: "tags", columns: { id: uuid, name: { type: String, unique: true } } });
const airports = new Schema<RightAirport>({
  name: "Airport",
  tableName: "airports",
  columns: { id: uuid, ident: { type: String, unique: true }, height: { type: "numeric", precision: 6, scale: 2, nullable: true }, countryId: { type: "uuid", name: "country_id" }, gone: { type: "timestamptz", deleteDate: true } },
  relations: {
    country: { type: "many-to-one", target: "Nation", nullable: false, onDelete: "CASCADE", joinColumn: { name: "country_id" } },
    hub: { type: "many-to-one", target: "Airport", nullable: true },
    mainTag: { type: "one-to-one", target: "Tag", nullable: true, joinColumn: true },
    tags: { type: "many-to-many", target: "Tag", joinTable: { name: "airport_tags" } },
  },
});
const runways = new Schema<{ airport: object; airportId: string; number: number; surfaces: string[] }>({
  name: "Runway",
  tableName: "runways",
  columns: { airportId: { type: "uuid", primary: true }, number: { type: Number, primary: true }, surfaces: { type: "text", array: true } },
  relations: { airport: { type: "many-to-one", target: "Airport", onDelete: "CASCADE", joinColumn: { name: "airportId" } } },
});
export const schemas: readonly EntitySchema[] = [nations, tags, airports, runways] as never;
