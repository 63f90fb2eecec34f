import * as z from 'zod';

const flag = z.boolean().default(false);

/** Permissions of a custom member. What is not named is not granted. */
export const PERMISSIONS = z.object({
  accessEventLogs: flag,
  accessImportExport: flag,
  accessReports: flag,
  createNewCollections: flag,
  editAnyCollection: flag,
  deleteAnyCollection: flag,
  manageGroups: flag,
  managePolicies: flag,
  manageSso: flag,
  manageUsers: flag,
  manageResetPassword: flag,
  manageScim: flag,
  manageAccessRules: flag,
});

export type Permissions = Readonly<z.infer<typeof PERMISSIONS>>;

export const NO_PERMISSIONS: Permissions = PERMISSIONS.parse({});
