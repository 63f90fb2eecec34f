import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { linkBundles } from '#local/bundles.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import {
  aDirectoryConfig,
  aMachineConfig,
  anExportConfig,
  anOldCheckoutsConfig,
  aRotationConfig,
  aTellingConfig,
} from '#test/support/configs.ts';
import { ENVIRONMENT } from '../../../../bench/environment.ts';

const moduleSchema = z.object({
  handler: z.custom<(event: unknown, context: object) => Promise<unknown>>((value) => typeof value === 'function'),
});

/** No step accepts it: the name of an execution has a dot. The log still names its run. */
const EVENT = { workflow: 'sync', rule: 'databases', run: 'without-a-dot', batch: 3 };

describe('each bundled function', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pam-relay-handlers-'));
    await linkBundles(directory, {
      ...aTellingConfig(),
      provisioning: aMachineConfig().provisioning,
      exports: anExportConfig().exports,
      rotations: aRotationConfig({ maxAgeDays: 90 }).rotations,
      directories: aDirectoryConfig().directories,
      oldCheckouts: anOldCheckoutsConfig({ forceCheckIn: { olderThanHours: 9, everything: true } }).oldCheckouts,
    });
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  const load = (step: Step, times: string): Promise<unknown> =>
    import(/* @vite-ignore */ `${pathToFileURL(join(directory, functionName(step), 'index.mjs')).href}?${times}`);
  const withEnvironment = (): void => {
    for (const [name, value] of Object.entries(ENVIRONMENT)) vi.stubEnv(name, value);
    // Otherwise the logger bypasses the global console.
    vi.stubEnv('POWERTOOLS_DEV', 'true');
  };

  it.each(ALL_STEPS)('$folder starts with its environment, and reports a missing variable without it', async (step) => {
    for (const name of Object.keys(ENVIRONMENT)) vi.stubEnv(name, undefined);
    await expect(load(step, 'without')).rejects.toThrow(/RELAY_ID.*Deploy the stack again/);
    withEnvironment();
    moduleSchema.parse(await load(step, 'with'));
  });

  it.each(ALL_STEPS.filter(({ input }) => !input.safeParse(EVENT).success))(
    '$folder accepts the input of its step, and logs the step and the run',
    async (step) => {
      withEnvironment();
      const lines: string[] = [];
      vi.spyOn(console, 'error').mockImplementation((line: unknown) => void lines.push(String(line)));
      const { handler } = moduleSchema.parse(await load(step, 'with'));
      await expect(handler(EVENT, { getRemainingTimeInMillis: () => 1000 })).rejects.toMatchObject({
        name: 'ContractViolated',
        message: expect.stringMatching(new RegExp(`^The input of ${step.folder} `)),
      });
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ ...EVENT, step: step.folder }]);
    },
  );
});
