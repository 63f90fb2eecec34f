import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFleet } from '#local/simulators/password-safe/fleet.ts';
import { installPython } from './support/install.ts';

const SCRIPT = resolve(import.meta.dirname, 'support/vendor_client.py');
const FLEET = { accounts: 12, seed: 3 };

/** Starts `npm run sandbox -- --json`, and reads the line that it prints. */
const startSandbox = async (): Promise<{ sandbox: ChildProcessByStdio<null, Readable, null>; line: string }> => {
  const options = ['--json', '--accounts', String(FLEET.accounts), '--seed', String(FLEET.seed)];
  const sandbox = spawn(process.execPath, ['local/sandbox.ts', ...options], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface(sandbox.stdout)) return { sandbox, line };
  throw new Error('The sandbox ended before it was ready.');
};

describe("the vendor's Python client", () => {
  let python: string;
  let started: Awaited<ReturnType<typeof startSandbox>>;
  beforeAll(async () => {
    python = await installPython('vendor-client');
    started = await startSandbox();
  });
  afterAll(async () => {
    const ended = once(started.sandbox, 'exit');
    started.sandbox.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it.each(['oauth', 'api-key'])('fetches credentials from the sandbox, signing in by %s', async (way) => {
    for (const { systemName, accountName, credential } of createFleet(FLEET).filter(({ kind }) => kind === 'plain')) {
      // An empty environment: the client would prefer the CAs and proxies of this machine to its arguments.
      const client = spawn(python, [SCRIPT, way, `${systemName}/${accountName}`], { env: {}, stdio: 'pipe' });
      client.stdin.end(started.line);
      const [printed, complaints] = await Promise.all([text(client.stdout), text(client.stderr)]);
      expect(complaints).toBe('');
      expect(JSON.parse(printed)).toEqual({ credential, leftOpen: 0 });
    }
  });
});
