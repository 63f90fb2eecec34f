import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Measured } from '../figure.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Measures `npm start` after installation: the command itself, two runs and the search for leaks. */
export const measureStartTime = async (): Promise<Measured> => {
  const startedAt = performance.now();
  await promisify(execFile)('npm', ['start'], { cwd: ROOT });
  return {
    figures: [
      {
        name: 'npm start',
        value: (performance.now() - startedAt) / 1000,
        unit: 's',
        target: { atMost: 15 },
        kind: 'measure',
      },
    ],
    notes: ['One run with the defaults, from the command to its end.'],
  };
};
