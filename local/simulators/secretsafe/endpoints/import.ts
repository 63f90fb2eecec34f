import * as z from 'zod';
import { parseJson } from '../../common/calls.ts';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { email, readFields } from '../fields.ts';
import { importDirectory } from '../import.ts';
import { IMPORT } from '../import-body.ts';
import { importIntoOnly } from '../import-only.ts';
import { empty, failure, importOnlyError, invalid } from '../replies.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';

/** The server reads these without a check. */
const LISTS = z.object({
  groups: z.array(z.looseObject({ memberExternalIds: z.array(z.unknown()) })),
  members: z.array(z.unknown()),
});

const perform = (site: Site, call: Call): Reply => {
  const parsed = parseJson(call.body);
  if (site.switches.era === 'import-only') {
    const members = z.object({ members: z.array(z.object({ email, deleted: z.boolean() })) });
    if (!members.safeParse(parsed).success || !IMPORT.safeParse(parsed).success) {
      throw importOnlyError(422, 'The request is invalid.');
    }
    importIntoOnly(site, readFields(call, IMPORT));
    return empty(200);
  }
  if (typeof parsed === 'object' && parsed !== null && !LISTS.safeParse(parsed).success) throw failure();
  const request = readFields(call, IMPORT);
  const index = request.members.findIndex((one) => !one.deleted && !email.safeParse(one.email).success);
  if (index >= 0) throw invalid({ [`Members[${index}].Email`]: ['The Email field is required.'] });
  importDirectory(site, request);
  return empty(200);
};

/** Directory import. It is not transactional: what was done before a refusal stays. */
export const importEndpoints: readonly ApiEndpoint[] = [
  {
    method: 'POST',
    template: `${PUBLIC}/organization/import`,
    kind: 'import',
    eras: ['today', 'older', 'import-only'],
    handle: perform,
  },
];
