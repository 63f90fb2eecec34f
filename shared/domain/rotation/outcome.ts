import { parseInstant } from '#shared/domain/instant.ts';
import type { Item } from '#shared/domain/item.ts';

/** Dates of an item in the vault's list. */
export type Evidence = Pick<Item, 'changedAt' | 'hasUnreadableDate'>;

/** Result of a test of the credential that the vault holds. `impossible`: the vault has no test. */
export type TestResult =
  | { readonly result: 'impossible' }
  /** Test of the change with this date. `inconclusive`: the test itself failed. */
  | { readonly result: 'passed' | 'failed' | 'inconclusive'; readonly changedAt: string };

/** Everything that is known about a started item. */
export interface Observations {
  /** Before the start. */
  readonly before: Evidence;
  /** Now; undefined if the vault does not answer, or does not list the item. */
  readonly shown: (Evidence & Pick<Item, 'changing'>) | undefined;
  /** True once the vault had its time. */
  readonly isOverdue: boolean;
  /** Cause for which the vault refused the change, before it changed anything. */
  readonly refusal?: string | undefined;
  readonly test?: TestResult | undefined;
  /** True if readers get the changed account only once the vault switches to it, and it has not. */
  readonly awaitsSwitch?: boolean | undefined;
}

/** Decision about a started item. `started`: nothing is known yet. `testFailed`: the item is held. */
export type Verdict =
  | { readonly status: 'started' }
  | { readonly status: 'changed' | 'rotated' | 'testFailed'; readonly changedAt: string }
  | { readonly status: 'unknown' | 'failed'; readonly reason: string };

const instantOf = (date: string | undefined): number | undefined =>
  date === undefined ? undefined : parseInstant(date, undefined);

/**
 * Date of the change that the vault shows; undefined if it shows none. The first date of an item without one is a
 * change. Where one of two dates cannot be read, nothing is known.
 */
const shownChange = (before: Evidence, shown: Evidence | undefined): string | undefined => {
  const at = instantOf(shown?.changedAt);
  if (at === undefined || before.hasUnreadableDate === true) return undefined;
  if (before.changedAt === undefined) return shown?.changedAt;
  const earlier = instantOf(before.changedAt);
  return earlier !== undefined && at > earlier ? shown?.changedAt : undefined;
};

/** Decides about a change that is as good as its test can tell. */
const afterTest = (changedAt: string, { awaitsSwitch = false, isOverdue }: Observations): Verdict => {
  if (!awaitsSwitch) return { status: 'rotated', changedAt };
  return isOverdue
    ? {
        status: 'unknown',
        reason:
          'The account changed, and the alias did not switch to it in time. Once the vault switches it, the next sync delivers it.',
      }
    : { status: 'changed', changedAt };
};

/** Decides about a change that the vault shows. A test of an earlier change says nothing about this one. */
const afterChange = (changedAt: string, observed: Observations): Verdict => {
  const { test, isOverdue } = observed;
  if (test?.result === 'impossible') return afterTest(changedAt, observed);
  if (test === undefined || instantOf(test.changedAt) !== instantOf(changedAt)) return { status: 'changed', changedAt };
  if (test.result === 'passed') return afterTest(changedAt, observed);
  if (test.result === 'failed') return { status: 'testFailed', changedAt };
  return isOverdue
    ? { status: 'unknown', reason: 'The credential changed, and could not be tested in time.' }
    : { status: 'changed', changedAt };
};

/**
 * Decides what became of a started item. A change that the vault shows counts, however late, and also after a refusal.
 * While the vault is changing the credential, nothing is decided: a second change makes the first one invalid. Pure.
 */
export const judge = (observed: Observations): Verdict => {
  const { before, shown, isOverdue, refusal } = observed;
  const isChanging = shown?.changing === true;
  const changedAt = shownChange(before, shown);
  if (changedAt !== undefined && !isChanging) return afterChange(changedAt, observed);
  if (refusal !== undefined && !isChanging) return { status: 'failed', reason: refusal };
  if (!isOverdue) return { status: 'started' };
  return {
    status: 'unknown',
    reason: isChanging
      ? 'The vault is still changing the credential. The next sync delivers the new one.'
      : 'The vault showed no change in time. If it changes later, the next sync delivers it.',
  };
};
