import { type Checkable, checkableEntries } from '#shared/config/checkable.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import { minStaleHours } from '#shared/config/staleness.ts';

/** Checks of the rules for exports. Pure. */

/** Returns the problems of all rules for exports. */
export const checkExports = ({ connections, exports }: Checkable): Problem[] =>
  checkableEntries(exports).flatMap(([name, { connection, schedule, alarmAfterHours }]) => {
    const known = Object.keys(connections ?? {});
    const gap = minStaleHours(schedule);
    return [
      ...(known.length === 0 || known.includes(connection)
        ? []
        : [
            {
              path: ['exports', name, 'connection'],
              message: `there is no connection "${connection}"; ${suggest(connection, known)}`,
            },
          ]),
      ...(gap !== undefined && gap <= alarmAfterHours
        ? []
        : [
            {
              path: ['exports', name, 'schedule'],
              message: `can leave more than alarmAfterHours: ${alarmAfterHours} between two runs; ${gap === undefined ? 'run more often, such as rate(1 hour)' : `write alarmAfterHours: ${gap}, or run more often`}`,
            },
          ]),
    ];
  });
