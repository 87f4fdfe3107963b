import { sql } from "drizzle-orm";
import { boolean, check, doublePrecision, integer, pgEnum, pgTable, serial, text, timestamp } from "drizzle-orm/pg-core";

const updatedAt = () => timestamp("updated_at", { withTimezone: true }).notNull().$onUpdate(() => new Date());

export const airportType = pgEnum("airport_type", ["large_airport", "medium_airport", "small_airport"]);

export const countries = pgTable("countries", {
  id: serial("id").primaryKey(),
  code: text("code").notNull().unique(),
  title: text("title").notNull(),
  continent: text("continent").notNull(),
  wiki: text("wiki"),
  tags: text("tags"),
  updatedAt: updatedAt(),
});

export const regions = pgTable("regions", {
  id: serial("id").primaryKey(),
  countryId: integer("country_id").notNull().references(() => countries.id),
  code: text("code").notNull().unique(),
  localCode: text("local_code").notNull(),
  title: text("title").notNull(),
  wiki: text("wiki"),
  tags: text("tags"),
  updatedAt: updatedAt(),
});

export const airports = pgTable(
  "airports",
  {
    id: serial("id").primaryKey(),
    countryId: integer("country_id").notNull().references(() => countries.id),
    regionId: integer("region_id").notNull().references(() => regions.id),
    ident: text("ident").notNull().unique(),
    type: airportType("type").notNull(),
    title: text("title").notNull(),
    lat: doublePrecision("lat").notNull(),
    lon: doublePrecision("lon").notNull(),
    elevation: integer("elevation_ft"),
    city: text("city"),
    scheduledService: boolean("scheduled_service").notNull(),
    gpsCode: text("gps_code"),
    iataCode: text("iata_code"),
    localCode: text("local_code"),
    homePage: text("home_page"),
    wiki: text("wiki"),
    tags: text("tags"),
    updatedAt: updatedAt(),
  },
  (airport) => [check("elevation_plausible", sql`${airport.elevation} between -1500 and 30000`)],
);
