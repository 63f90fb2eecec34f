import { Duration } from 'aws-cdk-lib';
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { graphsOf } from '#infra/constructs/dashboard.ts';
import { everyMinutes, invocationOf } from '#infra/triggers/schedules.ts';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';
import { ageSteps, ageWorkflow } from '#shared/workflows/rotate.ts';

/** The maximum is in days, so a few looks a day are enough, and each costs the vault a whole list. */
const PERIOD = Duration.hours(6);

/** One look can be late or fail. */
const PERIODS = 2;

/** Adds the looks at the ages of credentials, with an alarm and a graph, for each rotation that has a maximum. */
export const addAge: AddWorkflow = (_stack, { config, functions, metrics }) => {
  if (!ageWorkflow.isUsed(config)) return {};
  const age = functions.of(ageSteps.age);
  const rules = Object.entries(config.rotations).flatMap(([rule, { maxAgeDays }]) =>
    maxAgeDays === undefined ? [] : [{ rule, maxAgeDays }],
  );
  return {
    schedules: rules.map(({ rule }) => ({
      id: `Age-${rule}`,
      name: `age.${rule}`,
      timing: everyMinutes(PERIOD.toMinutes()),
      description: `Looks at the ages of the credentials of ${rule}`,
      target: { ...invocationOf(age), input: { rotation: rule } },
    })),
    alarms: rules.flatMap(({ rule, maxAgeDays }) => [
      {
        kind: 'credential-old',
        says: 'A credential is older than maxAgeDays, or the ages cannot be read.',
        about: rule,
        metric: metrics.ofRotation(rule, 'OldestCredentialDays', PERIOD),
        threshold: maxAgeDays,
        periods: PERIODS,
        missing: TreatMissingData.BREACHING,
      },
      {
        kind: 'credential-undated',
        says: 'The age of a credential is not known, because the vault shows no usable date.',
        about: rule,
        metric: metrics.ofRotation(rule, 'CredentialsUndated', PERIOD),
        periods: PERIODS,
      },
    ]),
    graphs: [
      ...graphsOf(
        'Age of the oldest credential, days',
        rules.map(({ rule }) => metrics.ofRotation(rule, 'OldestCredentialDays', PERIOD).with({ label: rule })),
      ),
      ...graphsOf(
        'Credentials that are too old, or have no date',
        rules.flatMap(({ rule }) =>
          (['CredentialsOverdue', 'CredentialsUndated'] as const).map((name) =>
            metrics.ofRotation(rule, name, PERIOD).with({ label: `${rule}: ${name}` }),
          ),
        ),
      ),
    ],
  };
};
