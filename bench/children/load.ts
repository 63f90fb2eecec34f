/** A new process that loads a relay.yaml once and reports its duration, memory and number of problems. */
import { readFileSync } from 'node:fs';
import { loadConfig } from '#shared/config/load.ts';
import { RelayError } from '#shared/errors.ts';

const [file = ''] = process.argv.slice(2);

const countProblems = (): number => {
  try {
    loadConfig(file);
    return 0;
  } catch (error) {
    if (error instanceof RelayError) return error.message.split('\n').length;
    throw error;
  }
};

const startedAt = performance.now();
const problems = countProblems();
const durationMs = performance.now() - startedAt;
// Intentionally Linux only: the figure of getrusage includes the size of the parent process.
const [, residentKib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
console.log(JSON.stringify({ problems, durationMs, residentMb: (Number(residentKib) * 1024) / 1e6 }));
