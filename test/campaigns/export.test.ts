import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startExportDeaths } from '#test/support/export-deaths.ts';
import { exportsAll } from '#test/support/export-property.ts';

/** Deaths depend on it. */
const SEED = 1 + (Math.abs(fc.readConfigureGlobal().seed ?? 7) % 1_000_000);

/** Of the calls at which an execution dies, as a dead execution differs from a dead step in its end only. */
const STRIDE = 5;

const EVENTS = 1_000_000;
const MAX_MEGABYTES = 200;

/** A smaller heap than Lambda would allow: what it does not need, Node would only collect later. */
const MEMORY = ['--max-old-space-size=64', '--max-semi-space-size=2'];

describe('an export', () => {
  it('loses nothing and writes nothing twice, whatever call dies', async () => {
    await fc.assert(exportsAll, { numRuns: 1000 });
  }, 60_000);

  it('in the real functions of the stack loses nothing and writes nothing twice, whichever call its step or its execution dies at', async () => {
    const world = await startExportDeaths(SEED);
    try {
      await world.run();
      const calls = await world.run();
      for (let call = 0; call < calls; call++) await world.run(call, 'step');
      for (let call = SEED % STRIDE; call < calls; call += STRIDE) {
        await world.run(call, 'execution');
        await world.run();
      }
      const { added, addedLate, lines, reported } = await world.result();
      expect([lines.length, new Set(lines).size]).toEqual([added, added]);
      expect(reported.exported + reported.unreadable).toBe(added);
      // A cursor that had moved too far would leave events to the next look at these days.
      expect(reported.late).toBe(addedLate);
      process.stdout.write(`${calls} crash points: killed functions of an export\n`);
    } finally {
      await world.close();
    }
  });

  it('of a million events, a tenth of them in one hour, needs less than 200 MB, although it is killed again and again', async () => {
    const script = 'test/support/export-million.ts';
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...MEMORY,
      ...[script, String(EVENTS), '0.0003', String(SEED)],
    ]);
    process.stdout.write(`the export of a million events: ${stdout}\n`);
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({ exported: EVENTS, lost: 0, twice: 0 });
    expect(figures.deaths).toBeGreaterThan(0);
    expect(figures.megabytes).toBeLessThan(MAX_MEGABYTES);
  }, 120_000);
});
