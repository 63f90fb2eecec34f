import { describe, expect, it } from 'vitest';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { StoreRules } from '#shared/stores/store.ts';
import { MORE_TYPES } from '#test/unit/shared/config/other-types.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

type Promises = Pick<StoreRules, 'readable' | 'binary' | 'recovery'>;

/** A store that can do everything, without what the case takes away. */
const typesWith = (promises: Partial<Promises>): RegisteredTypes => {
  const { shelf } = MORE_TYPES.stores;
  if (shelf === undefined) throw new Error('There is no shelf.');
  const able: Promises = { readable: true, binary: true, recovery: 'days' };
  return { ...MORE_TYPES, stores: { shelf: { ...shelf, rules: { ...shelf.rules, ...able, ...promises } } } };
};

const SHELF = { 10: '    type: shelf\n    board: top' } as const;
/** Lines behind the schedule of the sync, the first of which is line 19. */
const withSync = (...lines: string[]): string =>
  configWith({ ...SHELF, 17: ['    schedule: { expression: rate(1 hour) }', ...lines] });
const withCheckout = (retire: string): string =>
  configWith({
    ...SHELF,
    11: 'checkouts:',
    15: '    name: checkouts/{checkoutId}/{systemName}/{accountName}',
    17: `    retire: ${retire}`,
  });
const withSafe = (...lines: string[]): string =>
  configWith({
    ...SHELF,
    15: ['    name: fleet/{folderPath}/{title}', '    source: secrets-safe', ...lines],
    16: [],
  });

const DELETING = '    orphans: { policy: delete }';
const deletingAfter = (days: number | 'none') => `    orphans: { policy: delete, recoveryDays: ${days} }`;
const VERIFYING = '    verify: { expression: rate(1 day) }';

describe('a rule that asks its store for more than it can do', () => {
  it.each<[what: string, promises: Partial<Promises>, text: string, problem: string]>([
    [
      'cannot compare values that cannot be read',
      { readable: false },
      withSync(VERIFYING),
      '19:13 syncs.fleet.verify: compares values, and store "aws" cannot be read; remove verify, or deliver to "aws" in a sync of its own',
    ],
    [
      'cannot delete orphans recoverably by default',
      { recovery: 'none' },
      withSync(DELETING),
      '19:5 syncs.fleet.orphans.recoveryDays: store "aws" deletes at once and for good; write recoveryDays: none, or policy: keep',
    ],
    [
      'cannot delete orphans recoverably by its setting',
      { recovery: 'none' },
      withSync(deletingAfter(7)),
      '19:46 syncs.fleet.orphans.recoveryDays: store "aws" deletes at once and for good; write recoveryDays: none, or policy: keep',
    ],
    [
      'cannot choose days that the store sets',
      { recovery: 'fixed' },
      withSync(deletingAfter(7)),
      '19:46 syncs.fleet.orphans.recoveryDays: store "aws" itself sets how long a deleted secret can be restored; remove recoveryDays',
    ],
    [
      'cannot retire a checkout recoverably',
      { recovery: 'none' },
      withCheckout('recoverable'),
      '18:13 checkouts.fleet.retire: store "aws" deletes at once and for good; write retire: destroy',
    ],
    [
      'cannot deliver files as text',
      { binary: false },
      withSafe(),
      '15:14 syncs.fleet.stores[0]: store "aws" keeps text, and files of Secrets Safe are bytes; write select: { types: [credential, text] }, or name a store that keeps bytes',
    ],
  ])('%s', (_what, promises, text, problem) => {
    expect(problemsOf(text, undefined, typesWith(promises))).toEqual([`relay.yaml:${problem}`]);
    expect(problemsOf(text, undefined, typesWith({}))).toEqual([]);
  });
});

it.each<[what: string, promises: Partial<Promises>, text: string]>([
  ['orphans can be deleted at once', { recovery: 'days' }, withSync(deletingAfter('none'))],
  [
    'orphans can be deleted at once where nothing else is possible',
    { recovery: 'none' },
    withSync(deletingAfter('none')),
  ],
  ['orphans can be deleted for the time of the store', { recovery: 'fixed' }, withSync(DELETING)],
  ['a checkout can be retired for the time of the store', { recovery: 'fixed' }, withCheckout('recoverable')],
  ['a checkout can be destroyed', { recovery: 'none' }, withCheckout('destroy')],
  ['texts can be delivered as text', { binary: false }, withSafe('    select: { types: [credential, text] }')],
])('%s', (_what, promises, text) => {
  expect(problemsOf(text, undefined, typesWith(promises))).toEqual([]);
});
