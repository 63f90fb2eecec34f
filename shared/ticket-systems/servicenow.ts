import * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';
import { interpret } from '#shared/ticket-systems/answers.ts';
import type { TicketSystem, TicketSystemContext } from '#shared/ticket-systems/ticket-system.ts';

const recordSchema = z.record(z.string(), z.json());
const foundSchema = z.object({ result: z.array(recordSchema) });
const sysId = z.string().regex(/^[0-9a-f]{32}$/);

/** The instance renders text between these marks as HTML. */
const CODE_MARK = /\[(\/?)code\]/gi;

/**
 * ServiceNow, by its Table API. A record has the fields of the webhook, as values and not as display values. Source:
 * tickets-and-rotation.md 1.3, 2.1 and 4.
 */
export const createServiceNow = (
  { table }: { readonly table: string },
  { http, readCredentials }: TicketSystemContext,
): TicketSystem => {
  const path = `api/now/table/${table}`;
  const headers = async () => ({ accept: 'application/json', authorization: await readCredentials() });

  const find = async (number: string): Promise<z.infer<typeof recordSchema> | undefined> => {
    const { value } = await http.send({
      method: 'GET',
      path,
      query: {
        sysparm_query: `number=${number}`,
        sysparm_display_value: 'false',
        sysparm_exclude_reference_link: 'true',
        sysparm_limit: 2,
      },
      headers: await headers(),
      idempotent: true,
      interpret: interpret(),
      read: json(foundSchema),
    });
    const [record, another] = value.result;
    if (another === undefined) return record;
    throw new RelayError(
      'TicketSystemRefused',
      `The table ${table} has several tickets ${number}. Correct table in relay.yaml.`,
    );
  };

  return {
    read: find,
    async comment(number, text) {
      const { data } = sysId.safeParse((await find(number))?.['sys_id']);
      if (data === undefined) {
        throw new RelayError(
          'TicketSystemRefused',
          `The table ${table} shows no ticket ${number}. Check table in relay.yaml, and the rights of the user.`,
        );
      }
      await http.send({
        method: 'PATCH',
        path: `${path}/${data}`,
        query: { sysparm_fields: 'sys_id' },
        headers: await headers(),
        body: jsonBody({ work_notes: text.replaceAll(CODE_MARK, '($1code)') }),
        // A journal field appends.
        idempotent: false,
        interpret: interpret(),
        read: nothing,
      });
    },
  };
};
