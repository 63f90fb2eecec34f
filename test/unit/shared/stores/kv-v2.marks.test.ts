import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWNER_TAG } from '#shared/names.ts';
import {
  announce,
  claim,
  confirm,
  isRetired,
  likelyStamp,
  type Marks,
  type Metadata,
  metadataSchema,
  stateOf,
  withdraw,
} from '#shared/stores/kv-v2/marks.ts';

const AT = '2026-11-28T01:24:42.5Z';
const NOW_MS = Date.parse('2026-11-28T01:24:42Z');
const stampOf = (generation: number): string => String(generation).padStart(64, '0');

const metadata = (current: number, marks: Marks = {}, deleted: Record<number, string> = {}): Metadata =>
  metadataSchema.parse({
    created_time: '2026-11-28T01:00:00Z',
    current_version: current,
    custom_metadata: Object.fromEntries(Object.entries(marks).filter(([, mark]) => mark !== null)),
    versions: Object.fromEntries(
      Array.from({ length: current }, (_, index) => [
        String(index + 1),
        { created_time: AT, deletion_time: deleted[index + 1] ?? '', destroyed: false },
      ]),
    ),
  });
const state = (...given: Parameters<typeof metadata>) => stateOf(metadata(...given), NOW_MS);

/** The marks after a change, as a server merges them. */
const merge = (marks: Marks, change: Marks): Marks => ({ ...marks, ...change });

describe('the marks of a secret', () => {
  it('hold a stamp only for the version that it names', () => {
    const marks = confirm(stampOf(1), 2);
    expect(state(2, marks).stamp).toBe(stampOf(1));
    expect(state(3, marks).stamp).toBeUndefined();
    expect(state(1, marks).stamp).toBeUndefined();
    expect(state(0, confirm(stampOf(1), 0)).stamp).toBeUndefined();
  });

  it('show an announced stamp once its version is there, unless two deliveries announced it', () => {
    const one = merge(confirm(stampOf(1), 1), announce(stampOf(2), 2));
    expect(likelyStamp(state(1, one))).toBe(stampOf(1));
    expect(state(2, one)).toMatchObject({ stamp: undefined, announced: [stampOf(2)] });
    expect(likelyStamp(state(2, one))).toBe(stampOf(2));
    const two = merge(one, announce(stampOf(3), 2));
    expect(likelyStamp(state(2, two))).toBeUndefined();
    expect(likelyStamp(state(2, merge(two, withdraw(stampOf(3)))))).toBe(stampOf(2));
  });

  it('never show a stamp beside another version, whatever deliveries announce, write, confirm or leave undone', () => {
    const actions = fc.array(fc.tuple(fc.nat(4), fc.constantFrom('announce', 'write', 'confirm')), { maxLength: 25 });
    fc.assert(
      fc.property(actions, (steps) => {
        let marks: Marks = {};
        /** Generations of the versions. */
        const versions: number[] = [];
        const announced = new Map<number, number>();
        for (const [generation, action] of steps) {
          const found = state(versions.length, marks);
          const target = announced.get(generation);
          if (action === 'announce') {
            marks = merge(marks, announce(stampOf(generation), versions.length + 1, found));
            announced.set(generation, versions.length + 1);
          }
          // The server refuses a write over another version than the one that was found.
          if (action === 'write' && target === versions.length + 1) versions.push(generation);
          if (action === 'confirm' && target !== undefined && versions[target - 1] === generation) {
            marks = merge(marks, confirm(stampOf(generation), target, found));
          }
          const shown = likelyStamp(state(versions.length, marks));
          if (shown !== undefined) expect(shown).toBe(stampOf(versions.at(-1) ?? -1));
        }
      }),
    );
  });

  it('forget announcements of versions that exist, so that they never exceed what a server keeps', () => {
    let marks: Marks = claim('owner', 'text', stampOf(1));
    for (let version = 1; version < 100; version += 1) {
      marks = merge(marks, announce(stampOf(version), version, state(version - 1, marks)));
    }
    expect(Object.values(marks).filter((mark) => mark !== null).length).toBeLessThan(6);
  });

  it('fit into the limit of a server, whatever the description', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 0, maxLength: 1000 }), (description) => {
        for (const mark of Object.values(claim('owner', description, stampOf(1)))) {
          expect(Buffer.byteLength(mark ?? '')).toBeLessThanOrEqual(512);
        }
      }),
    );
  });
});

describe('a secret', () => {
  it.each([
    ['was deleted in the past', '2026-11-27T00:00:00Z', true],
    ['was deleted within the second that the clock shows', '2026-11-28T01:24:42.9Z', true],
    ['is deleted later', '2026-11-29T00:00:00Z', false],
  ])('whose current version %s is retired: %s %s', (_what, at, retired) =>
    expect(isRetired(state(2, {}, { 2: at }))).toBe(retired),
  );

  it('of which only an older version was deleted is not retired', () =>
    expect(state(2, {}, { 1: AT })).toMatchObject({ readable: [2], current: 2 }));

  it('without custom metadata has no owner', () => {
    expect(stateOf({ ...metadata(1), custom_metadata: null }, NOW_MS).owner).toBeUndefined();
    expect(state(1, { [OWNER_TAG]: 'relay/web' }).owner).toBe('relay/web');
  });
});
