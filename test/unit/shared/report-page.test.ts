import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zeroOutcomes } from '#shared/domain/outcome.ts';
import type { Report } from '#shared/records/records.ts';
import { renderCheckoutPage } from '#shared/report-page/checkout-page.ts';
import { renderOldCheckoutsPage } from '#shared/report-page/old-checkouts-page.ts';
import { renderReportPage } from '#shared/report-page/page.ts';
import { renderRotationPage } from '#shared/report-page/rotation-page.ts';
import { durationOf, renderSyncPage } from '#shared/report-page/sync-page.ts';
import { CHECKOUT } from '#test/support/checkouts.ts';

const HOSTILE = '</script><img src=x onerror="fetch(`https://evil.example`)">';
const REPORT: Report = {
  ...{ workflow: 'sync', rule: 'databases', run: 'databases.1', status: 'PARTIAL' },
  startedAt: '2026-01-02T03:55:48Z',
  finishedAt: '2026-01-02T04:00:00Z',
  items: 1204,
  outcomes: { ...zeroOutcomes(), delivered: 1200, parked: 3, failed: 1 },
  stores: [],
  orphans: { found: 2, retired: 1, gone: 0, failed: 0 },
  notes: ['The vault did not list everything.'],
  remarks: [
    { item: 'db-01/parked', stores: ['aws'], outcome: 'parked', message: 'Wait.' },
    { item: 'db-01/failed', stores: ['aws'], outcome: 'failed', message: 'Enable it for the API.' },
  ],
};

describe('the page of a rotation', () => {
  it('shows its outcomes, and what needs attention: syncs that have not delivered, then the most urgent items', () => {
    const page = renderRotationPage({
      ...{ workflow: 'rotate', rule: 'weekly', run: 'weekly.1', status: 'STOPPED', stopped: 'threshold' },
      startedAt: '2026-01-02T03:00:00Z',
      finishedAt: '2026-01-02T04:00:00Z',
      trigger: 'message',
      requestedBy: { id: 'INC1', sender: 'AROA1234567890EXAMPLE' },
      items: [
        { title: 'db-01/skipped', wave: 1, outcome: 'skipped', reason: 'The rotation stopped before its turn.' },
        { title: 'db-02/rotated', wave: 0, outcome: 'rotated' },
        { title: 'db-03/held', wave: 0, outcome: 'changed, test failed' },
      ],
      deliveries: [{ sync: 'databases', run: 'databases.rotated-1', status: 'PARTIAL', items: 1 }],
      oldCredential: {
        count: 3,
        targets: [{ item: HOSTILE, sync: 'databases', store: 'aws', name: 'prod/db-03/sa', reason: 'It failed.' }],
      },
      notes: [HOSTILE],
    });
    expect(page).toContain('<dt>Started by</dt><dd>the message INC1 of AROA1234567890EXAMPLE</dd>');
    expect(page).toContain('<dt>Started</dt><dd>2026-01-02T03:00:00Z</dd>');
    expect(page).toContain('<dt>Targets with an old credential</dt><dd>3</dd>');
    expect(page).toContain('<li>2 more targets may hold an old credential.');
    expect(page).toContain('<title>Rotation weekly: STOPPED</title>');
    expect(page).toContain('aria-label="1 rotated, 1 changed, test failed, 1 skipped"');
    const places = ['Sync databases', 'db-03/held', 'db-01/skipped', 'Secret prod/db-03/sa in aws'].map((text) =>
      page.indexOf(`<th scope="row">${text}`),
    );
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
    expect(page).not.toContain('<th scope="row">db-02/rotated');
    expect(page).not.toContain('<img');
  });
});

describe('the page of old checkouts', () => {
  it('shows each checkout with its user and its age, the most urgent first, and escapes all of it', () => {
    const since = '2026-01-01T00:00:00Z';
    const page = renderOldCheckoutsPage({
      ...{ rule: 'hygiene', run: 'hygiene.1', status: 'PARTIAL', finishedAt: '2026-01-02T04:00:00Z' },
      ...{ connection: 'pra', olderThanHours: 8 },
      checkouts: [
        { title: 'unknown', outcome: 'unknown', reason: 'Two accounts have this name.' },
        { title: 'younger', outcome: 'open', reason: 'The rule only reports.', since, hours: 9, holder: HOSTILE },
        { title: 'older', outcome: 'open', reason: 'The rule only reports.', since, hours: 1200, group: 'Staff' },
        {
          ...{ title: 'ended', outcome: 'forced', reason: 'The relay has ended it.', since, hours: 28 },
          rotation: { outcome: 'refused', reason: 'Keys cannot change.' },
        },
        { title: 'failed', outcome: 'failed', reason: 'It may not be ended.', since, hours: 30 },
      ],
    });
    const places = ['failed', 'ended', 'older', 'younger', 'unknown'].map((text) =>
      page.indexOf(`<th scope="row">${text}`),
    );
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
    expect(page).toContain('aria-label="1 forced, 1 failed, 2 open, 1 unknown"');
    expect(page).toContain(`Since ${since}, 1,200 h. Group Staff. The rule only reports.`);
    expect(page).toContain('The relay has ended it. Its rotation was refused. Keys cannot change.');
    expect(page).toContain('9 h, by &lt;/script&gt;');
    expect(page).not.toContain('<img');
  });
});

describe('the page of a sync', () => {
  it('shows a summary of the run, its outcomes, its time and its notes', () => {
    const page = renderSyncPage(REPORT, { vault: 3612, store: 2401 });
    expect(page).toContain('<title>Sync databases: PARTIAL</title>');
    expect(page).toContain('aria-label="1,200 delivered, 3 parked, 1 failed"');
    expect(page).toContain('<dd>4 min 12 s</dd>');
    expect(page).toContain('<dd>3,612 to the vault, 2,401 to the stores</dd>');
    expect(page).toContain('<li>The vault did not list everything.</li>');
  });

  it('lists failures before all other items that need attention, with their fixes', () => {
    const page = renderSyncPage(REPORT);
    expect(page.indexOf('db-01/failed')).toBeLessThan(page.indexOf('db-01/parked'));
    expect(page).toContain('<td>Enable it for the API.</td>');
  });

  it('has bars as wide as their share of all items', () => {
    const page = renderSyncPage({ ...REPORT, outcomes: { ...zeroOutcomes(), delivered: 3, failed: 1 } });
    expect(page).toContain('x="0.0" y="0" width="750.0"');
    expect(page).toContain('x="750.0" y="0" width="250.0"');
  });

  it('counts the items beyond the thousandth without listing them', () => {
    const remarks = Array.from({ length: 1002 }, (_, index) => ({
      ...{ item: `a${index}`, stores: ['aws'], outcome: 'failed' as const, message: 'Look.' },
    }));
    expect(renderSyncPage({ ...REPORT, remarks })).toContain('2 more items need attention');
  });
});

describe('the page of a checkout', () => {
  it('shows the request and its sender, and omits unknown fields', () => {
    const page = renderCheckoutPage({
      ...{ ...CHECKOUT, status: 'completed', finishedAt: '2026-01-02T04:00:00Z', items: ['db-01/sa'] },
      stores: ['aws', 'dr'],
      ...{ id: 'CHG7', reason: 'Replace a disk', notes: [] },
    });
    expect(page).toContain('<dt>Id</dt><dd>CHG7</dd>');
    expect(page).toContain('<dd>db-01/sa</dd>');
    expect(page).toContain('<dt>Stores</dt><dd>aws, dr</dd>');
    expect(page).not.toContain('Ticket');
  });
});

describe('a page', () => {
  it.each([HOSTILE, '"><svg onload=x>', "' onclick='x", '\u202Eevil', 'a\u0000b'])('escapes %j everywhere', (text) => {
    const page = renderReportPage({
      ...{ title: text, status: text, facts: [[text, text]], notes: [text] },
      shares: [{ label: text, count: 1, tone: 'good' }],
      concerns: [{ item: text, outcome: text, message: text }],
    });
    expect(page).not.toContain(text);
    expect(page).not.toMatch(/<(img|script)|<svg o/);
  });

  it('contains no markup from any text', () => {
    const tags = (page: string) => page.replaceAll(/[^<>]/g, '');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const pageOf = (item: string) => renderSyncPage({ ...REPORT, notes: [item], remarks: [] });
        expect(tags(pageOf(text))).toBe(tags(pageOf('plain')));
      }),
    );
  });

  it('allows only its own style sheet', () => {
    const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(renderSyncPage(REPORT)) ?? [];
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]+=*'; base-uri 'none'; form-action 'none'$/);
    expect(renderSyncPage(REPORT)).not.toMatch(/https?:|<script|style="/);
  });
});

describe('a duration', () => {
  it.each([
    ['00:00:00', '0 s'],
    ['00:00:42', '42 s'],
    ['00:04:12', '4 min 12 s'],
    ['02:00:05', '2 h 5 s'],
    ['02:10:05', '2 h 10 min'],
  ])('from midnight to %s is %s', (end, shown) => {
    expect(durationOf('2026-01-02T00:00:00Z', `2026-01-02T${end}Z`)).toBe(shown);
  });
});
