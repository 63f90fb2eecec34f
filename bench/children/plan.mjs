/**
 * A fresh process that runs the bundle of `plan` once and says how long that took and how large it got. Plain JavaScript,
 * because stripping types would be counted along.
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
// Linux only, on purpose: what getrusage says begins with the size of the process that started this one.
const [, residentKib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
const residentMb = (Number(residentKib) * 1024) / 1e6;
console.log(JSON.stringify({ batches: batches.length, durationMs, residentMb }));
