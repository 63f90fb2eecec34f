import * as z from 'zod';
import { requiredTextOf, textOf } from './fields.ts';

/** Programs send numbers. */
const externalId = z.union([z.number().transform(String), requiredTextOf(300)]);

export const IMPORT = z.object({
  groups: z.array(z.object({ name: requiredTextOf(100), externalId, memberExternalIds: z.array(z.coerce.string()) })),
  members: z.array(z.object({ email: textOf(256).optional(), externalId, deleted: z.boolean().default(false) })),
  overwriteExisting: z.boolean(),
  largeImport: z.boolean().default(false),
  inviteUsersAfterProvisioning: z.boolean().default(true),
});

export type DirectoryImport = z.infer<typeof IMPORT>;
