import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeRunDirectory } from '#local/run-directory.ts';

const DAY_MS = 24 * 3_600_000;
/** Larger than any process id of Linux. */
const NO_PROCESS = 2 ** 22 + 1;

it('the folder of a run is removed a week after its end, and never while its process runs', () => {
  const runs = mkdtempSync(join(tmpdir(), 'pam-relay-runs-'));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  const names = [`run-${NO_PROCESS}-ended`, 'run-Ab12Cd', `run-${process.pid}-active`, 'other'];
  for (const name of names) {
    mkdirSync(join(runs, name));
    writeFileSync(join(runs, name, 'report.json'), '{}');
  }
  const left = () => names.filter((name) => existsSync(join(runs, name)));

  const made = makeRunDirectory(runs, Date.now() + 6 * DAY_MS);
  expect(basename(made)).toMatch(new RegExp(`^run-${process.pid}-`));
  expect(left()).toEqual(names);
  makeRunDirectory(runs, Date.now() + 8 * DAY_MS);
  expect(left()).toEqual(names.slice(2));
  expect(existsSync(made)).toBe(true);
});
