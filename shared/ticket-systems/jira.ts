import * as z from 'zod';
import { parseInstant } from '#shared/domain/instant.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { jsonBody } from '#shared/http/request.ts';
import { interpret } from '#shared/ticket-systems/answers.ts';
import type { TicketSystem, TicketSystemContext } from '#shared/ticket-systems/ticket-system.ts';

const updatedSchema = z.object({ fields: z.object({ updated: z.string() }) });

/** An issue, as the body of a webhook about its last change. */
const bodySchema = z.json().transform((issue, context) => {
  const { data } = updatedSchema.safeParse(issue);
  const timestamp = data && parseInstant(data.fields.updated, undefined);
  if (timestamp !== undefined) return { timestamp, issue };
  context.addIssue({ code: 'custom', message: 'has no date of its last change' });
  return z.NEVER;
});

/**
 * Jira Cloud and Data Center. Its webhooks hold the issue as the API returns it, and the time of its last change.
 * Source: tickets-and-rotation.md 1.2, 2.2 and 4.
 */
export const createJira = (
  { serviceProject }: { readonly serviceProject: boolean },
  { http, readCredentials }: TicketSystemContext,
): TicketSystem => {
  const headers = async () => ({ accept: 'application/json', authorization: await readCredentials() });
  return {
    async read(number) {
      const { value } = await http.send({
        method: 'GET',
        path: `rest/api/2/issue/${encodeURIComponent(number)}`,
        headers: await headers(),
        idempotent: true,
        interpret: interpret({ absent: true }),
        read: (answer, call) => (answer.status === 404 ? undefined : json(bodySchema)(answer, call)),
      });
      return value;
    },
    async comment(number, text) {
      const key = encodeURIComponent(number);
      await http.send({
        method: 'POST',
        // The platform's call would make the comment visible to the customers of a service project.
        path: serviceProject ? `rest/servicedeskapi/request/${key}/comment` : `rest/api/2/issue/${key}/comment`,
        headers: await headers(),
        body: jsonBody(serviceProject ? { body: text, public: false } : { body: text }),
        idempotent: false,
        interpret: interpret(),
        read: nothing,
      });
    },
  };
};
