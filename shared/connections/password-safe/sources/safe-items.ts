import * as z from 'zod';
import { SAFE_SECRET_TYPES, type SafeSecret } from '#shared/connections/password-safe/safe-secret.ts';
import { marksOf } from '#shared/connections/password-safe/sources/marks.ts';
import { parseHandle } from '#shared/connections/password-safe/sources/parse.ts';
import type { Item } from '#shared/domain/item.ts';

/** Secrets of Secrets Safe as items. */

const KIND = 'safe-secret';

const handleSchema = z.object({
  type: z.enum(SAFE_SECRET_TYPES),
  folderId: z.string(),
  /** Time of the last change of any kind, UTC ISO 8601. */
  modifiedAt: z.string().nullable(),
  /**
   * Bulk read of the item, together with everything in its folder that was modified after `since`, or with the whole
   * folder if null. Absent for an item that is read individually.
   */
  inBulk: z.object({ since: z.string().nullable() }).optional(),
});
export type SafeHandle = z.infer<typeof handleSchema>;

export const safeItem = (secret: SafeSecret): Item => ({
  ref: { kind: KIND, id: secret.secretId },
  title: `${secret.folderPath}/${secret.title}`,
  labels: {
    folderPath: secret.folderPath,
    title: secret.title,
    username: secret.username,
    type: secret.type,
    secretId: secret.secretId,
  },
  changedAt: secret.changedAt,
  ...marksOf([], secret),
  // The vault never changes a secret by itself.
  changing: false,
  ...(secret.type !== 'credential' && { verbatim: true }),
  handle: { type: secret.type, folderId: secret.folderId, modifiedAt: secret.modifiedAt ?? null },
});

export const isSafeItem = ({ ref }: Item): boolean => ref.kind === KIND;

/** Raises `ContractViolated` for an item of another source. */
export const safeHandleIn = (item: Item): SafeHandle => parseHandle(handleSchema, item, [KIND]);

/** Marks an item for a bulk read. */
export const inBulk = (item: Item, { type, folderId, modifiedAt }: SafeHandle, since: string | undefined): Item => ({
  ...item,
  handle: { type, folderId, modifiedAt, inBulk: { since: since ?? null } },
});
