/**
 * A new process that imports a bundle and reports the duration. Plain JavaScript, because stripping types would distort
 * the measurement.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2];
const load = (file) => import(pathToFileURL(join(folder, file)).href);

const startedAt = performance.now();
await load('index.mjs');
const importedAt = performance.now();
// Static imports are already loaded. The remaining chunks are those that the first call can import.
for (const chunk of readdirSync(folder).filter((file) => file.startsWith('chunk-'))) await load(chunk);
console.log(JSON.stringify({ importMs: importedAt - startedAt, lateMs: performance.now() - importedAt }));
