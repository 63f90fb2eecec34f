import { describe, expect, it } from 'vitest';
import { isFor } from '#shared/leases/ours.ts';
import {
  accessKind,
  anyReadable,
  contentOf,
  expected,
  failureOf,
  leasesOf,
  listAll,
  rulesOf,
  terms,
  type VaultBench,
} from './vault-bench.ts';

/** Part of the vault suite: leases, claims and target sessions. */

export const describeLeases = (bench: VaultBench): void => {
  const { rule, start } = bench;
  const { opens } = rulesOf(bench);

  describe('a lease', () => {
    it('is ours if we opened it, and held with its reason until it is closed', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        const { id, ours, endsAt } = await leases.open(item, terms());
        expect([ours, site.openLeases()]).toEqual([true, 1]);
        const held = await leases.held();
        expect(held).toMatchObject([{ id, status: 'active', opens, reason: terms().reason }]);
        const listedMs = Date.parse(held[0]?.endsAt ?? '');
        // The clock of an answer counts whole seconds.
        if (endsAt !== undefined) expect(Math.abs(Date.parse(endsAt) - listedMs)).toBeLessThan(2000);
        expect(held.every((lease) => isFor(lease, item))).toBe(true);
        await leases.close(id, 'done');
        expect([await leases.held(), site.openLeases()]).toEqual([[], 0]);
      });
    });

    it('can be read under repeatedly', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        const { id } = await leases.open(item, terms());
        for (const _ of [1, 2]) expect(contentOf(await leases.read(id, item))).toEqual(expected(site, item));
        await leases.close(id, 'done');
      });
    });

    it('is shared by later requests, which do not own it', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        const { id } = await leases.open(item, terms());
        expect(await leases.open(item, terms())).toEqual({ id, ours: false });
        expect(contentOf(await leases.read(id, item))).toEqual(expected(site, item));
        expect(site.openLeases()).toBe(1);
      });
    });

    it('is refused to a request that does not share it', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        await leases.open(item, terms());
        const failure = await failureOf(site, leases.open(item, terms({ whenHeld: 'refuse' })));
        expect(failure).toMatchObject({ name: 'RequestConflict', retryable: true });
        expect(site.openLeases()).toBe(1);
      });
    });

    it('is closed once, even if it is closed repeatedly, with the time of the vault', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        const { id } = await leases.open(item, terms());
        for (const _ of [1, 2]) {
          const { at } = await leases.close(id, 'done');
          if (at !== undefined) expect(new Date(at).toISOString()).toBe(at);
        }
        expect(site.openLeases()).toBe(0);
      });
    });

    it('that was ended in the vault is gone for a read, and closed for a check-in', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        const { id } = await leases.open(item, terms());
        site.endLeases();
        expect(await failureOf(site, leases.read(id, item))).toMatchObject({ name: 'LeaseGone', retryable: true });
        await leases.close(id, 'done');
        expect(await leases.held()).toEqual([]);
      });
    });

    it('is never considered absent because a list failed', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        await leases.open(item, terms());
        site.failCalls();
        await failureOf(site, leases.held());
      });
    });

    it('by an id that the vault never issued is refused', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        await failureOf(site, leases.read('not/a lease', item));
        await failureOf(site, leases.close('not/a lease', 'done'));
      });
    });

    it('that waits for an approval is held as pending, and not read under', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = (await listAll(session, rule)).items.find((candidate) => site.waits?.(candidate));
        if (item === undefined) return;
        const leases = leasesOf(session, rule);
        const { id } = await leases.open(item, terms());
        expect(await leases.held()).toMatchObject([{ id, status: 'pending' }]);
        expect((await failureOf(site, leases.read(id, item))).name).toBe('ApprovalPending');
        await leases.close(id, 'not needed any more');
        expect(site.openLeases()).toBe(0);
      });
    });

    it('is offered on conditions that a request accepts, if the vault makes offers', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const [item, leases] = [await anyReadable(site, session, rule), leasesOf(session, rule)];
        if (leases.offers === undefined) return;
        const offers = await leases.offers(item, 15);
        expect([offers.length > 0, site.openLeases()]).toEqual([true, 0]);
        for (const { approvers } of offers) expect(approvers).toBeGreaterThanOrEqual(0);
        const offer = JSON.parse(JSON.stringify(offers[0]));
        const { id } = await leases.open(item, terms({ offer, minutes: 15 }));
        await leases.close(id, 'done');
      });
    });
  });
};

export const describeOpeningReads = ({ rule, start }: VaultBench): void => {
  describe('a claim', () => {
    it('opens one lease with its read, which can be closed repeatedly', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = await anyReadable(site, session, rule);
        const reads = accessKind(session.access(rule), 'opening-reads');
        expect(contentOf(await reads.openAndRead(item, terms()))).toEqual(expected(site, item));
        expect(site.openLeases()).toBe(1);
        for (const _ of [1, 2]) await reads.close(item, 'done');
        expect(site.openLeases()).toBe(0);
      });
    });
  });
};

export const describeTargetSessions = ({ rule, start, type }: VaultBench, sessionRule: VaultBench['rule']): void => {
  describe('a target session', () => {
    it('is opened by reading, listed until it is over, and ended once', async () => {
      const site = await start();
      expect(rulesOf({ type, rule: sessionRule }).opens).toBe('target-session');
      await site.vault.session(async (session) => {
        const { targetSessions } = session;
        if (targetSessions === undefined) throw new Error('The session has no target sessions.');
        const item = await anyReadable(site, session, rule);
        const access = session.access(sessionRule);
        const lease = access.kind === 'leases' ? await access.open(item, terms()) : undefined;
        if (access.kind === 'opening-reads') throw new Error('Nothing is known of target sessions by claims.');
        const { targetSession: id = '' } =
          access.kind === 'leases' ? await access.read(lease?.id ?? '', item) : await access.read(item, terms());
        const listed = await targetSessions.list();
        expect(listed.map((one) => one.id)).toEqual([id]);
        expect([lease?.id, undefined]).toContain(listed[0]?.leaseId);
        expect([item.ref, undefined]).toContainEqual(listed[0]?.item);
        expect([await targetSessions.end(id), await targetSessions.end(id)]).toEqual([true, false]);
        expect(await targetSessions.list()).toEqual([]);
        if (access.kind !== 'leases' || lease === undefined) return;
        expect(await access.held()).toMatchObject([{ id: lease.id, opens: 'target-session' }]);
        await access.close(lease.id, 'done');
      });
      expect(site.openLeases()).toBe(0);
    });

    it('is never considered absent because a list failed', async () => {
      const site = await start();
      await site.vault.session(async ({ targetSessions }) => {
        site.failCalls();
        await failureOf(site, Promise.resolve(targetSessions?.list()));
      });
    });
  });
};
