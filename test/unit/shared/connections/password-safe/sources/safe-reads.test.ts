import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SafeSecret } from '#shared/connections/password-safe/safe-secret.ts';
import { safeItem } from '#shared/connections/password-safe/sources/safe-items.ts';
import { prepareSafe } from '#shared/connections/password-safe/sources/safe-preparation.ts';
import { createSafeReads } from '#shared/connections/password-safe/sources/safe-reads.ts';
import type { PlainReads } from '#shared/connections/vault.ts';
import { type Item, itemSchema } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';
import { aSafeSecret, fakeSafe } from '#test/support/fake-safe.ts';

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

const textOf = async (reads: PlainReads, item: Item): Promise<string> => {
  const { content } = await reads.read(item, { reason: '' });
  return 'file' in content ? 'a file' : content.secret.reveal();
};

/** Items after a round trip through a batch record. */
const writtenDown = (items: readonly Item[]): Item[] =>
  items.map((item) => itemSchema.parse(JSON.parse(JSON.stringify(item))));

/** Plans and reads. Returns the values that were read, and the ids that the vault delivered. */
const readAll = async (rows: readonly { readonly wanted: boolean; readonly secret: SafeSecret }[]) => {
  const safe = fakeSafe();
  const preparation = prepareSafe();
  const wanted: Item[] = [];
  for (const row of rows) {
    safe.secrets.push(row.secret);
    const item = safeItem(row.secret);
    if (row.wanted) wanted.push(item);
    else preparation.exclude(item);
  }
  const items = writtenDown(preparation.arrange(wanted));
  const reads = createSafeReads(safe.safe, '3.0', items);
  const values = await Promise.all(items.map((item) => textOf(reads, item)));
  const delivered = safe.calls.flatMap((call) => {
    const [, folderId, since] = /^folder (\S+)(?: since (\S+))?$/.exec(call) ?? [];
    if (folderId === undefined) return [call.replace('read ', '')];
    return safe.secrets
      .filter((secret) => secret.folderId === folderId && secret.type !== 'file')
      .filter(({ modifiedAt = '' }) => since === undefined || modifiedAt > since)
      .map(({ secretId }) => secretId);
  });
  return { items, values, delivered, calls: safe.calls };
};

describe('a changed secret in Secrets Safe', () => {
  it('is read in full, and no other secret is, whichever changed when', async () => {
    await fc.assert(
      fc.asyncProperty(anySecrets, async (rows) => {
        const wanted = rows.filter((row) => row.wanted).map(({ secret }) => secret);
        const { items, values, delivered } = await readAll(rows);
        const ids = wanted.map(({ secretId }) => secretId).toSorted();
        expect(items.map(({ ref }) => ref.id).toSorted()).toEqual(ids);
        expect(values).toEqual(
          items.map(({ ref, labels }) => (labels['type'] === 'file' ? 'a file' : `value of ${ref.id}`)),
        );
        expect(delivered.toSorted()).toEqual(ids);
      }),
    );
  });

  it('costs one call per folder if all of the folder is new', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      wanted: true,
      secret: aSafeSecret({ secretId: `s${index}`, folderId: `f${index % 2}` }),
    }));
    expect((await readAll(rows)).calls).toEqual(['folder f0', 'folder f1']);
  });

  it('costs one call if it is newer than the rest of its folder', async () => {
    const rows = Array.from({ length: 9 }, (_, index) => ({
      wanted: index > 3,
      secret: aSafeSecret({ secretId: `s${index}`, modifiedAt: dateOf(index) }),
    }));
    expect((await readAll(rows)).calls).toEqual(['folder f1 since 2026-01-01T00:03:08.000Z']);
  });

  it('is read individually if it is older than an unwanted secret', async () => {
    const old = { wanted: true, secret: aSafeSecret({ secretId: 'old', modifiedAt: dateOf(1) }) };
    const kept = { wanted: false, secret: aSafeSecret({ secretId: 'kept', modifiedAt: dateOf(2) }) };
    expect((await readAll([old, kept])).calls).toEqual(['read old']);
  });

  it('is not read in bulk together with one that is excluded late, for example because of its name', () => {
    const preparation = prepareSafe();
    const [one, other] = [aSafeSecret({ secretId: 'one' }), aSafeSecret({ secretId: 'other' })].map(safeItem);
    if (one === undefined || other === undefined) throw new Error('There are two.');
    preparation.exclude(other);
    expect(preparation.arrange([one])).toEqual([one]);
  });
});

describe('reading in bulk', () => {
  const items = prepareSafe().arrange(['s1', 's2'].map((secretId) => safeItem(aSafeSecret({ secretId }))));

  it('returns each type in its form', async () => {
    const types = (['credential', 'text', 'file'] as const).map((type) => aSafeSecret({ secretId: type, type }));
    const { values, calls } = await readAll(types.map((secret) => ({ wanted: true, secret })));
    expect(values.toSorted()).toEqual(['a file', 'value of credential', 'value of text']);
    expect(calls.toSorted()).toEqual(['folder f1', 'read file']);
  });

  it('falls back to individual reads for secrets that the bulk lacks', async () => {
    const safe = fakeSafe();
    safe.secrets.push(aSafeSecret({ secretId: 's1' }), aSafeSecret({ secretId: 's2' }));
    safe.moved.add('s2');
    const reads = createSafeReads(safe.safe, '3.0', items);
    for (const item of items) await textOf(reads, item);
    expect(safe.calls).toEqual(['folder f1', 'read s2']);
  });

  it('fails for a whole folder, and for nothing else', async () => {
    const safe = fakeSafe();
    safe.fail('f1', new RelayError('PermissionMissing', 'not this folder'));
    const alone = safeItem(aSafeSecret({ secretId: 's3' }));
    const reads = createSafeReads(safe.safe, '3.0', [...items, alone]);
    for (const item of items) await expect(textOf(reads, item)).rejects.toThrow('not this folder');
    expect(await textOf(reads, alone)).toBe('value of s3');
    expect(safe.calls).toEqual(['folder f1', 'read s3']);
  });

  it('refuses a plan of another source, which a deployment can leave, and reads the rest', async () => {
    const safe = fakeSafe();
    const alone = safeItem(aSafeSecret({ secretId: 's3' }));
    const foreign: Item = { ...alone, ref: { kind: 'account', id: '1:10' } };
    const reads = createSafeReads(safe.safe, '3.0', [foreign, alone]);
    await expect(textOf(reads, foreign)).rejects.toMatchObject({ name: 'ContractViolated' });
    expect(await textOf(reads, alone)).toBe('value of s3');
  });
});
