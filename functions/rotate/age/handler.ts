/**
 * Measures the ages of the credentials of a rotation. Started by a schedule, not by the workflow. Changes nothing.
 * Repeatable.
 */
import { defineHandler } from '#shared/runtime/define-handler.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createRelay } from '#shared/runtime/relay.ts';
import { ageSteps } from '#shared/workflows/rotate.ts';
import { createAge } from './age.ts';

/** Items of each kind in the log. */
const MAX_LOGGED = 50;

const relay = createRelay(ageSteps.age);

export const handler = defineHandler(
  ageSteps.age,
  createAge({
    ...relay,
    measure: (rotation, { oldestDays, overdue, undated }) =>
      emitMetrics(
        relay.config.relay,
        { rotation },
        {
          CredentialsOverdue: overdue,
          CredentialsUndated: undated,
          ...(oldestDays !== undefined && { OldestCredentialDays: oldestDays }),
        },
      ),
    onFound: (rotation, { overdue, undated, complete }) =>
      logger.warn('credentials too old or undated', {
        rotation,
        listComplete: complete,
        overdue: overdue.slice(0, MAX_LOGGED).map(({ title, ageDays }) => ({ title, days: Math.floor(ageDays) })),
        undated: undated.slice(0, MAX_LOGGED).map(({ title, date }) => ({ title, date })),
      }),
    now: Date.now,
  }),
);
