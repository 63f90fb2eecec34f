import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { element, leaf } from '#local/simulators/sra/xml.ts';
import {
  type ActivityEvent,
  joinHalves,
  nameKey,
  shownSinceOf,
  spanSince,
} from '#shared/connections/sra/reports/activity.ts';
import { happenedBy, lastChangeIn, lastChanges } from '#shared/connections/sra/reports/changes.ts';
import { kindOf } from '#shared/connections/sra/reports/event-kinds.ts';
import { meaningOf } from '#shared/connections/sra/reports/report.ts';
import { childOf, readXml, type XmlElement } from '#shared/connections/sra/reports/xml.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 2, 1, 12);

const rowsOf = (text: string) => {
  const rows: XmlElement[] = [];
  return { root: readXml(text, (row) => rows.push(row)), rows };
};

describe('the XML of a report', () => {
  it('has the texts that the site wrote, in any namespace and with unknown parts', () => {
    const anyText = fc.string({ unit: fc.constantFrom('a', 'ü', '<', '&', '"', "'", ' ', ']', '田'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText), { maxLength: 5 }), (texts) => {
        const written = texts.map(([name, data]) =>
          element('x:row', { account: name, 'x:new': 1 }, [leaf('x:data', data), element('other', {})]),
        );
        const { root, rows } = rowsOf(element('x:list', { 'xmlns:x': 'any' }, written));
        expect(root.name).toBe('list');
        expect(rows.map((row) => [row.attributes.get('account'), childOf(row, 'data')?.text])).toEqual(texts);
      }),
    );
  });

  it('is read, or refused as a whole, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<a>', '</a>', '<b/>', 'x', '&', ';', '"', '<!--', '<?') }),
        (text) => {
          try {
            expect(readXml(text, () => {}).name).toBe('a');
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        },
      ),
    );
  });

  it.each([
    ['defines an entity', '<!DOCTYPE a [<!ENTITY x "xxxx">]><a>&x;</a>'],
    ['has a document type', '<!DOCTYPE a SYSTEM "http://127.0.0.1/"><a/>'],
    ['has an unknown entity', '<a>&x;</a>'],
    ['ends early', '<a><b/>'],
    ['is nested without end', '<a>'.repeat(100)],
    ['is empty', ''],
    ['is something else', '{"error":"x"}'],
  ])('is refused if it %s', (_what, text) => expect(() => readXml(text, () => {})).toThrow());
});

describe('an error of a report', () => {
  it.each([
    ['No vault account activity matching your chosen criteria is available.', 'empty'],
    ['No Support report information matching your chosen criteria is available.', 'empty'],
    ['Document not found.', 'refused'],
    ['You do not have permission to view this report.', 'refused'],
    ['The report could not be generated.', 'error'],
    ['No permission to read events matching your chosen criteria is available.', 'refused'],
    ['No database for events matching your chosen criteria is available. The report failed.', 'error'],
    ['No server matching this name.', 'error'],
    ['Nothing', 'error'],
    ['', 'error'],
  ])('%j is %s', (text, meaning) => expect(meaningOf(text)).toBe(meaning));
});

describe('an event', () => {
  it.each([
    ['Credentials Checked Out', 'checkedOut'],
    ['credentials  checked-in', 'checkedIn'],
    ['Credentials Forcibly Checked In', 'checkedIn'],
    ['Credentials Checked In (Forced)', 'checkedIn'],
    ['Credentials Used', 'used'],
    ['Password Changed', 'changed'],
    ['Password Rotated', 'changed'],
    ['Credential Rotation Succeeded', 'changed'],
    ['Password Rotation Failed', 'rotationFailed'],
    ['Account Created', 'created'],
    ['Account Deleted', 'deleted'],
    ['Check In Failed', 'unknown'],
    ['Credentials Check Out Denied', 'unknown'],
    ['Password Change Requested', 'unknown'],
    ['', 'unknown'],
  ])('%j is %s', (text, kind) => expect(kindOf(text)).toBe(kind));

  const anyEvent = fc.record({
    atMs: fc.nat({ max: 20 }).map((seconds) => seconds * 1000),
    kind: fc.constantFrom<ActivityEvent['kind']>(
      'changed',
      'created',
      'deleted',
      'rotationFailed',
      'used',
      'checkedIn',
      'unknown',
    ),
    account: fc.constantFrom('a', 'b'),
    performer: fc.constant(undefined),
    data: fc.constant(undefined),
  });

  it('of an unknown type counts as a change of each account with its name, and one that fails does not', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const changes = lastChanges(events);
        for (const name of ['a', 'b', 'c']) {
          const own = events.filter(({ account }) => account === name);
          const dates = own
            .filter(({ kind }) => ['changed', 'created', 'unknown'].includes(kind))
            .map(({ atMs }) => atMs);
          const last = dates.length === 0 ? undefined : new Date(Math.max(...dates)).toISOString();
          expect([changes.get(name), lastChangeIn(own)]).toEqual([last, last]);
        }
      }),
    );
  });

  it('with a wrong time hides no change, by any clock', () => {
    const wrong = fc.record({ atMs: fc.integer({ min: 1, max: 200 * 24 }).map((hours) => NOW + hours * 3_600_000) });
    fc.assert(
      fc.property(fc.array(wrong), fc.nat({ max: 1000 }), (later, secondsAgo) => {
        const event = { kind: 'changed', account: 'a', performer: undefined, data: undefined } as const;
        const change = { ...event, atMs: NOW - secondsAgo * 1000 };
        const events = [change, ...later.map((one) => ({ ...event, ...one }))];
        expect(lastChangeIn(happenedBy(events, NOW))).toBe(new Date(change.atMs).toISOString());
      }),
    );
  });

  it('is once in a report that was read in halves', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyEvent, { selector: (one) => JSON.stringify(one) }),
        fc.nat({ max: 20 }),
        (all, middle) => {
          const events = all.toSorted((one, other) => one.atMs - other.atMs);
          const earlier = events.filter(({ atMs }) => atMs <= middle * 1000);
          const later = events.filter(({ atMs }) => atMs >= middle * 1000);
          expect(joinHalves(earlier, later)).toEqual(events);
        },
      ),
    );
  });
});

describe('the span of a report', () => {
  it('overlaps what is known, within the 89 days that the site certainly shows, and claims less than it reads', () => {
    fc.assert(
      fc.property(fc.nat({ max: 200 * 24 }), (hours) => {
        const since = new Date(NOW - hours * 3_600_000).toISOString();
        const span = spanSince(NOW, since);
        expect(span.fromMs).toBe(Math.max(NOW - 89 * DAY_MS, Date.parse(since) - DAY_MS));
        expect(Date.parse(shownSinceOf(span))).toBeGreaterThan(span.fromMs);
        if (hours < 87 * 24) expect(shownSinceOf(span) < since).toBe(true);
      }),
    );
    expect(spanSince(NOW)).toEqual({ fromMs: NOW - 89 * DAY_MS, toMs: NOW });
  });

  it('names accounts as an attribute shows them', () => expect(nameKey('a\tb\n c')).toBe('a b  c'));
});
