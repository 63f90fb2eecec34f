#!/usr/bin/env node
// Starts the command with the Node of this project, whatever Node the shell has: the sources are TypeScript.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

if (process.features.typescript) {
  await import('./main.ts');
} else {
  const node = fileURLToPath(import.meta.resolve('node/bin/node'));
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The shell sends Ctrl-C to both; the command decides when to end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', () => {
    process.stderr.write('pam-relay: the Node of this project is missing. Run `npm ci` in its folder.\n');
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
