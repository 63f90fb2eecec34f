import { type Holds, holdsSchema } from '#shared/domain/rotation/holds.ts';
import type { RecordPlace } from '#shared/records/records.ts';

/**
 * Holds on the items of a connection: one record, which rotations change and the plans of syncs read. It contains no
 * credential.
 *
 *     holds/<connection>.json
 */
export const holdsAt = (connection: string): RecordPlace<Holds> => ({
  key: `holds/${connection}.json`,
  schema: holdsSchema,
});
