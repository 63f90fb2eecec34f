import * as z from 'zod';
import { flag } from './calls.ts';
import { lenient, orZero, reference, text, whole } from './fields.ts';

const releaseMinutes = whole(1, 525_600);
const frequency = z.enum(['first', 'last', 'xdays']).optional();
const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:mm')
  .optional();
const yes = flag.optional();

/** The fields that systems and accounts share: the durations and the management of the password. */
export const managementShape = {
  Description: text(1024),
  PasswordRuleID: whole(0, 1_000_000),
  ReleaseDuration: releaseMinutes,
  MaxReleaseDuration: releaseMinutes,
  ISAReleaseDuration: releaseMinutes,
  AutoManagementFlag: yes,
  CheckPasswordFlag: yes,
  ChangePasswordAfterAnyReleaseFlag: yes,
  ResetPasswordOnMismatchFlag: yes,
  ChangeFrequencyType: frequency,
  ChangeFrequencyDays: orZero(999),
  ChangeTime: timeOfDay,
};

/** Body of a managed account, in any version: clients send later fields to earlier versions. */
export const accountBody = lenient({
  ...managementShape,
  AccountName: text(245),
  Password: text(1000),
  DomainName: text(50),
  UserPrincipalName: text(500),
  SAMAccountName: text(20),
  DistinguishedName: text(1000),
  PrivateKey: z.string().optional(),
  Passphrase: z.string().optional(),
  PasswordFallbackFlag: yes,
  LoginAccountFlag: yes,
  ApiEnabled: yes,
  ReleaseNotificationEmail: text(255),
  ChangeServicesFlag: yes,
  RestartServicesFlag: yes,
  ChangeTasksFlag: yes,
  MaxConcurrentRequests: whole(0, 999),
  DSSAutoManagementFlag: yes,
  NextChangeDate: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d/, 'must be YYYY-MM-DD')
    .optional(),
  UseOwnCredentials: yes,
  ChangeIISAppPoolFlag: yes,
  RestartIISAppPoolFlag: yes,
  WorkgroupID: reference,
  ChangeWindowsAutoLogonFlag: yes,
  ChangeComPlusFlag: yes,
  ChangeDComFlag: yes,
  ChangeSComFlag: yes,
  ObjectID: text(36),
});
export type AccountBody = z.infer<typeof accountBody>;

/** Settings by their names in the API. They hold no credential. */
export type AccountSettings = Omit<AccountBody, 'Password' | 'PrivateKey' | 'Passphrase'>;

export const settingsOf = ({ Password: _, PrivateKey: _key, Passphrase: _phrase, ...settings }: AccountBody) =>
  settings satisfies AccountSettings;

/** The first contradiction between the fields of a system or an account. Undefined if there is none. */
export const contradictionIn = (fields: {
  readonly ReleaseDuration?: number | null | undefined;
  readonly MaxReleaseDuration?: number | null | undefined;
  readonly ChangeFrequencyType?: string | undefined;
  readonly ChangeFrequencyDays?: number | null | undefined;
}): string | undefined => {
  if ((fields.ReleaseDuration ?? 120) > (fields.MaxReleaseDuration ?? 525_600)) {
    return 'ReleaseDuration exceeds MaxReleaseDuration.';
  }
  if (fields.ChangeFrequencyType === 'xdays' && (fields.ChangeFrequencyDays ?? 0) < 1) {
    return 'ChangeFrequencyDays is required for the ChangeFrequencyType xdays.';
  }
  return undefined;
};
