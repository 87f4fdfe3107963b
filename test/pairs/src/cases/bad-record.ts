import { expect } from "vitest";
import { keyAt } from "../dial.ts";
import type { Case } from "../pairs.ts";
import { orNull, text, to } from "../schema.ts";

export const badRecord: Case = {
  title: "a record that the other side cannot hold waits with those that refer to it, and costs nobody else",
  schema: (place, seat) => {
    const key = keyAt(seat, place === "left" ? "uuid" : "serial");
    return {
      Author: { key, fields: { email: text, name: place === "left" ? orNull(text) : text }, unique: [["email"]], named: ["email"] },
      Book: { key, fields: { isbn: text, authorId: to("Author") }, unique: [["isbn"]], named: ["isbn"] },
    };
  },
  async play(stage) {
    const { left, right } = stage;
    await left.insert("Author", { email: "ada@example.org", name: "Ada" }, { email: "nobody@example.org", name: null });
    await left.insert("Book", { isbn: "1", authorId: "ada@example.org" }, { isbn: "2", authorId: "nobody@example.org" });
    await stage.runs();
    const codes = (await stage.waiting()).map(({ model, side, code, field }) => ({ model, side, code, field }));
    expect(codes).toEqual([
      { model: stage.opened.left.model("Author"), side: "left", code: "WRITE.NOT_NULL", field: "name" },
      { model: stage.opened.left.model("Book"), side: "left", code: "REFERENCE.PARENT_WAITS", field: "authorId" },
    ]);
    expect(await right.everything()).toEqual({ Author: [{ email: "ada@example.org", name: "Ada" }], Book: [{ isbn: "1", authorId: "ada@example.org" }] });
    await stage.rests();
    await left.update("Author", "nobody@example.org", { name: "Somebody" });
    await stage.settles();
    expect(await stage.waiting()).toEqual([]);
    expect(await right.all("Book")).toContainEqual({ isbn: "2", authorId: "nobody@example.org" });
  },
};
