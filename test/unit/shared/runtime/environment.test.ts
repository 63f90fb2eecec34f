import { describe, expect, it } from 'vitest';
import { readEnvironment } from '#shared/runtime/environment.ts';
import { type Grant, variableOf } from '#shared/workflows/grants.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import { aCheckoutConfig, aConfig } from '#test/support/configs.ts';
import { ENVIRONMENT } from '../../../../bench/environment.ts';

const stepWith = (...grants: Grant[]) => ({ folder: 'sync/something', grants: () => grants });
const RECORDS: Grant = { to: 'records', may: 'read', folder: 'runs' };
const MACHINE: Grant = { to: 'runs', may: 'start', of: 'release' };
const ALL = { RELAY_ID: 'relay', RECORDS_BUCKET: 'bucket', RELEASE_MACHINE_ARN: 'arn', ALERT_TOPIC_ARN: 'topic' };

describe('the environment of a function', () => {
  it('contains the variables of its grants, and the identity of the relay', () => {
    const env = readEnvironment(stepWith(RECORDS, MACHINE), aConfig(), ALL);
    expect(env.relayId).toBe('relay');
    expect(env.get('RECORDS_BUCKET')).toBe('bucket');
    expect(env.get('RELEASE_MACHINE_ARN')).toBe('arn');
  });

  it.each<[Grant, string | undefined]>([
    [{ to: 'sign-in' }, 'RECORDS_BUCKET'],
    [RECORDS, 'RECORDS_BUCKET'],
    [{ to: 'records', may: 'list' }, 'RECORDS_BUCKET'],
    [{ to: 'stores', may: 'deliver', of: 'syncs' }, 'STORE_KEY_ARN'],
    [{ to: 'stores', may: 'inspect', of: 'syncs' }, undefined],
    [{ to: 'stores', may: 'retire', of: 'checkouts' }, undefined],
    [{ to: 'runs', may: 'list', of: 'sync' }, 'SYNC_MACHINE_ARN'],
    [{ to: 'runs', may: 'describe', of: 'checkout' }, 'CHECKOUT_MACHINE_ARN'],
    [MACHINE, 'RELEASE_MACHINE_ARN'],
    [{ to: 'alerts', may: 'publish' }, 'ALERT_TOPIC_ARN'],
    [{ to: 'messages', may: 'handle' }, 'REFUSED_QUEUE_URL'],
  ])('has for %j the variable %s', (grant, variable) => {
    expect(variableOf(grant)).toBe(variable);
  });

  it('names every variable that is missing or empty, and no other', () => {
    const read = (variables: NodeJS.ProcessEnv) => () =>
      readEnvironment(stepWith(RECORDS, MACHINE), aConfig(), variables);
    const error = { name: 'ConfigurationInvalid' };
    expect(read({})).toThrow(
      expect.objectContaining({
        ...error,
        message:
          'Environment variables are missing or wrong: RELAY_ID, RECORDS_BUCKET, RELEASE_MACHINE_ARN. Deploy the stack again.',
      }),
    );
    expect(read({ ...ALL, RECORDS_BUCKET: '' })).toThrow(/: RECORDS_BUCKET\. Deploy/);
  });

  it('refuses a variable without a grant, even if it is set', () => {
    const env = readEnvironment(stepWith(RECORDS), aConfig(), ALL);
    expect(() => env.get('ALERT_TOPIC_ARN')).toThrow(
      expect.objectContaining({
        name: 'ConfigurationInvalid',
        message: expect.stringMatching(/sync\/something has no grant for ALERT_TOPIC_ARN/),
      }),
    );
    expect(env.find('ALERT_TOPIC_ARN')).toBeUndefined();
    expect(env.find('RECORDS_BUCKET')).toBe('bucket');
  });

  it('contains only the identity of the relay if nothing else was granted', () => {
    expect(
      readEnvironment(stepWith({ to: 'stores', may: 'list', of: 'syncs' }), aConfig(), { RELAY_ID: 'relay' }).relayId,
    ).toBe('relay');
  });

  it('depends on the configuration if the grants do', () => {
    const reap = ALL_STEPS.find(({ folder }) => folder === 'upkeep/reap');
    if (reap === undefined) throw new Error('There is such a step.');
    const variable = 'RELEASE_MACHINE_ARN';
    expect(readEnvironment(reap, aCheckoutConfig(), ENVIRONMENT).find(variable)).toBe(ENVIRONMENT[variable]);
    expect(readEnvironment(reap, aConfig(), ENVIRONMENT).find(variable)).toBeUndefined();
  });
});
