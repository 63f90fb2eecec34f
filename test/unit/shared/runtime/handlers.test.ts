import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundleFunctions } from '#infra/bundle.ts';
import { STEPS } from '#infra/steps.ts';
import { aConfig } from '#test/support/configs.ts';

const ENVIRONMENT = {
  RELAY_ID: 'pam-relay.000000000000.eu-central-1',
  RECORDS_BUCKET: 'records',
  SYNC_MACHINE_ARN: 'arn:aws:states:eu-central-1:000000000000:stateMachine:pam-relay-sync',
  CHECKOUT_MACHINE_ARN: 'arn:aws:states:eu-central-1:000000000000:stateMachine:pam-relay-checkout',
  RELEASE_MACHINE_ARN: 'arn:aws:states:eu-central-1:000000000000:stateMachine:pam-relay-release',
  REFUSED_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/000000000000/pam-relay-intake-refused',
  STORE_KMS_KEY_ARN: 'arn:aws:kms:eu-central-1:000000000000:key/1',
  ALERT_TOPIC_ARN: 'arn:aws:sns:eu-central-1:000000000000:alerts',
  AWS_REGION: 'eu-central-1',
};

describe('each bundled function', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pam-relay-handlers-'));
    await bundleFunctions({ config: aConfig(), source: 'functions', outDir: directory });
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
