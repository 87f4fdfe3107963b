import { expect } from "vitest";
import { keyAt } from "../dial.ts";
import type { Case } from "../pairs.ts";
import { type CaseSchema, type KeyKind, orNull, text, to, whole } from "../schema.ts";
import { none, sums } from "../stage.ts";

export const selfReference: Case = {
  title: "records that refer to others of their own model, level by level",
  schema: (place, seat) => ({
    Folder: {
      key: keyAt(seat, place === "left" ? "uuid" : "serial"), fields: { path: text, aboveId: orNull(to("Folder")) }, unique: [["path"]], named: ["path"],
    },
  }),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Folder", { path: "/", aboveId: null }, { path: "/a", aboveId: "/" }, { path: "/a/b", aboveId: "/a" });
    await right.insert("Folder", { path: "/x", aboveId: null }, { path: "/x/y", aboveId: "/x" });
    await stage.settles();
    // One is turned round, and one that was on the top goes below.
    await left.update("Folder", "/a", { aboveId: null });
    await left.update("Folder", "/", { aboveId: "/a" });
    await right.update("Folder", "/x", { aboveId: "/a/b" });
    await stage.settles();
    await right.delete("Folder", "/x/y");
    await left.delete("Folder", "/");
    expect(sums(await stage.settles()).deleted).toEqual({ left: 1, right: 1 });
  },
};

export const twoModelCycle: Case = {
  title: "two models that refer to each other",
  schema: (place, seat) => {
    const key = keyAt(seat, place === "left" ? "serial" : "uuid");
    return {
      Team: { key, fields: { name: text, leadId: orNull(to("Person")) }, unique: [["name"]], named: ["name"] },
      Person: { key, fields: { email: text, teamId: to("Team") }, unique: [["email"]], named: ["email"] },
    };
  },
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Team", { name: "red", leadId: null });
    await left.insert("Person", { email: "ada@example.org", teamId: "red" });
    await left.update("Team", "red", { leadId: "ada@example.org" });
    await right.insert("Team", { name: "blue", leadId: null });
    await right.insert("Person", { email: "bob@example.org", teamId: "blue" });
    await right.update("Team", "blue", { leadId: "bob@example.org" });
    await stage.settles();
    await left.update("Team", "blue", { leadId: "ada@example.org" });
    await right.update("Team", "red", { leadId: "bob@example.org" });
    await stage.settles();
    await left.update("Team", "red", { leadId: null });
    await left.delete("Person", "bob@example.org");
    await stage.settles();
    expect(await right.everything()).toEqual({
      Team: [{ name: "blue", leadId: "ada@example.org" }, { name: "red", leadId: null }], Person: [{ email: "ada@example.org", teamId: "red" }],
    });
  },
};

/** Posts and tags; which post has which tag is a table with a key of both, or stands in the post. */
const blog = (key: KeyKind): CaseSchema => ({
  Post: { key, fields: { title: text }, unique: [["title"]], named: ["title"] },
  Tag: { key, fields: { name: text }, unique: [["name"]], named: ["name"] },
  PostTag: { key: ["postId", "tagId"], fields: { postId: to("Post", "cascade"), tagId: to("Tag") }, named: ["postId", "tagId"], within: "postId" },
});

export const manyToMany: Case = {
  title: "a many-to-many relation: edges come and go on either side",
  schema: (place, seat) => blog(keyAt(seat, place === "left" ? "serial" : "uuid")),
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Post", { title: "One" }, { title: "Two" });
    await left.insert("Tag", { name: "red" }, { name: "blue" });
    await left.insert("PostTag", { postId: "One", tagId: "red" }, { postId: "One", tagId: "blue" }, { postId: "Two", tagId: "red" });
    await stage.settles();
    await left.delete("PostTag", ["One", "blue"]);
    await right.insert("Tag", { name: "green" });
    await right.insert("PostTag", { postId: "Two", tagId: "green" }, { postId: "Two", tagId: "blue" });
    await stage.settles();
    await right.delete("PostTag", ["Two", "red"]);
    await left.insert("PostTag", { postId: "One", tagId: "green" });
    expect(sums(await stage.settles())).toEqual({ created: { left: 0, right: 1 }, updated: none, deleted: { left: 1, right: 0 } });
    expect(await left.all("PostTag")).toEqual([
      { postId: "One", tagId: "green" }, { postId: "One", tagId: "red" }, { postId: "Two", tagId: "blue" }, { postId: "Two", tagId: "green" },
    ]);
  },
};

export const outsideReference: Case = {
  title: "a reference to a model outside of the sync is left alone, or carried as it is",
  outside: ["Owner", "Kind"],
  models: { Thing: { outside: { ownerId: "omit", kindId: "raw" } } },
  schema: (place, seat) => ({
    Owner: { key: keyAt(seat, place === "left" ? "serial" : "uuid"), fields: { email: text }, unique: [["email"]], named: ["email"] },
    Kind: { key: ["number"], fields: { number: whole, label: text }, named: ["number"] },
    Thing: {
      key: keyAt(seat, place === "left" ? "uuid" : "serial"), unique: [["code"]], named: ["code"],
      fields: { code: text, ownerId: orNull(to("Owner")), kindId: to("Kind") },
    },
  }),
  async play(stage) {
    const { left, right } = stage;
    for (const side of [left, right]) await side.insert("Kind", { number: "7", label: "lamp" }, { number: "8", label: "desk" });
    await left.insert("Owner", { email: "ada@example.org" });
    await right.insert("Owner", { email: "bob@example.org" });
    await left.insert("Thing", { code: "T-1", ownerId: "ada@example.org", kindId: "7" });
    await right.insert("Thing", { code: "T-2", ownerId: "bob@example.org", kindId: "8" });
    await stage.runs();
    await right.update("Thing", "T-1", { ownerId: "bob@example.org", kindId: "8" });
    await stage.runs();
    await stage.rests();
    const things = (one: string, two: string | null) => [{ code: "T-1", ownerId: one, kindId: "8" }, { code: "T-2", ownerId: two, kindId: "8" }];
    expect(await left.all("Thing")).toEqual(things("ada@example.org", null));
    expect(await right.all("Thing")).toEqual(things("bob@example.org", "bob@example.org"));
    expect(await left.all("Owner")).toEqual([{ email: "ada@example.org" }]);
  },
};
