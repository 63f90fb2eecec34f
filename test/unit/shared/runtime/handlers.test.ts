import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { STEPS } from '#infra/steps.ts';
import { linkBundles } from '#local/bundles.ts';
import { aConfig } from '#test/support/configs.ts';
import { ENVIRONMENT } from '../../../../bench/environment.ts';

describe('each bundled function', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pam-relay-handlers-'));
    await linkBundles(directory, aConfig());
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const load = (step: string, times: string): Promise<unknown> =>
    import(/* @vite-ignore */ `${pathToFileURL(join(directory, step, 'index.mjs')).href}?${times}`);

  it.each(STEPS)('%s starts with its environment, and says which variable is missing without it', async (step) => {
    for (const name of Object.keys(ENVIRONMENT)) vi.stubEnv(name, undefined);
    await expect(load(step, 'without')).rejects.toThrow(/RELAY_ID.*Deploy the stack again/);
    for (const [name, value] of Object.entries(ENVIRONMENT)) vi.stubEnv(name, value);
    expect(await load(step, 'with')).toMatchObject({ handler: expect.any(Function) });
  });
});
