import { leftWins, newest, rightWins } from "@sync/core";
import type { PolicyPlant } from "./play.ts";
import { opposite } from "../spec.ts";

/** Each is a rule that is not followed, or only in part. The oracle is not told. */
export const POLICY_PLANTS: Readonly<Record<string, PolicyPlant>> = {
  "the left wins, whatever the policy": { rules: (rules) => ({ ...rules, conflicts: { ...rules.conflicts, policy: leftWins() } }) },
  "the right wins, whatever the policy": { rules: (rules) => ({ ...rules, conflicts: { ...rules.conflicts, policy: rightWins() } }) },
  "of two stamps that are equal another side's counts": {
    rules: (rules) => {
      const { name } = rules.conflicts.policy;
      return name === "newest(stamp)" ? { ...rules, conflicts: { ...rules.conflicts, policy: newest("stamp", { tie: "left" }) } } : rules;
    },
  },
  "records that go over whole are merged by fields": {
    rules: (rules) => {
      if (!rules.whole) return rules;
      const { whole: _, nameFor: __, ...policy } = rules.conflicts.policy;
      return { ...rules, conflicts: { ...rules.conflicts, policy } };
    },
  },
  "vectors are not merged": {
    rules: ({ conflicts, ...rules }) => ({ ...rules, conflicts: { ...conflicts, policy: conflicts.policy.merges?.["vector"] ? leftWins() : conflicts.policy } }),
  },
  "fields that belong together are decided apart": { rules: (rules) => ({ ...rules, groups: rules.groups.flatMap((group) => group.map((field) => [field])) }) },
  "the first meeting is decided by the other side": {
    rules: (rules) => {
      const { firstLink } = rules;
      return firstLink.option === "left" || firstLink.option === "right" ? { ...rules, firstLink: { ...firstLink, option: opposite(firstLink.option) } } : rules;
    },
  },
  "an edit gives way to a delete that should have given way": { rules: (rules) => ({ ...rules, onEditDelete: "delete" }) },
  "a tombstone is taken for the living record of its name": { rules: (rules) => ({ ...rules, softDelete: false }) },
  "drift that is to be overwritten stays": { rules: (rules) => ({ ...rules, drift: "keep" }) },
  "drift that is kept is forgotten as kept": { rules: (rules) => (rules.drift === "keep" ? { ...rules, drift: "report" } : rules) },
  "drift that is reported is written back": { rules: (rules) => ({ ...rules, drift: "overwrite" }) },
  "a mirror leaves what only the written side has": { rules: (rules) => ({ ...rules, mirror: false }) },
  "a one-way pair goes both ways": { rules: (rules) => ({ ...rules, source: undefined, mirror: false }) },
  "what a person has decided is not carried out": {
    state: (state) => ({ ...state, read: async (pair, request) => (request.collection === "decision" ? [] : state.read(pair, request)) }),
  },
  "what nobody has decided is taken for agreed": {
    state: (state) => ({ ...state, commit: (pair, changes, fences) => state.commit(pair, changes.filter((change) => change.op !== "put" || change.collection !== "openConflict"), fences) }),
  },
  "a decided conflict does not stand in the log": {
    state: (state) => ({
      ...state,
      commit: (pair, changes, fences) => state.commit(pair, changes.map((change) => (change.op === "put" && change.collection === "conflict"
        ? { ...change, records: change.records.filter((record) => "decision" in record && record.decision === "open") } : change)), fences),
    }),
  },
};
