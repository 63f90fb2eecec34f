import { describe, expect, it } from 'vitest';
import { functionName } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import { asText, FULL, loadExample, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));

/** Expected variables of each function besides the relay's name, independent of the declarations. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  authenticate: ['RECORDS_BUCKET'],
  'sync-plan': ['RECORDS_BUCKET', 'SYNC_MACHINE_ARN'],
  'sync-request': ['RECORDS_BUCKET'],
  'sync-retrieve': ['RECORDS_BUCKET', 'STORE_KEY_ARN'],
  'sync-checkin': ['RECORDS_BUCKET'],
  'sync-report': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET'],
  'checkout-plan': ['RECORDS_BUCKET'],
  'checkout-watch': ['COMMENTS_QUEUE_URL', 'RECORDS_BUCKET'],
  'checkout-request': ['RECORDS_BUCKET'],
  'checkout-retrieve': ['RECORDS_BUCKET', 'STORE_KEY_ARN'],
  'checkout-checkin': ['RECORDS_BUCKET'],
  'checkout-retire': ['RECORDS_BUCKET'],
  'checkout-report': ['ALERT_TOPIC_ARN', 'COMMENTS_QUEUE_URL', 'RECORDS_BUCKET', 'ROTATE_MACHINE_ARN'],
  'intake-queue': [
    'CHECKOUT_MACHINE_ARN',
    'DIRECTORY_MACHINE_ARN',
    'PROVISION_MACHINE_ARN',
    'RECORDS_BUCKET',
    'REFUSED_QUEUE_URL',
    'RELEASE_MACHINE_ARN',
    'ROTATE_MACHINE_ARN',
    'SYNC_MACHINE_ARN',
  ],
  'intake-machines': ['PROVISION_MACHINE_ARN', 'RECORDS_BUCKET', 'REFUSED_MACHINES_URL'],
  'intake-webhook': ['TICKETS_QUEUE_URL'],
  'intake-tickets': [
    'CHECKOUT_MACHINE_ARN',
    'COMMENTS_QUEUE_URL',
    'RECORDS_BUCKET',
    'REFUSED_TICKETS_URL',
    'RELEASE_MACHINE_ARN',
  ],
  'intake-wake': ['RECORDS_BUCKET', 'TICKETS_QUEUE_URL'],
  'intake-comments': ['RECORDS_BUCKET', 'REFUSED_COMMENTS_URL'],
  'intake-look': ['RECORDS_BUCKET', 'TICKETS_QUEUE_URL'],
  'rotate-plan': ['RECORDS_BUCKET', 'ROTATE_MACHINE_ARN'],
  'rotate-advance': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET'],
  'rotate-deliver': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET', 'SYNC_MACHINE_ARN'],
  'rotate-age': ['RECORDS_BUCKET'],
  'rotate-report': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET', 'ROTATE_MACHINE_ARN'],
  'provision-plan': ['PROVISION_MACHINE_ARN', 'RECORDS_BUCKET'],
  'provision-apply': ['RECORDS_BUCKET'],
  'provision-report': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET'],
  'provision-drift': ['ALERT_TOPIC_ARN', 'PROVISION_MACHINE_ARN', 'RECORDS_BUCKET'],
  'provision-sweep': ['PROVISION_MACHINE_ARN', 'RECORDS_BUCKET'],
  'export-sweep': ['RECORDS_BUCKET'],
  'export-report': ['RECORDS_BUCKET'],
  'directory-plan': ['DIRECTORY_MACHINE_ARN', 'RECORDS_BUCKET'],
  'directory-apply': ['RECORDS_BUCKET'],
  'directory-heed': ['DIRECTORY_MACHINE_ARN', 'RECORDS_BUCKET'],
  'directory-report': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET'],
  'upkeep-old-checkouts': ['ALERT_TOPIC_ARN', 'RECORDS_BUCKET'],
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

  it.each(NAMES)('%s has exactly the variables that it needs, and the names for its logs and metrics', (name) => {
    const variables = functionOf(name).Environment.Variables;
    expect(Object.keys(variables).toSorted()).toEqual(
      ['POWERTOOLS_SERVICE_NAME', 'RELAY_ID', ...(VARIABLES[name] ?? [])].toSorted(),
    );
    expect(variables.POWERTOOLS_SERVICE_NAME).toBe('pam-relay-prod');
    expect(asText(variables.RELAY_ID)).toBe('pam-relay-prod.<AWS::AccountId>.<AWS::Region>');
  });

  it('has the right value in each variable', () => {
    const variableOf = (name: string, variable: string) => asText(functionOf(name).Environment.Variables[variable]);
    const machine = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:pam-relay-prod';
    expect(variableOf('sync-plan', 'SYNC_MACHINE_ARN')).toBe(`${machine}-sync`);
    expect(variableOf('intake-queue', 'CHECKOUT_MACHINE_ARN')).toBe(`${machine}-checkout`);
    expect(variableOf('intake-queue', 'RELEASE_MACHINE_ARN')).toBe(`${machine}-release`);
    expect(variableOf('sync-plan', 'RECORDS_BUCKET')).toMatch(/^<RecordsBucket\w+>$/);
    expect(variableOf('sync-retrieve', 'STORE_KEY_ARN')).toMatch(/^<Key\w+\.Arn>$/);
    expect(variableOf('sync-report', 'ALERT_TOPIC_ARN')).toMatch(/^<AlertsTopic\w+>$/);
    expect(variableOf('intake-queue', 'REFUSED_QUEUE_URL')).toMatch(/^<IntakeRefused\w+>$/);
  });

  it('of a relay without checkouts has no variable for a machine of checkouts', () => {
    const syncsOnly = synthesise({ ...loadExample(FULL), checkouts: {}, webhooks: {} }).template;
    const variablesOf = (name: string) => Object.keys(functionOf(name, syncsOnly).Environment.Variables);
    for (const name of ['intake-queue', 'upkeep-reap']) {
      expect(variablesOf(name)).toContain('SYNC_MACHINE_ARN');
      expect(variablesOf(name).filter((variable) => /CHECKOUT|RELEASE/.test(variable))).toEqual([]);
    }
  });

  it.each(ALL_STEPS.map((step) => [functionName(step), step] as const))(
    '%s runs on Node 24 and arm64, with tracing, in the size that its step declares',
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

  it('has its own role, without AWS managed policies', () => {
    const roles = NAMES.map((name) => asText(functionOf(name).Role));
    expect(new Set(roles).size).toBe(NAMES.length);
    for (const role of Object.values(template.findResources('AWS::IAM::Role'))) {
      expect(role['Properties'].ManagedPolicyArns).toBeUndefined();
    }
  });

  it('writes to an encrypted log group with the retention of relay.yaml', () => {
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup'));
    expect(groups.length).toBeGreaterThan(NAMES.length);
    for (const { Properties } of groups) {
      expect(Properties).toMatchObject({ RetentionInDays: 90, KmsKeyId: expect.anything() });
    }
  });
});
