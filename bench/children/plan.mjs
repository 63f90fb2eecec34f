/**
 * A new process that runs the bundle of `plan` once and reports its duration and memory. Plain JavaScript, because
 * stripping types would be included in the figures.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [bundle, sync] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(bundle).href);

const startedAt = performance.now();
const { batches } = await handler(
  { workflow: 'sync', rule: sync, run: `${sync}.bench`, order: { sync } },
  { getRemainingTimeInMillis: () => 900_000 },
);
const durationMs = performance.now() - startedAt;
// Intentionally Linux only: the figure of getrusage includes the size of the parent process.
const [, residentKib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
const residentMb = (Number(residentKib) * 1024) / 1e6;
console.log(JSON.stringify({ batches: batches.length, durationMs, residentMb }));
