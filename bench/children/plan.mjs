/**
 * A fresh process that runs the bundle of `plan` once and says how long that took and how large it got. Plain JavaScript,
 * because stripping types would be counted along.
 */
import { pathToFileURL } from 'node:url';

const [bundle, sync] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(bundle).href);

const startedAt = performance.now();
const { batches } = await handler(
  { run: `${sync}.bench`, order: { sync } },
  { getRemainingTimeInMillis: () => 900_000 },
);
const durationMs = performance.now() - startedAt;
// Linux counts it in KiB, and so does Node everywhere.
const residentMb = (process.resourceUsage().maxRSS * 1024) / 1e6;
console.log(JSON.stringify({ batches: batches.length, durationMs, residentMb }));
