import { describe, expect, it } from 'vitest';
import { itemKey } from '#shared/domain/item.ts';
import {
  anyReadable,
  contentOf,
  expected,
  failureOf,
  listAll,
  listReadable,
  readBy,
  type VaultBench,
  writtenDown,
} from './vault-bench.ts';

/** Part of the vault suite: reads of any kind, and the sessions around them. */

export const describeReading = ({ rule, start }: VaultBench): void => {
  describe('reading', () => {
    it('returns the value of the item, and leaves nothing open', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = await anyReadable(site, session, rule);
        expect(contentOf(await readBy(session.access(rule, [item]), item))).toEqual(expected(site, item));
      });
      expect([site.openLeases(), site.openSessions()]).toEqual([0, 0]);
    });

    it('returns the value of each of many items, regardless of those that the preparation skipped', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const readable = await listReadable(site, session, rule);
        const wanted = readable.slice(Math.floor(readable.length / 2));
        const preparation = session.prepare?.(rule);
        for (const item of readable) if (!wanted.includes(item)) preparation?.exclude(item);
        const arranged = (preparation?.arrange(wanted) ?? wanted).map(writtenDown);
        expect(arranged.map(({ ref }) => itemKey(ref)).toSorted()).toEqual(
          wanted.map(({ ref }) => itemKey(ref)).toSorted(),
        );
        const access = session.access(rule, arranged);
        for (const item of arranged) expect(contentOf(await readBy(access, item))).toEqual(expected(site, item));
      });
      expect(site.openLeases()).toBe(0);
    });

    it('returns the current value of the item, even long after it was listed', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = await anyReadable(site, session, rule);
        site.change(item);
        expect(contentOf(await readBy(session.access(rule), item))).toEqual(expected(site, item));
      });
    });

    it('fails with an error that contains no credential', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = await anyReadable(site, session, rule);
        site.failCalls();
        await failureOf(site, readBy(session.access(rule), item));
      });
    });

    it('is refused for items that the vault did not create', async () => {
      const site = await start();
      await site.vault.session(async (session) => {
        const item = await anyReadable(site, session, rule);
        const foreign = { ...item, ref: { ...item.ref, kind: 'foreign' }, handle: null };
        const access = session.access(rule, [foreign]);
        await failureOf(site, (async () => readBy(access, foreign))());
      });
      expect(site.openLeases()).toBe(0);
    });
  });
};

export const describeSessions = ({ rule, start, sharesToken = false }: VaultBench): void => {
  describe('a session', () => {
    it('can be ensured, with its expiry if that is known', async () => {
      const site = await start();
      const { expiresAt } = await site.vault.ensureSignIn();
      expect(expiresAt === null || new Date(expiresAt).toISOString() === expiresAt).toBe(true);
      expect(site.openSessions()).toBe(0);
    });

    it('is one for all of its work, and returns the result of the work', async () => {
      const site = await start();
      const given = await site.vault.session(async (session) => {
        await Promise.all([listAll(session, rule), listAll(session, rule)]);
        return site.openSessions();
      });
      expect([given, site.signIns(), site.openSessions()]).toEqual([sharesToken ? 0 : 1, 1, 0]);
    });

    it('is signed out after work that failed in any way, whose error it throws', async () => {
      const site = await start();
      const failing = site.vault.session(() => Promise.reject(new RangeError('the work')));
      await expect(failing).rejects.toThrow(RangeError);
      await site.vault
        .session(async (session) => {
          site.failCalls();
          await listAll(session, rule);
        })
        .catch(() => undefined);
      expect([site.signIns(), site.openSessions()]).toEqual([sharesToken ? 1 : 2, 0]);
    });

    it('that is refused is not attempted again', async () => {
      const site = await start();
      site.refuseSignIn();
      const session = await failureOf(
        site,
        site.vault.session(async () => undefined),
      );
      expect(session).toMatchObject({ name: 'SignInRefused', retryable: false });
      expect(site.signIns()).toBe(1);
      expect((await failureOf(site, site.vault.ensureSignIn())).name).toBe('SignInRefused');
      // The refusal of a token counts for a while.
      expect(site.signIns()).toBeLessThanOrEqual(2);
      expect(site.openSessions()).toBe(0);
    });
  });
};
