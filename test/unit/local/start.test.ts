import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { UsageError } from '#local/arguments.ts';
import { requirePorts } from '#local/ports.ts';
import { requireWritable } from '#local/writable.ts';

describe('a command that starts the product on this machine', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));

  it.each(['start', 'sandbox', 'examples'])('npm run %s says what to do on a Node without TypeScript', (name) => {
    const [, ...options] = (scripts[name] ?? '').split(' ');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-strip-types', ...options], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Node [\d.]+ \(.+\) can't run .+ npm ci && npm start\. .+\n$/);
  });

  it('says what to do where it cannot write', () => {
    expect(() => requireWritable('/dev/null/build')).toThrow(UsageError);
    expect(() => requireWritable('/dev/null/build')).toThrow(
      /^\/dev\/null\/build can't be written \(ENOTDIR\), .+ cp -r \/dev\/null ~\/pam-relay && cd ~\/pam-relay && npm start$/,
    );
  });
});

describe('--port of the sandbox', () => {
  const occupant = createServer();
  let port = 0;
  beforeAll(async () => {
    occupant.listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const address = occupant.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    port = address.port;
  });
  afterAll(() => occupant[Symbol.asyncDispose]());

  it.each([0, 1, 2, 3, 4])('is refused before anything is made if one of its five ports is in use', async (before) => {
    await expect(requirePorts(port - before)).rejects.toThrow(
      new RegExp(
        `^--port ${port - before} needs five ports, ${port - before} .+ and ${port - before + 4} for SecretSafe, but .*${port}.* ` +
          'npm run sandbox -- --port \\d+$',
      ),
    );
  });
});
