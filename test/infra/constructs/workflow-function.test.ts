import { describe, expect, it } from 'vitest';
import { environment as authenticate } from '#functions/authenticate/contract.ts';
import { environment as checkin } from '#functions/checkin/contract.ts';
import { environment as intakeQueue } from '#functions/intake-queue/contract.ts';
import { environment as plan } from '#functions/plan/contract.ts';
import { environment as reap } from '#functions/reap/contract.ts';
import { environment as report } from '#functions/report/contract.ts';
import { environment as request } from '#functions/request/contract.ts';
import { environment as retire } from '#functions/retire/contract.ts';
import { environment as retrieve } from '#functions/retrieve/contract.ts';
import { environment as watch } from '#functions/watch/contract.ts';
import { STEP_SIZES, STEPS } from '#infra/steps.ts';
import { asText, FULL, loadExample, synthesise } from '../synthesis.ts';

const { template } = synthesise(loadExample(FULL));
const environments = {
  authenticate,
  plan,
  watch,
  request,
  retrieve,
  checkin,
  retire,
  report,
  reap,
  'intake-queue': intakeQueue,
};

const functionOf = (step: string) => {
  const [found] = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: `pam-relay-prod-${step}` } }),
  );
  return found?.['Properties'];
};

describe('every function', () => {
  it.each(STEPS)('%s is told exactly what its contract asks for, and how to sign its logs and metrics', (step) => {
    const variables = functionOf(step).Environment.Variables;
    const asked = Object.keys(environments[step].shape);
    expect(Object.keys(variables).toSorted()).toEqual([...asked, 'POWERTOOLS_SERVICE_NAME'].toSorted());
    expect(variables.POWERTOOLS_SERVICE_NAME).toBe('pam-relay-prod');
    expect(asText(variables.RELAY_ID)).toBe('pam-relay-prod.<AWS::AccountId>.<AWS::Region>');
  });

  it.each(STEPS)('%s runs on Node 24 and arm64, traced, in the size that its work needs', (step) => {
    expect(functionOf(step)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      Timeout: STEP_SIZES[step].timeoutSeconds,
      MemorySize: STEP_SIZES[step].memoryMb,
    });
  });

  it('has a role of its own, without any policy of AWS', () => {
    const roles = STEPS.map((step) => asText(functionOf(step).Role));
    expect(new Set(roles).size).toBe(STEPS.length);
    for (const role of Object.values(template.findResources('AWS::IAM::Role'))) {
      expect(role['Properties'].ManagedPolicyArns).toBeUndefined();
    }
  });

  it('writes to an encrypted log group that is kept for as long as relay.yaml says', () => {
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup'));
    expect(groups.length).toBeGreaterThan(STEPS.length);
    for (const { Properties } of groups) {
      expect(Properties).toMatchObject({ RetentionInDays: 90, KmsKeyId: expect.anything() });
    }
  });

  it('that signs in finds its way to the machine that the schedules start', () => {
    expect(asText(functionOf('plan').Environment.Variables.SYNC_MACHINE_ARN)).toBe(
      'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:pam-relay-prod-sync',
    );
  });
});
