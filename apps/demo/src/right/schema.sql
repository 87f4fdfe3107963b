-- The tables of schema.ts, as a migration of drizzle-kit would make them.
create type airport_type as enum ('large_airport', 'medium_airport', 'small_airport');

create table countries (
  id serial primary key,
  code text not null unique,
  title text not null,
  continent text not null,
  wiki text,
  tags text,
  updated_at timestamptz not null
);

create table regions (
  id serial primary key,
  country_id integer not null references countries (id),
  code text not null unique,
  local_code text not null,
  title text not null,
  wiki text,
  tags text,
  updated_at timestamptz not null
);

create table airports (
  id serial primary key,
  country_id integer not null references countries (id),
  region_id integer not null references regions (id),
  ident text not null unique,
  type airport_type not null,
  title text not null,
  lat double precision not null,
  lon double precision not null,
  elevation_ft integer,
  city text,
  scheduled_service boolean not null,
  gps_code text,
  iata_code text,
  local_code text,
  home_page text,
  wiki text,
  tags text,
  updated_at timestamptz not null,
  constraint elevation_plausible check (elevation_ft between -1500 and 30000)
);
