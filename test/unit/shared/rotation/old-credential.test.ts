import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reported } from '#shared/domain/rotation/progress.ts';
import type { RotationItems } from '#shared/records/rotation-record.ts';
import { findLeft, findOldCredential } from '#shared/rotation/old-credential.ts';
import { noticeOf } from '../../../../functions/rotate/report/notice.ts';

type Items = RotationItems['items'];

/** Items with a target in each of two stores, by two syncs. */
const itemsOf = (ids: readonly string[], more: Partial<Items[string]> = {}): Items =>
  Object.fromEntries(
    ids.map((id) => {
      const target = (sync: string, store: string) => ({ sync, store, name: `${sync}/${id}` });
      const targets = [target('one', 'aws'), target('one', 'far'), target('two', 'aws')];
      const about = { ref: { kind: 'account', id }, title: `title ${id}`, labels: {}, handle: null };
      return [id, { ...about, syncs: ['one', 'two'], targets, ...more }];
    }),
  );

const lineOf = (id: string, status: Reported['status']): Reported => ({ id, title: `title ${id}`, wave: 0, status });

const find = (lines: readonly Reported[], deliveries: Parameters<typeof findOldCredential>[0]['deliveries'] = []) => {
  const items = lines.map(({ id, title, status }) => ({ id, title, status, wave: 0, after: [] }));
  const ids = lines.map(({ id }) => id);
  return findOldCredential({ state: { items }, followers: {}, deliveries }, itemsOf(ids), lines);
};

describe('targets with an old credential', () => {
  it('are exactly those that no run states as current, and all of what did not rotate', () => {
    const target = fc.constantFrom('one aws', 'one far', 'two aws');
    const status = fc.constantFrom<Reported['status']>('rotated', 'failed', 'testFailed', 'unknown', 'skipped');
    const given = fc.array(fc.record({ status, current: fc.uniqueArray(target) }), { maxLength: 4 });
    fc.assert(
      fc.property(given, (all) => {
        const lines = all.map((one, index) => lineOf(String(index), one.status));
        const items = itemsOf(lines.map(({ id }) => id));
        const rotated = lines.flatMap(({ id, status: end }) => (end === 'rotated' ? [id] : []));
        const deliveries = ['one', 'two'].map((sync) => {
          const current = all.flatMap((one, index) =>
            one.current
              .filter((text) => text.startsWith(sync))
              .map((text) => ({ item: String(index), store: text.slice(4), name: `${sync}/${index}` })),
          );
          const left = findLeft({ sync, ids: rotated }, items, { current });
          return { sync, run: `${sync}.1`, ids: rotated, startedAt: 0, status: 'SUCCEEDED' as const, left };
        });
        const expected = all.flatMap((one, index) =>
          ['one aws', 'one far', 'two aws']
            .filter((text) => one.status !== 'rotated' || !one.current.some((known) => known === text))
            .map((text) => `${index} ${text}`),
        );
        const { old, ofRotated } = find(lines, deliveries);
        const found = old.targets.map(({ item, sync, store }) => `${item.replace('title ', '')} ${sync} ${store}`);
        expect(found).toEqual(expected);
        const isRotated = (text: string) => rotated.includes(text.slice(0, text.indexOf(' ')));
        expect(ofRotated).toBe(expected.filter(isRotated).length);
      }),
      { numRuns: 50 },
    );
  });

  it('include those of an ended run without a report', () => {
    const items = itemsOf(['1']);
    expect(findLeft({ sync: 'one', ids: ['1'] }, items, undefined)).toEqual([
      { id: '1', store: 'aws' },
      { id: '1', store: 'far' },
    ]);
  });

  it('do not include the secret of a pair whose name follows the active account', () => {
    const current = [{ item: '1', store: 'aws', name: 'renamed' }];
    const left = (more: Partial<Items[string]>) =>
      findLeft({ sync: 'two', ids: ['1'] }, itemsOf(['1'], more), { current });
    expect(left({ members: [] })).toEqual([]);
    expect(left({})).toHaveLength(1);
  });

  it('are counted beyond the thousandth, and the notice has at most twenty', () => {
    const { old } = find(Array.from({ length: 400 }, (_, index) => lineOf(String(index), 'failed')));
    expect(old).toMatchObject({ count: 1200, targets: { length: 1000 } });
    const lines = noticeOf(
      {
        ...{ workflow: 'rotate', rule: 'weekly', run: 'weekly.1', status: 'STOPPED' },
        ...{ trigger: 'schedule', startedAt: '', finishedAt: '' },
        ...{ items: [], deliveries: [], notes: [], oldCredential: old },
      },
      'report.json',
    );
    expect(lines.filter((line) => /in (aws|far), by/.test(line))).toHaveLength(20);
    expect(lines).toContain('1200 targets may still hold an old credential:');
    expect(lines).toContain('… and 1180 more targets.');
  });
});
