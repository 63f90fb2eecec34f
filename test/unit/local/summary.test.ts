import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RunFigures } from '#local/figures.ts';
import { summarise } from '#local/summary.ts';
import { zeroOutcomes } from '#shared/domain/outcome.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import { isPlainText } from '#shared/domain/text.ts';

const figuresWith = (remarks: Remark[]): RunFigures => ({
  accounts: 1,
  delivered: 0,
  unchanged: 0,
  failed: 1,
  skipped: 0,
  stores: [{ store: 'aws', delivered: 0, unchanged: 0, failed: 1 }],
  vaultCalls: {
    total: 0,
    token: 0,
    signIn: 0,
    signOut: 0,
    list: 0,
    request: 0,
    credential: 0,
    checkin: 0,
    other: 0,
  },
  storeCalls: { total: 0 },
  throttledCalls: 0,
  transitions: 0,
  durationMs: 0,
  report: {
    workflow: 'sync',
    rule: 'databases',
    run: 'databases.1',
    status: 'PARTIAL',
    finishedAt: '2026-01-02T04:00:00Z',
    items: 1,
    outcomes: zeroOutcomes(),
    stores: [{ store: 'aws', outcomes: zeroOutcomes() }],
    orphans: { found: 0, retired: 0, gone: 0, failed: 0 },
    notes: [],
    remarks,
    skipped: ['4 selected accounts were skipped.'],
  },
});

describe('the summary of a local run', () => {
  it('escapes names, so that they can neither leave their line nor control the terminal', () => {
    const name = 'db-01/sa\n✓ all is well\x1b[2J\u202e';
    const remarks: Remark[] = [
      { item: name, stores: ['aws'], outcome: 'failed', error: 'NotFound', message: `No ${name}.` },
    ];
    const figures = figuresWith(remarks);
    const text = summarise({
      runs: [figures, figures],
      openRequests: 0,
      openSessions: 0,
      canaryHits: 0,
      provisioning: undefined,
      tickets: undefined,
      rotations: { requested: 3, rotated: 2, failed: 1, stopped: 0 },
      directory: undefined,
      notRotated: [`${name}: changed, test failed`],
      broken: [`The store does not hold ${name}.`],
      pages: ['/tmp/run/run-1.html', '/tmp/run/run-2.html'],
      runDirectory: '/tmp/run',
    });
    const lines = stripVTControlCharacters(text).split('\n');
    const shown = 'db-01/sa\\u{A}✓ all is well\\u{1B}[2J\\u{202E}';
    expect(lines).toEqual(
      expect.arrayContaining([
        `  ${shown} (failed)`,
        `    No ${shown}.`,
        '  4 selected accounts were skipped.',
        `Broken: The store does not hold ${shown}.`,
        '  requested         3',
        `  ${shown}: changed, test failed`,
      ]),
    );
    expect(lines.filter((line) => !isPlainText(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('✓ all'))).toEqual([]);
  });
});
