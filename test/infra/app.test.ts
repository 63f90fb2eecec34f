import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'pam-relay-app-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const APP = resolve('infra/bin/app.ts');

const synth = (config: string, cwd = '.', env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [APP], {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, ...env, CDK_CONTEXT_JSON: JSON.stringify({ config }) },
  });

describe('cdk synth', () => {
  it('states the fix in one line if relay.yaml is missing', () => {
    const { status, stderr } = synth(join(folder, 'relay.yaml'));
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('Start from examples/minimal.yaml')]);
  });

  it('warns about ambiguous settings and about the own region of the stack in relay.yaml, and continues', () => {
    const path = join(folder, 'doubtful.yaml');
    const minimal = readFileSync('examples/minimal.yaml', 'utf8')
      .replace('systems: [db-*]', 'systems: ["db-0?"]')
      .replace('type: aws-secrets-manager', 'type: aws-secrets-manager\n    region: eu-west-1');
    writeFileSync(path, minimal);
    // The synthesis ends here, because there are no functions to bundle.
    const { status, stderr } = synth(path, folder, { CDK_DEFAULT_REGION: 'eu-west-1' });
    expect(stderr).toMatch(/^Warning: .*doubtful\.yaml:\d+:\d+ syncs\.\w+\.select\.systems\[0\]: contains "\?"/);
    expect(stderr).toContain(
      '\nWarning: A store of type aws-secrets-manager in relay.yaml: region eu-west-1 is the region of',
    );
    expect(stderr).toContain('Could not resolve "functions/');
    expect(status).toBe(1);
  });

  it('reports where relay.yaml is wrong, without a stack trace', () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(path, 'connections: {}\nstores: {}\nsyncs: {}\nsinks: {}\n');
    const { status, stderr } = synth(path);
    expect(status).toBe(1);
    expect(stderr).toContain(`${path}:4:`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
