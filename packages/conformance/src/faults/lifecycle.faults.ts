import { type Claim, isSyncError, type KnownPair, SyncError } from "@sync/core";
import { claims, database, endpoints, pause, type Fault } from "./fault.ts";

export const lifecycleFaults: readonly Fault[] = [
  {
    law: "lifecycle/models-as-they-are",
    wrong: "A model says of a field that it is never null.",
    of: (session) => endpoints(session, ({ model }) => ({
      model: { ...model, fields: model.fields.map((field) => (field.name === "title" ? { ...field, nullable: false } : field)) },
    })),
  },
  {
    law: "lifecycle/capabilities-as-they-are",
    wrong: "A capability is declared that has no method.",
    of: (session) => endpoints(session, ({ capabilities }) => ({ capabilities: { ...capabilities, fingerprints: true } })),
  },
  {
    law: "lifecycle/inspect-finds-nothing",
    wrong: "The shape of a model changes with its rows.",
    of: (session) => database(session, (inner) => ({
      inspect: async (models) => {
        const { findings, shapes } = await inner.inspect(models);
        return { findings, shapes: new Map([...shapes].map(([model, shape]) => [model, `${shape} ${session.database.probe.rows(model).length}`])) };
      },
    })),
  },
  {
    law: "lifecycle/inspect-only-reads",
    wrong: "Before a claim there is nothing to look at.",
    of: (session) => database(session, (inner) => ({
      inspect: (models) => {
        if (session.database.probe.lease.fence === 0) throw new Error("no such table: sync_database");
        return inner.inspect(models);
      },
    })),
  },
  {
    law: "lifecycle/first-claim",
    wrong: "The server has no identity.",
    of: (session) => claims(session, (claim) => ({ ...claim, serverIdentity: "" })),
  },
  {
    law: "lifecycle/one-holder",
    wrong: "Who holds the lease is not said.",
    of: (session) => database(session, (inner) => ({
      claim: async (request) => {
        try {
          return await inner.claim(request);
        } catch (error) {
          throw isSyncError(error) ? new SyncError(error.code, "The database is in use.") : error;
        }
      },
    })),
  },
  {
    law: "lifecycle/one-of-many",
    wrong: "Whether the lease is free is looked up first, and it is taken a moment later.",
    of: (session) => database(session, (inner) => ({
      claim: async (request) => {
        const free = session.database.probe.lease.holder === "";
        await pause(2);
        return await inner.claim(free ? { ...request, takeOver: true } : request);
      },
    })),
  },
  {
    law: "lifecycle/renewed",
    wrong: "A holder that comes late is a new one.",
    of(session) {
      let until = Infinity;
      return database(session, (inner) => ({
        claim: async (request) => {
          const late = Date.now() > until;
          const claim = await inner.claim(late ? { ...request, runner: `${request.runner} again` } : request);
          until = Date.now() + request.seconds * 1000;
          return claim;
        },
      }));
    },
  },
  {
    law: "lifecycle/expired",
    wrong: "A lease has no end.",
    of: (session) => database(session, (inner) => ({ claim: (request) => inner.claim({ ...request, seconds: 1e9 }) })),
  },
  {
    law: "lifecycle/taken-over",
    wrong: "A unit is not held against the lease of now.",
    of: (session) => database(session, (inner) => ({
      commit: (unit) => inner.commit({ ...unit, fence: Math.max(unit.fence, session.database.probe.lease.fence) }),
    })),
  },
  {
    law: "lifecycle/released",
    wrong: "Letting go of what nobody holds counts as done.",
    of: (session) => database(session, (inner) => ({
      release: async (fence, wrote) => session.database.probe.lease.holder === "" || (await inner.release(fence, wrote)),
    })),
  },
  {
    law: "lifecycle/run-counter",
    wrong: "The run counter goes up by two.",
    of: (session) => claims(session, (claim) => ({ ...claim, runCounter: claim.runCounter * 2 })),
  },
  {
    law: "lifecycle/encounters",
    wrong: "Only the last database that was met is known.",
    of: (session) => claims(session, (claim): Claim => (claim.met ? { ...claim, met: claim.met.slice(-1) } : claim)),
  },
  {
    law: "lifecycle/known-pairs",
    wrong: "The last note of a pair counts, whichever is later.",
    of(session) {
      const notes = new Map<string, KnownPair>();
      return database(session, (inner) => ({
        claim: async (request) => {
          for (const pair of request.pairs ?? []) notes.set(pair.name, pair);
          const claim = await inner.claim(request);
          return claim.pairs ? { ...claim, pairs: [...notes.values()] } : claim;
        },
      }));
    },
  },
  {
    law: "lifecycle/closed-by-its-opener",
    wrong: "Closing the database ends the application's connection.",
    of(session) {
      let ended = false;
      const broken = database(session, (inner) => ({
        close: async () => {
          ended = true;
          await inner.close();
        },
      }));
      const insert: typeof session.probe.insert = async (model, records) => {
        if (ended) throw new Error("the connection is closed");
        await session.probe.insert(model, records);
      };
      return { ...broken, probe: { ...session.probe, insert } };
    },
  },
  {
    law: "lifecycle/uninstalled",
    wrong: "Only the state is removed; lease and identities stay.",
    of: (session) => ({ ...session, uninstall: async () => await session.database.state!.uninstall() }),
  },
];
