import * as z from 'zod';
import { parseInstant } from '#shared/domain/instant.ts';
import { type Item, itemKey, type Labels } from '#shared/domain/item.ts';
import type { RotationState } from '#shared/domain/rotation/state.ts';

/**
 * Holds on the items of a vault, as data to keep: which items a rotation is changing, and whose new credential
 * failed its test. Syncs deliver neither. Pure. Times are epoch milliseconds.
 */

const rotationRunSchema = z.object({ rule: z.string(), run: z.string() });
export type RotationRun = z.infer<typeof rotationRunSchema>;

/** A rotation that is changing the item, or may be until a time. */
const changingSchema = rotationRunSchema.extend({ since: z.int(), until: z.int() });

/** A change whose new credential the target refused. */
const testFailedSchema = rotationRunSchema.extend({
  /** Date of the change in the vault. */
  changedAt: z.string(),
  /** True once people have been notified. */
  notified: z.boolean(),
  /** True once a message has ended the hold. */
  released: z.boolean(),
});

const entrySchema = z.object({
  title: z.string(),
  /** By which a message addresses the item. */
  labels: z.record(z.string(), z.string()),
  /** Key of the item with which its credential changes, if a rotation changes that one. */
  with: z.string().optional(),
  changing: changingSchema.optional(),
  testFailed: testFailedSchema.optional(),
});
type Entry = z.infer<typeof entrySchema>;

export const holdsSchema = z.object({
  /** Number of writes. It distinguishes any two versions. */
  writes: z.int().min(0),
  /** By the keys of the items. */
  entries: z.record(z.string(), entrySchema),
});
export type Holds = z.infer<typeof holdsSchema>;

export const noHolds = (): Holds => ({ writes: 0, entries: {} });

/** Reason for which a sync does not deliver an item, and the rotation that caused it. */
export type Hold =
  | { readonly kind: 'changing'; readonly rule: string }
  | { readonly kind: 'testFailed'; readonly rule: string; readonly changedAt: string };

const entryOf = ({ entries }: Holds, key: string): Entry | undefined =>
  Object.hasOwn(entries, key) ? entries[key] : undefined;

const isLive = ({ changing }: Entry, now: number): boolean => changing !== undefined && now < changing.until;

/** True only if the first date is later than the second. Other texts than dates prove nothing. */
const isLater = (one: string | undefined, other: string, toleranceMs = 0): boolean => {
  const [at, earlier] = [one ?? '', other].map((date) => parseInstant(date, undefined));
  return at !== undefined && earlier !== undefined && at > earlier + toleranceMs;
};

/** The vault changes the accounts of a set one after the other, and each has a date of its own. */
const MAX_SET_MS = 300_000;

/**
 * Hold on an item as the vault lists it now; undefined if there is none. A change after the one that failed its test
 * ends the hold. An older date does not: a list can be older than the change.
 */
export const holdOn = (
  holds: Holds,
  { ref, changedAt }: Pick<Item, 'ref' | 'changedAt'>,
  now: number,
): Hold | undefined => {
  const entry = entryOf(holds, itemKey(ref));
  if (entry === undefined) return undefined;
  const { changing, testFailed } = entry;
  if (changing !== undefined && isLive(entry, now)) return { kind: 'changing', rule: changing.rule };
  const toleranceMs = entry.with === undefined ? 0 : MAX_SET_MS;
  if (testFailed === undefined || testFailed.released) return undefined;
  if (isLater(changedAt, testFailed.changedAt, toleranceMs)) return undefined;
  return { kind: 'testFailed', rule: testFailed.rule, changedAt: testFailed.changedAt };
};

/** Sets the entries of some items. An entry without a part is removed. The same holds if nothing differs. */
const withEntries = (holds: Holds, changed: ReadonlyMap<string, Entry>, now: number): Holds => {
  const before = JSON.stringify(holds.entries);
  const all = [...Object.entries(holds.entries).filter(([key]) => !changed.has(key)), ...changed];
  const entries = all.flatMap(([key, { title, labels, with: leader, changing, testFailed }]) => {
    const live = changing !== undefined && now < changing.until ? { changing } : {};
    const parts = { ...live, ...(testFailed && { testFailed }) };
    const about = { title, labels, ...(leader !== undefined && { with: leader }) };
    return Object.keys(parts).length > 0 ? [[key, { ...about, ...parts }] as const] : [];
  });
  const next = Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return JSON.stringify(next) === before ? holds : { writes: holds.writes + 1, entries: next };
};

const isSameRun = (one: RotationRun, other: RotationRun): boolean => one.rule === other.rule && one.run === other.run;

/** An item that a run is about to change. */
export interface Claim {
  readonly key: string;
  readonly title: string;
  readonly labels: Labels;
  /** Key of the item with which it changes. */
  readonly with?: string | undefined;
  /** Date of its last change. */
  readonly changedAt?: string | undefined;
  readonly until: number;
}

/**
 * Claims items for a run before it changes them. `taken` has the rotations that are changing the others: those are not
 * claimed, because two changes at once leave neither credential known to be valid. Repeatable by the same run.
 */
export const claimItems = (
  holds: Holds,
  { rule, run }: RotationRun,
  claims: readonly Claim[],
  now: number,
): { readonly holds: Holds; readonly taken: ReadonlyMap<string, string> } => {
  const taken = new Map<string, string>();
  const changed = new Map<string, Entry>();
  for (const { key, title, labels, with: leader, changedAt, until } of claims) {
    const entry = entryOf(holds, key);
    if (entry?.changing !== undefined && isLive(entry, now) && !isSameRun(entry.changing, { rule, run })) {
      taken.set(key, entry.changing.rule);
      continue;
    }
    // Until the new change shows, the vault still holds the credential that failed.
    const testFailed = entry?.testFailed;
    const isOver = testFailed === undefined || isLater(changedAt, testFailed.changedAt);
    const changing = { rule, run, since: now, until };
    changed.set(key, { title, labels, with: leader, changing, ...(!isOver && { testFailed }) });
  }
  return { holds: withEntries(holds, changed, now), taken };
};

/** True if an entry belongs to the start of an item. A resumed run continues the starts of an earlier one. */
const isOwn = (
  changing: NonNullable<Entry['changing']>,
  { startedAt }: RotationState['items'][number],
  run: RotationRun,
): boolean =>
  isSameRun(changing, run) || (changing.rule === run.rule && startedAt !== undefined && changing.since <= startedAt);

/** Brings the hold on one item up to date with the progress of a run. */
const settleItem = (
  { changing, testFailed, ...about }: Entry,
  item: RotationState['items'][number],
  { rule, run }: RotationRun,
  isStopped: boolean,
): Entry => {
  const { status, changedAt } = item;
  const others = changing !== undefined && !isOwn(changing, item, { rule, run }) ? { changing } : {};
  switch (status) {
    case 'rotated': {
      const isLeft = testFailed !== undefined && changedAt !== undefined && isLater(testFailed.changedAt, changedAt);
      return { ...about, ...others, ...(isLeft && { testFailed }) };
    }
    case 'testFailed': {
      // A released hold, or one of a later change, stays as it is.
      const isKnown =
        testFailed !== undefined && (changedAt === undefined || !isLater(changedAt, testFailed.changedAt));
      if (isKnown || changedAt === undefined) return { ...about, ...others, testFailed };
      return { ...about, ...others, testFailed: { rule, run, changedAt, notified: false, released: false } };
    }
    case 'failed':
    case 'skipped':
      return { ...about, ...others, testFailed };
    case 'waiting':
      return isStopped ? { ...about, ...others, testFailed } : { ...about, changing, testFailed };
    // A credential whose change did not show may still change.
    case 'unknown':
    case 'started':
    case 'changed':
      return { ...about, changing, testFailed };
  }
};

/** Items of a run, as its holds need them. */
export interface HeldItems {
  readonly labelsOf: (key: string) => Labels;
  /** Keys of the other credentials that change with that of an item. */
  readonly changedWith: (id: string) => readonly string[];
}

const hasBegun = ({ status }: RotationState['items'][number]): boolean =>
  status !== 'waiting' && status !== 'skipped' && status !== 'failed';

/**
 * Items that decide about the holds of a run, by the keys of the credentials: the item itself once its own credential
 * has changed, and otherwise the one with which it changes.
 */
const decidersOf = (holds: Holds, { items }: RotationState, changedWith: HeldItems['changedWith']) => {
  const own = new Map(items.map((item) => [item.id, item]));
  const deciders = new Map(own);
  const mayDecide = (key: string): boolean => {
    const item = own.get(key);
    return item === undefined || !hasBegun(item);
  };
  for (const item of items.filter(hasBegun)) {
    for (const key of changedWith(item.id).filter(mayDecide)) deciders.set(key, item);
  }
  for (const [key, { with: leader }] of Object.entries(holds.entries)) {
    const item = leader === undefined ? undefined : own.get(leader);
    if (item !== undefined && mayDecide(key)) deciders.set(key, item);
  }
  return deciders;
};

/**
 * Brings the holds up to date with the progress of a run: a passed test ends the hold on an item, a failed one begins
 * it, also for the credentials that change with it. Repeatable: a late repetition neither renews a released hold nor
 * touches what another run is changing.
 */
export const settleHolds = (
  holds: Holds,
  run: RotationRun,
  state: RotationState,
  { labelsOf, changedWith }: HeldItems,
  now: number,
): Holds => {
  const changed = new Map<string, Entry>();
  const titles = new Map(state.items.map(({ id, title }) => [id, title]));
  for (const [key, item] of decidersOf(holds, state, changedWith)) {
    const known = entryOf(holds, key);
    if (known === undefined && item.status !== 'testFailed') continue;
    const begin = (): Entry => ({
      title: titles.get(key) ?? item.title,
      labels: labelsOf(key),
      with: key === item.id ? undefined : item.id,
    });
    changed.set(key, settleItem(known ?? begin(), item, run, state.stop !== undefined));
  }
  return withEntries(holds, changed, now);
};

/** Failed test that holds back an item; undefined if there is none, or a rotation is changing it again. */
export const failedTestOf = (
  holds: Holds,
  key: string,
  now: number,
): { readonly rule: string; readonly changedAt: string } | undefined => {
  const entry = entryOf(holds, key);
  if (entry?.testFailed === undefined || entry.testFailed.released || isLive(entry, now)) return undefined;
  return entry.testFailed;
};

/** Keys of the held items that a person means, and of those that changed with one. */
const meantIn = ({ entries }: Holds, isMeant: (labels: Labels) => boolean): string[] => {
  const meant = new Set(Object.keys(entries).filter((key) => isMeant(entries[key]?.labels ?? {})));
  return Object.entries(entries).flatMap(([key, { with: leader, testFailed }]) =>
    testFailed !== undefined && (meant.has(key) || (leader !== undefined && meant.has(leader))) ? [key] : [],
  );
};

/** Rotations whose failed tests hold the items that a person means. */
export const releasable = (holds: Holds, isMeant: (labels: Labels) => boolean): string[] =>
  meantIn(holds, isMeant).flatMap((key) => {
    const testFailed = entryOf(holds, key)?.testFailed;
    return testFailed === undefined || testFailed.released ? [] : [testFailed.rule];
  });

/** Ends the holds after failed tests on the items that a person means. */
export const withReleased = (holds: Holds, isMeant: (labels: Labels) => boolean, now: number): Holds => {
  const changed = new Map<string, Entry>();
  for (const key of meantIn(holds, isMeant)) {
    const entry = entryOf(holds, key);
    if (entry?.testFailed === undefined) continue;
    changed.set(key, { ...entry, testFailed: { ...entry.testFailed, released: true } });
  }
  return withEntries(holds, changed, now);
};

/** Failed tests of a rotation that people do not know of yet, each once for what changed together. */
export const unnotified = (
  { entries }: Holds,
  rule: string,
): { readonly key: string; readonly title: string; readonly changedAt: string }[] =>
  Object.entries(entries).flatMap(([key, { title, with: leader, testFailed }]) =>
    leader === undefined && testFailed?.rule === rule && !testFailed.notified && !testFailed.released
      ? [{ key, title, changedAt: testFailed.changedAt }]
      : [],
  );

/** Records that people know of these failed tests. */
export const withNotified = (
  holds: Holds,
  failed: readonly { readonly key: string; readonly changedAt: string }[],
  now: number,
): Holds => {
  const changed = new Map<string, Entry>();
  for (const { key, changedAt } of failed) {
    const entry = entryOf(holds, key);
    if (entry?.testFailed?.changedAt !== changedAt) continue;
    changed.set(key, { ...entry, testFailed: { ...entry.testFailed, notified: true } });
  }
  return withEntries(holds, changed, now);
};
