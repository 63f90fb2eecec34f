import * as z from 'zod';
import { optionalFlag, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { label, minutes } from '#shared/connections/password-safe/resources/settings.ts';
import type { Fields } from '#shared/domain/blueprint/fields.ts';

/** Settings that managed systems and managed accounts share: durations, and the management of the password. */

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'use a time of day in UTC, such as 23:30');

export const managementSettings = {
  passwordRule: label(256).optional().describe('Name of the password rule. Default: that of the vault.'),
  releaseMinutes: minutes.optional().describe('Default length of a release.'),
  maxReleaseMinutes: minutes.optional().describe('Maximum length of a release.'),
  isaReleaseMinutes: minutes.optional().describe('Length of a release by the ISA role.'),
  autoManagement: z.boolean().optional().describe('True if the vault changes the password automatically.'),
  checkPassword: z.boolean().optional().describe('True if the vault tests the password regularly.'),
  changeAfterRelease: z.boolean().optional().describe('True if the vault changes the password after each release.'),
  resetOnMismatch: z.boolean().optional().describe('True if the vault resets a password that does not work.'),
  changeEvery: z
    .union([
      z.enum(['first', 'last']),
      z.strictObject({
        days: z
          .int()
          .min(1)
          .max(999)
          .meta({ examples: [30] })
          .describe('Number of days.'),
      }),
    ])
    .optional()
    .meta({ examples: [{ days: 30 }] })
    .describe('Automatic change: on the first or last day of the month, or every number of days.'),
  changeTime: time.optional().describe('Time of the automatic change, UTC.'),
};
const managementShape = z.object(managementSettings);
export type Management = z.infer<typeof managementShape>;

/** Fields of the rows of both. */
export const managementRow = {
  Description: text,
  PasswordRuleID: optionalInt,
  ReleaseDuration: optionalInt,
  MaxReleaseDuration: optionalInt,
  ISAReleaseDuration: optionalInt,
  AutoManagementFlag: optionalFlag,
  CheckPasswordFlag: optionalFlag,
  ChangePasswordAfterAnyReleaseFlag: optionalFlag,
  ResetPasswordOnMismatchFlag: optionalFlag,
  ChangeFrequencyType: text,
  ChangeFrequencyDays: optionalInt,
  ChangeTime: text,
};
const managementRowShape = z.object(managementRow);
type ManagementRow = z.infer<typeof managementRowShape>;

const frequencyOf = (changeEvery: NonNullable<Management['changeEvery']>): string =>
  typeof changeEvery === 'string' ? changeEvery : `every ${changeEvery.days} days`;

const given = (fields: Readonly<Record<string, string | number | boolean | undefined>>): Fields =>
  Object.fromEntries(Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));

/** Compared state that the settings ask for. Only what is set is compared. Pure. */
export const desiredManagement = (spec: Management, passwordRuleId: number | undefined): Fields =>
  given({
    passwordRule: passwordRuleId,
    releaseMinutes: spec.releaseMinutes,
    maxReleaseMinutes: spec.maxReleaseMinutes,
    isaReleaseMinutes: spec.isaReleaseMinutes,
    autoManagement: spec.autoManagement,
    checkPassword: spec.checkPassword,
    changeAfterRelease: spec.changeAfterRelease,
    resetOnMismatch: spec.resetOnMismatch,
    changeEvery: spec.changeEvery === undefined ? undefined : frequencyOf(spec.changeEvery),
    changeTime: spec.changeTime,
  });

/** The same of a row. Pure. */
export const foundManagement = (row: ManagementRow): Fields => ({
  passwordRule: row.PasswordRuleID ?? null,
  releaseMinutes: row.ReleaseDuration ?? null,
  maxReleaseMinutes: row.MaxReleaseDuration ?? null,
  isaReleaseMinutes: row.ISAReleaseDuration ?? null,
  autoManagement: row.AutoManagementFlag ?? false,
  checkPassword: row.CheckPasswordFlag ?? false,
  changeAfterRelease: row.ChangePasswordAfterAnyReleaseFlag ?? false,
  resetOnMismatch: row.ResetPasswordOnMismatchFlag ?? false,
  changeEvery:
    row.ChangeFrequencyType.toLowerCase() === 'xdays'
      ? `every ${row.ChangeFrequencyDays ?? 0} days`
      : row.ChangeFrequencyType.toLowerCase(),
  changeTime: row.ChangeTime,
});

/** Fields of a body. Undefined ones are not sent, so that the vault's defaults apply. Pure. */
export const managementBody = (spec: Management, passwordRuleId: number | undefined) => ({
  PasswordRuleID: passwordRuleId,
  ReleaseDuration: spec.releaseMinutes,
  MaxReleaseDuration: spec.maxReleaseMinutes,
  ISAReleaseDuration: spec.isaReleaseMinutes,
  AutoManagementFlag: spec.autoManagement,
  CheckPasswordFlag: spec.checkPassword,
  ChangePasswordAfterAnyReleaseFlag: spec.changeAfterRelease,
  ResetPasswordOnMismatchFlag: spec.resetOnMismatch,
  ...(spec.changeEvery !== undefined &&
    (typeof spec.changeEvery === 'string'
      ? { ChangeFrequencyType: spec.changeEvery }
      : { ChangeFrequencyType: 'xdays', ChangeFrequencyDays: spec.changeEvery.days })),
  ChangeTime: spec.changeTime,
});
