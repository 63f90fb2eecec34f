import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Time for which the folder of an ended run is kept: its logs, histories and reports. */
const KEPT_MS = 7 * 24 * 3_600_000;

const isAlive = (pid: number): boolean => {
  try {
    // Signal 0 only checks.
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** A folder of an earlier version has no process id in its name. */
const isDead = (name: string): boolean => {
  const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
  return pid === undefined || !isAlive(Number(pid));
};

/**
 * Creates a folder for a run of this process, and removes the folders of runs that ended more than a week ago.
 *
 * @param now Epoch milliseconds.
 */
export const makeRunDirectory = (runs: string, now = Date.now()): string => {
  mkdirSync(runs, { recursive: true });
  for (const name of readdirSync(runs).filter((each) => each.startsWith('run-'))) {
    const path = join(runs, name);
    // Another process can remove it at the same time.
    const changedAtMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (now - changedAtMs > KEPT_MS && isDead(name)) rmSync(path, { recursive: true, force: true });
  }
  return mkdtempSync(join(runs, `run-${process.pid}-`));
};
