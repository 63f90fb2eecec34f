import { describe, expect, it } from 'vitest';
import { functionName } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import { asText, FULL, loadExample, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));

/** What each function is told beside the relay's own name, written down beside the declarations and not taken from them. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  authenticate: [],
  'sync-plan': ['RECORDS_BUCKET', 'SYNC_MACHINE_ARN'],
  'sync-request': ['RECORDS_BUCKET'],
  'sync-retrieve': ['RECORDS_BUCKET', 'STORE_KEY_ARN'],
  'sync-checkin': ['RECORDS_BUCKET'],
  'sync-report': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET'],
  'checkout-plan': ['RECORDS_BUCKET'],
  'checkout-watch': ['RECORDS_BUCKET'],
  'checkout-request': ['RECORDS_BUCKET'],
  'checkout-retrieve': ['RECORDS_BUCKET', 'STORE_KEY_ARN'],
  'checkout-checkin': ['RECORDS_BUCKET'],
  'checkout-retire': ['RECORDS_BUCKET'],
  'checkout-report': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET'],
  'intake-queue': [
    'CHECKOUT_MACHINE_ARN',
    'RECORDS_BUCKET',
    'REFUSED_QUEUE_URL',
    'RELEASE_MACHINE_ARN',
    'SYNC_MACHINE_ARN',
  ],
  'upkeep-reap': ['CHECKOUT_MACHINE_ARN', 'RECORDS_BUCKET', 'RELEASE_MACHINE_ARN', 'SYNC_MACHINE_ARN'],
};
const NAMES = Object.keys(VARIABLES);

const functionOf = (name: string, of = template) => {
  const [found] = Object.values(
    of.findResources('AWS::Lambda::Function', { Properties: { FunctionName: `pam-relay-prod-${name}` } }),
  );
  return found?.['Properties'];
};

describe('every function', () => {
  it('is one of a declared step', () => {
    expect(NAMES.toSorted()).toEqual(ALL_STEPS.map(functionName).toSorted());
  });

  it.each(NAMES)('%s is told exactly what it was granted, and how to sign its logs and metrics', (name) => {
    const variables = functionOf(name).Environment.Variables;
    expect(Object.keys(variables).toSorted()).toEqual(
      ['POWERTOOLS_SERVICE_NAME', 'RELAY_ID', ...(VARIABLES[name] ?? [])].toSorted(),
    );
    expect(variables.POWERTOOLS_SERVICE_NAME).toBe('pam-relay-prod');
    expect(asText(variables.RELAY_ID)).toBe('pam-relay-prod.<AWS::AccountId>.<AWS::Region>');
  });

  it('finds under each variable what it is for', () => {
    const told = (name: string, variable: string) => asText(functionOf(name).Environment.Variables[variable]);
    const machine = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:pam-relay-prod';
    expect(told('sync-plan', 'SYNC_MACHINE_ARN')).toBe(`${machine}-sync`);
    expect(told('intake-queue', 'CHECKOUT_MACHINE_ARN')).toBe(`${machine}-checkout`);
    expect(told('intake-queue', 'RELEASE_MACHINE_ARN')).toBe(`${machine}-release`);
    expect(told('sync-plan', 'RECORDS_BUCKET')).toMatch(/^<RecordsBucket\w+>$/);
    expect(told('sync-retrieve', 'STORE_KEY_ARN')).toMatch(/^<Key\w+\.Arn>$/);
    expect(told('sync-report', 'ALERT_TOPIC_ARN')).toMatch(/^<AlertsTopic\w+>$/);
    expect(told('intake-queue', 'REFUSED_QUEUE_URL')).toMatch(/^<IntakeRefused\w+>$/);
  });

  it('of a relay that only takes messages for syncs is told of no machine of checkouts', () => {
    const syncsOnly = synthesise({ ...loadExample(FULL), checkouts: {} }).template;
    const toldTo = (name: string) => Object.keys(functionOf(name, syncsOnly).Environment.Variables);
    for (const name of ['intake-queue', 'upkeep-reap']) {
      expect(toldTo(name)).toContain('SYNC_MACHINE_ARN');
      expect(toldTo(name).filter((variable) => /CHECKOUT|RELEASE/.test(variable))).toEqual([]);
    }
  });

  it.each(ALL_STEPS.map((step) => [functionName(step), step] as const))(
    '%s runs on Node 24 and arm64, traced, in the size that its step declares',
    (name, { seconds, memoryMb }) => {
      expect(functionOf(name)).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        TracingConfig: { Mode: 'Active' },
        Timeout: seconds,
        MemorySize: memoryMb,
      });
    },
  );

  it('has a role of its own, without any policy of AWS', () => {
    const roles = NAMES.map((name) => asText(functionOf(name).Role));
    expect(new Set(roles).size).toBe(NAMES.length);
    for (const role of Object.values(template.findResources('AWS::IAM::Role'))) {
      expect(role['Properties'].ManagedPolicyArns).toBeUndefined();
    }
  });

  it('writes to an encrypted log group that is kept for as long as relay.yaml says', () => {
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup'));
    expect(groups.length).toBeGreaterThan(NAMES.length);
    for (const { Properties } of groups) {
      expect(Properties).toMatchObject({ RetentionInDays: 90, KmsKeyId: expect.anything() });
    }
  });
});
