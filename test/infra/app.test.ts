import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'pam-relay-app-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const synth = (config: string) =>
  spawnSync(process.execPath, ['infra/bin/app.ts'], {
    encoding: 'utf8',
    env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ config }) },
  });

describe('cdk synth', () => {
  it('says in one line what to do when there is no relay.yaml', () => {
    const { status, stderr } = synth(join(folder, 'relay.yaml'));
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('Start from examples/minimal.yaml')]);
  });

  it('says where relay.yaml is wrong, and shows no stack trace', () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(path, 'connections: {}\nstores: {}\nsyncs: {}\nsinks: {}\n');
    const { status, stderr } = synth(path);
    expect(status).toBe(1);
    expect(stderr).toContain(`${path}:4:`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
