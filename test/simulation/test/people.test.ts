import { expect, test } from "vitest";
import { People } from "../src/policies/people.ts";
import { pickRules } from "../src/policies/rules.ts";
import { Random } from "../src/random.ts";
import { SIDES } from "../src/spec.ts";

test("of two living records with one code none is left on one side only: nothing but the code tells there who meets whom", () => {
  const random = new Random(1);
  const rules = { ...pickRules(random), softDelete: true, groups: ["label", "code", "a", "b", "amount", "currency", "deletedAt"].map((name) => [name]) };
  let shared = 0;
  for (let round = 0; round < 60; round += 1) {
    const people = new People(rules, random.fork(), () => 0);
    const stoodOnBoth = new Set<string>();
    for (let step = 0; step < 60; step += 1) {
      const labels = SIDES.flatMap((side) => people.rows(side).map(({ item }) => item["label"]!));
      for (const label of labels.filter((each, at) => labels.indexOf(each) < at)) stoodOnBoth.add(label);
      if (labels.length === 0 || random.chance(0.2)) people.insert();
      else people.edit(random.pick(labels));
      const living = SIDES.flatMap((side) => people.rows(side)).flatMap(({ item }) => (item["deletedAt"] === null ? [item] : []));
      const twins = living.filter(({ label, code }) => living.some((other) => other["label"] !== label && other["code"] === code));
      const everywhere = (label: string): boolean => SIDES.every((side) => people.rows(side).some(({ item }) => item["label"] === label));
      shared += twins.length;
      expect(twins.filter(({ label }) => stoodOnBoth.has(label!) && !everywhere(label!))).toEqual([]);
    }
  }
  expect(shared).toBeGreaterThan(0);
});
