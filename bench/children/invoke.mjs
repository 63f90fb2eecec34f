/**
 * A new process that imports a bundle, invokes its handler once, and reports the CPU time and the time since its start.
 * Plain JavaScript, because stripping types would distort the measurement.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, event] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(join(folder, 'index.mjs')).href);
const result = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 600_000 });
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, durationMs: performance.now(), result }));
