/**
 * A new process that imports a bundle, invokes its handler once, and reports the CPU time and the time since its start,
 * and the memory.
 * Plain JavaScript, because stripping types would distort the measurement.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, event] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(join(folder, 'index.mjs')).href);
const result = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 600_000 });
const { user, system } = process.cpuUsage();
const durationMs = performance.now();
// Intentionally Linux only: the figure of getrusage includes the size of the parent process.
const [, residentKib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
const residentMb = (Number(residentKib) * 1024) / 1e6;
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, durationMs, residentMb, result }));
