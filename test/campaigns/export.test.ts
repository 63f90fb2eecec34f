import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportsAll } from '#test/support/export-property.ts';

const EVENTS = 1_000_000;
const MAX_MEGABYTES = 200;

/** A smaller heap than Lambda would allow: what it does not need, Node would only collect later. */
const MEMORY = ['--max-old-space-size=64', '--max-semi-space-size=2'];

describe('an export', () => {
  it('loses nothing and writes nothing twice, whatever call dies', async () => {
    await fc.assert(exportsAll, { numRuns: 1000 });
  }, 60_000);

  it('of a million events, a tenth of them in one hour, needs less than 200 MB, although it is killed again and again', async () => {
    const script = 'test/support/export-million.ts';
    const seed = 1 + (Math.abs(fc.readConfigureGlobal().seed ?? 7) % 1_000_000);
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...MEMORY,
      ...[script, String(EVENTS), '0.0003', String(seed)],
    ]);
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ lost: 0, twice: 0 });
    expect(figures.deaths).toBeGreaterThan(0);
    expect(figures.megabytes).toBeLessThan(MAX_MEGABYTES);
  }, 120_000);
});
