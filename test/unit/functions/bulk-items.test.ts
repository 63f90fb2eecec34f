import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBulkItems } from '#functions/plan/bulk-items.ts';
import { createSafeReader } from '#functions/retrieve/safe-reader.ts';
import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SafeSecret } from '#shared/domain/safe-secret.ts';
import { RelayError } from '#shared/errors.ts';
import type { BatchItem } from '#shared/records/records.ts';
import { aSafeSecret, fakeSafe } from '#test/support/fake-safe.ts';
import { fakeVault } from '#test/support/fakes.ts';

const itemOf = (subject: SafeSecret): BatchItem => ({
  subject,
  secretName: `safe/${subject.secretId}`,
  versionId: `version of ${subject.secretId}`,
});

/** Dates a minute apart, with fractions of a second, as the vault writes them. */
const dateOf = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute, 7, 120)).toISOString();

const anyDate = fc.option(
  fc.integer({ min: 0, max: 8 }).map((minute) => dateOf(minute)),
  { nil: undefined },
);
const anySecrets = fc
  .array(
    fc.record({
      type: fc.constantFrom('credential', 'text', 'file'),
      folderId: fc.constantFrom('f1', 'f2'),
      modifiedAt: anyDate,
      wanted: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  .map((rows) =>
    rows.map(({ wanted, ...row }, index) => ({ wanted, secret: aSafeSecret({ ...row, secretId: `s${index}` }) })),
  );

const sessionWith = (safe: ReturnType<typeof fakeSafe>): Promise<VaultSession> =>
  fakeVault().vault.withSession(async (session) => ({ ...session, secretsSafe: safe.safe }));

/** Plans and reads, and gives the values that were read and those that the vault handed out. */
const readAll = async (rows: readonly { readonly wanted: boolean; readonly secret: SafeSecret }[]) => {
  const safe = fakeSafe();
  const bulk = createBulkItems();
  for (const { wanted, secret } of rows) {
    safe.secrets.push(secret);
    bulk.note(secret, wanted ? itemOf(secret) : undefined);
  }
  const items = bulk.items();
  const read = createSafeReader(await sessionWith(safe), '3.0', items);
  const values = await Promise.all(
    items.map(async (item) => {
      const content = await read(item, { item: 0 });
      return 'file' in content ? 'a file' : content.secret.reveal();
    }),
  );
  const handedOut = safe.calls.flatMap((call) => {
    const [, folderId, since] = /^folder (\S+)(?: since (\S+))?$/.exec(call) ?? [];
    if (folderId === undefined) return [call.replace('read ', '')];
    return safe.secrets
      .filter((secret) => secret.folderId === folderId && secret.type !== 'file')
      .filter(({ modifiedAt = '' }) => since === undefined || modifiedAt > since)
      .map(({ secretId }) => secretId);
  });
  return { items, values, handedOut, calls: safe.calls };
};

describe('what changed in Secrets Safe', () => {
  it('is read in full, and nothing else is, whatever changed when', async () => {
    await fc.assert(
      fc.asyncProperty(anySecrets, async (rows) => {
        const wanted = rows.filter((row) => row.wanted).map(({ secret }) => secret);
        const { items, values, handedOut } = await readAll(rows);
        expect(items.map(({ subject }) => subject).toSorted(byId)).toEqual(wanted.toSorted(byId));
        const expected = items.map(({ subject }) =>
          subject.kind === 'safe-secret' && subject.type !== 'file' ? `value of ${subject.secretId}` : 'a file',
        );
        expect(values).toEqual(expected);
        expect(handedOut.toSorted()).toEqual(wanted.map(({ secretId }) => secretId).toSorted());
      }),
    );
  });

  it('costs a call for each folder when all of it is new', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      wanted: true,
      secret: aSafeSecret({ secretId: `s${index}`, folderId: `f${index % 2}` }),
    }));
    expect((await readAll(rows)).calls).toEqual(['folder f0', 'folder f1']);
  });

  it('costs one call when it is newer than all the rest of its folder', async () => {
    const rows = Array.from({ length: 9 }, (_, index) => ({
      wanted: index > 3,
      secret: aSafeSecret({ secretId: `s${index}`, modifiedAt: dateOf(index) }),
    }));
    expect((await readAll(rows)).calls).toEqual(['folder f1 since 2026-01-01T00:03:08.000Z']);
  });

  it('is read by itself when it is older than something that nobody needs', async () => {
    const old = { wanted: true, secret: aSafeSecret({ secretId: 'old', modifiedAt: dateOf(1) }) };
    const kept = { wanted: false, secret: aSafeSecret({ secretId: 'kept', modifiedAt: dateOf(2) }) };
    expect((await readAll([old, kept])).calls).toEqual(['read old']);
  });

  it('is not read in bulk beside one that was withdrawn for its name', () => {
    const bulk = createBulkItems();
    const [one, other] = [aSafeSecret({ secretId: 'one' }), aSafeSecret({ secretId: 'other' })];
    for (const secret of [one, other]) bulk.note(secret, itemOf(secret));
    bulk.withdraw(({ secretName }) => secretName === 'safe/other');
    expect(bulk.items()).toEqual([itemOf(one)]);
  });
});

const byId = (one: BatchItem['subject'], other: BatchItem['subject']): number =>
  JSON.stringify(one).localeCompare(JSON.stringify(other));

describe('reading in bulk', () => {
  const items = ['s1', 's2'].map((secretId) => ({ ...itemOf(aSafeSecret({ secretId })), inBulk: {} }));

  it('falls back to reading one by itself that the bulk does not hold', async () => {
    const safe = fakeSafe();
    safe.secrets.push(aSafeSecret({ secretId: 's1' }), aSafeSecret({ secretId: 's2' }));
    safe.moved.add('s2');
    const read = createSafeReader(await sessionWith(safe), '3.0', items);
    for (const item of items) await read(item, { item: 0 });
    expect(safe.calls).toEqual(['folder f1', 'read s2']);
  });

  it('fails for all of a folder when it fails, and for nothing else', async () => {
    const safe = fakeSafe();
    safe.fail('f1', new RelayError('PermissionMissing', 'not this folder'));
    const alone = itemOf(aSafeSecret({ secretId: 's3' }));
    const read = createSafeReader(await sessionWith(safe), '3.0', [...items, alone]);
    for (const item of items) await expect(read(item, { item: 0 })).rejects.toThrow('not this folder');
    expect(await read(alone, { item: 0 })).toHaveProperty('secret');
    expect(safe.calls).toEqual(['folder f1', 'read s3']);
  });
});
