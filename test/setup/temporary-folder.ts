import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives all tests of a run a temporary folder, and removes what they left in it. */
export const setup = (): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'pam-relay-tests-'));
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
};
